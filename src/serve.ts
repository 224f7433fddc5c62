/**
 * The service: the one place where the parts are put together.
 *
 * @module
 */
import type { Clock } from './clock.ts';
import type { Config } from './config/types.ts';
import { ok } from './failure.ts';
import { createTrustSwitch } from './dns/trust-switch.ts';
import type { Log, LogLevel } from './log/log.ts';
import { createMetrics } from './metrics/metrics.ts';
import { createHttpApi } from './policy-server/http-api.ts';
import { startHttpListener } from './policy-server/http-listener.ts';
import { countingResolver } from './policy-server/counting-resolver.ts';
import { countStsEvent } from './policy-server/count-sts-event.ts';
import { answererFrom, mapUse, startMapServer } from './policy-server/map-face.ts';
import { notReady } from './policy-server/readiness.ts';
import type { ConfigSource, ReloadReport } from './policy-server/reload.ts';
import { createReplaceableResolver } from './policy-server/replaceable-resolver.ts';
import { startSelfTesting, type SelfTesting } from './policy-server/self-testing.ts';
import { createSteering } from './policy-server/steering.ts';
import { startWatching } from './policy-server/watching.ts';
import { noteRemoval, readRemovalNote } from './relay/operations/removal-note.ts';
import { startRelay, type Relay } from './relay/relay.ts';
import { type Counting, startCounting } from './reporting/start-counting.ts';
import { type Reporting, startReporting } from './reporting/start-reporting.ts';
import { productVersion } from './version.ts';
import { openStore } from './store/open-store.ts';
import { createEngine } from './tls-policy/engine.ts';
import type { Engine } from './tls-policy/engine-types.ts';
import { createOverrideBook } from './tls-policy/override-book.ts';
import type { DecisionRecord } from './tls-policy/types.ts';
import { mailSender } from './mail-sender.ts';

/** A face of the service: where it listens and how it is used. */
export interface Listening {
  readonly face: string;
  readonly url: string;
  /** One line for a person. */
  readonly use: string;
}

/** A running service. */
export interface Service {
  readonly listening: readonly Listening[];
  readonly engine: Engine;
  /** Takes over the configuration as it is now; what is wrong with it changes nothing. */
  reload(): Promise<ReloadReport>;
  /** Takes no more questions, lets those under way end, closes the database. */
  close(): Promise<void>;
}

/** What the service stands on. */
export interface ServiceOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** Where a reload reads the configuration; absent: it cannot change. */
  readonly source?: ConfigSource;
  readonly setLogLevel?: (level: LogLevel) => void;
  /** A datagram socket for the sessions of Postfix that is open already: systemd's. */
  readonly datagramFd?: number;
}

/**
 * Starts the service. Rejects with a `StoreError` when the database cannot be opened, and with the
 * system's error (`EADDRINUSE`) when a port is taken.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, clock, log } = options;
  const metrics = createMetrics({ version: productVersion() });
  const store = await openStore(config.store.url, {
    log,
    clock,
    // Policies can be fetched again; accepted mail cannot.
    onDamage: config.relay.enabled ? 'refuse' : 'move-aside',
  });
  const resolver = createReplaceableResolver({ settings: config.dns, clock, log });
  const trust = createTrustSwitch(resolver);
  const counted = countingResolver(trust.resolver, metrics);
  const book = createOverrideBook({
    store,
    clock,
    log,
    onChange: (policyDomain) => engine.forget(policyDomain),
  });
  const engine = createEngine({
    config,
    clock,
    log,
    store,
    resolver: counted,
    overrides: book,
    onStsEvent: (event) => countStsEvent(event, metrics),
    onForget: (policyDomain) => answerer.forget(policyDomain),
  });
  // What was started last ends first, whether the service stops or its start breaks off.
  const parts = new AsyncDisposableStack();
  parts.defer(() => resolver.close());
  parts.defer(async () => await store.close());
  parts.defer(async () => await engine.close());
  parts.defer(async () => await book.close());
  const { policies } = engine;
  const watching = startWatching({ policies, resolver, metrics, clock, log });
  parts.defer(() => watching.stop());
  const testResolver = ({ dns }: Config): SelfTesting => {
    const { intervalMs, ...names } = dns.selfTest;
    const onTrustChange = (): void => engine.forget();
    return startSelfTesting({
      names,
      intervalMs,
      resolver,
      trust,
      onTrustChange,
      clock,
      log,
      metrics,
    });
  };
  let selfTest = testResolver(config);
  parts.defer(() => selfTest.stop());
  const listening: Listening[] = [];
  const steering = createSteering({
    config,
    source: options.source,
    engine,
    book,
    resolver,
    dnsChanged: (next) => {
      selfTest.stop();
      selfTest = testResolver(next);
    },
    forgetAnswers: (policyDomain) => answerer.forget(policyDomain),
    setLogLevel: options.setLogLevel,
    reloadFaces: async (next) => {
      const relayed = (await relay?.reload(next)) ?? ok(undefined);
      if (!relayed.ok) return relayed;
      const before = inForce;
      inForce = next;
      const reported = reporting?.reload() ?? ok(undefined);
      if (!reported.ok) {
        inForce = before;
        await relay?.reload(before);
      }
      return reported;
    },
    wakeQueue: config.relay.enabled ? (destinations) => relay?.wake(destinations) : undefined,
    noteRemoval: (value) => {
      const note = readRemovalNote(value);
      if (note !== undefined) noteRemoval(note, { log, metrics: metrics.relay });
      return note !== undefined;
    },
    status: () => ({
      version: productVersion(),
      listening: listening.map(({ url }) => url),
      ...(relay === undefined ? {} : { relay: relay.stats() }),
    }),
    log,
    metrics,
  });
  const map = {
    engine,
    config: () => steering.config,
    clock,
    log,
    metrics,
    policyFailures: (decision: DecisionRecord) => counting?.policyFailures(decision),
  };
  const answerer = answererFrom(map);
  let relay: Relay | undefined;
  let counting: Counting | undefined;
  let reporting: Reporting | undefined;
  let inForce = config;
  try {
    await book.refresh();
    const tally = await startCounting({
      settings: config.reporting.tally,
      store,
      clock,
      log,
      metrics: metrics.reporting,
      ...(options.datagramFd === undefined ? {} : { datagramFd: options.datagramFd }),
    });
    if (tally !== undefined) parts.defer(async () => await tally.close());
    counting = tally;
    const socketmap = await startMapServer(answerer, map);
    parts.defer(async () => await socketmap.close());
    const http = await startHttpListener({
      where: config.http.listen,
      clock,
      fetch: createHttpApi({
        engine,
        metrics,
        smtpPort: config.smtp.port,
        get firstContactMs() {
          return steering.config.mtaSts.firstContactMs;
        },
        clock,
        notReady: () =>
          notReady({
            policies: policies.stats(),
            selfTest: selfTest.latest,
            resolverAnswered: counted.answered,
          }),
      }).fetch,
    });
    parts.defer(async () => await http.close());
    listening.push(
      ...socketmap.addresses.map((address) => ({ face: 'socketmap', ...mapUse(address) })),
      httpFace(http.url),
    );
    if (config.relay.enabled) {
      const started = await startRelay({
        config,
        store,
        engine,
        clock,
        log,
        metrics,
        ...(tally === undefined ? {} : { onAttempt: tally.onAttempt }),
      });
      parts.defer(async () => await started.close());
      listening.push(...started.addresses.map(relayFace));
      relay = started;
    }
    const started = await startReporting({
      config: () => inForce,
      store,
      resolver: counted,
      ca: () => engine.ca,
      sendMail: mailSender(() => inForce, { engine, clock }),
      clock,
      log,
      metrics: metrics.reporting,
    });
    parts.defer(async () => await started.close());
    listening.push(...started.places);
    reporting = started;
    await steering.open();
    parts.defer(async () => await steering.close());
    book.start();
    engine.policies.start();
    return {
      engine,
      listening,
      reload: async () => await steering.reload(),
      close: async () => await parts.disposeAsync(),
    };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

function httpFace(url: string): Listening {
  return { face: 'HTTP API', url, use: `try: curl ${url}/v1/policy/example.com` };
}

function relayFace(address: string): Listening {
  return {
    face: 'relay',
    url: `smtp://${address}`,
    use: 'point the smart host of other systems here; smtp-sts queue shows what waits',
  };
}
