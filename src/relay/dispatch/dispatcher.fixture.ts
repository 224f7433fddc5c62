/**
 * A dispatcher over a queue in memory and servers without sockets.
 *
 * @module
 */
import type { Registry } from 'prom-client';
import { FakeClock, settle } from '../../clock.fixture.ts';
import type { RelaySettings } from '../../config/types.ts';
import { mapResolver, type MapResolver, type MapWorld } from '../../dns/map-resolver.fixture.ts';
import type { Outcome } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import { createMetrics } from '../../metrics/metrics.ts';
import type { SmtpConnectOptions, SmtpSession } from '../../smtp/types.ts';
import { createDecider } from '../../tls-policy/decider.ts';
import { KNOBS, NOW } from '../../tls-policy/evidence.fixture.ts';
import {
  fakeNetwork,
  type FakeNetwork,
  type FakeServer,
} from '../../tls-policy/network.fixture.ts';
import { fakePolicies, type FakePolicies } from '../../tls-policy/policies.fixture.ts';
import type { NoticeOptions } from '../bounce/types.ts';
import { GOOD, RECORDS } from '../deliver.fixture.ts';
import { createDispatcher } from './dispatcher.ts';
import { fakeQueue, type FakeQueue } from './queue.fixture.ts';
import type { DispatchConfig, Dispatcher, DispatcherOptions } from './types.ts';

/** What a test may set. */
export interface BenchOptions {
  readonly clock?: FakeClock;
  readonly relay?: Partial<RelaySettings>;
  readonly servers?: Readonly<Record<string, FakeServer>>;
  readonly world?: Partial<MapWorld>;
  readonly policies?: FakePolicies;
  readonly more?: Partial<DispatcherOptions>;
  /** Deliveries hang in their connection until `letGo`. */
  readonly hang?: boolean;
}

/** Everything at hand. */
export interface Bench {
  readonly clock: FakeClock;
  readonly queue: FakeQueue;
  readonly dispatcher: Dispatcher;
  readonly network: FakeNetwork;
  readonly policies: FakePolicies;
  readonly resolver: MapResolver;
  readonly servers: Record<string, FakeServer>;
  readonly notices: NoticeOptions[];
  readonly lines: { readonly level: string; readonly fields: Record<string, unknown> }[];
  readonly config: DispatchConfig;
  readonly registry: Registry;
  /** Connections that hang now. */
  readonly hanging: () => number;
  /** Lets so many of them go on, the oldest first. */
  readonly letGo: (count?: number) => Promise<void>;
  /** Stops, and lets as much time pass as that may take. */
  readonly stop: () => Promise<void>;
  readonly logged: (event: string) => readonly Record<string, unknown>[];
}

/** A day with quick tries would hide what is tested: the settings are those of the product. */
export const RELAY: RelaySettings = {
  enabled: true,
  listen: [],
  listenTls: [],
  certFile: undefined,
  keyFile: undefined,
  trustedNetworks: [],
  usersFile: undefined,
  maxMessageBytes: 50_000_000,
  minFreeOctets: 64 * 1_048_576,
  maxRecipients: 1000,
  maxConnections: 500,
  maxConnectionsPerClient: 100,
  maxMessagesPerMinute: 0,
  maxErrors: 10,
  maxHops: 50,
  idleTimeoutMs: 300_000,
  tlsRequiredNo: 'submission',
  concurrency: 200,
  concurrencyPerHop: 20,
  messagesPerMinutePerHop: 0,
  concurrencyPerHost: 100,
  messagesPerMinutePerHost: 0,
  sessionIdleMs: 5_000,
  messagesPerSession: 100,
  retryWaitsMs: [60_000, 300_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000],
  delayNoticeAfterMs: 4 * 3_600_000,
  giveUpAfterMs: 5 * 86_400_000,
  bounceGiveUpAfterMs: 86_400_000,
  routes: [],
  shadow: false,
  shutdownTimeoutMs: 20_000,
};

/** Sets one up; it is not started. */
export function bench(options: BenchOptions = {}): Bench {
  const clock = options.clock ?? new FakeClock(NOW);
  const queue = fakeQueue(clock);
  const resolver = mapResolver({ clock, records: RECORDS, ...options.world });
  const policies = options.policies ?? fakePolicies();
  const decider = createDecider({
    resolver,
    policies,
    clock,
    settings: { knobs: KNOBS, firstContactMs: 5000 },
    port: 25,
  });
  const servers = { ...(options.servers ?? { '2001:db8::1': GOOD, '192.0.2.3': GOOD }) };
  const network = fakeNetwork(servers);
  const gate = createGate(network, options.hang === true);
  const notices: NoticeOptions[] = [];
  const lines: { level: string; fields: Record<string, unknown> }[] = [];
  const config: DispatchConfig = {
    smtp: { port: 25, heloName: 'us.test', localAddress: undefined },
    tls: { caFile: undefined, opportunisticMinVersion: 'TLSv1.2' },
    mtaSts: { firstContactRelayMs: 15_000 },
    relay: { ...RELAY, ...options.relay },
  };
  const metrics = createMetrics();
  const dispatcher = createDispatcher({
    queue,
    engine: { ...decider, policies: policies as never, ca: undefined },
    config,
    clock,
    log: logInto(lines),
    metrics,
    notify(notice) {
      notices.push(notice);
      return { notifications: [], dropped: [] };
    },
    delivery: { connect: gate.connect, random: () => 0.5 },
    ...options.more,
  });
  return {
    clock,
    queue,
    dispatcher,
    network,
    policies,
    resolver,
    servers,
    notices,
    lines,
    config,
    registry: metrics.registry,
    hanging: gate.hanging,
    letGo: gate.letGo,
    async stop() {
      const stopped = dispatcher.stop();
      await clock.advance(config.relay.shutdownTimeoutMs + 10_000);
      await stopped;
    },
    logged: (event) => lines.flatMap(({ fields }) => (fields['event'] === event ? [fields] : [])),
  };
}

function logInto(lines: { level: string; fields: Record<string, unknown> }[]): Log {
  const at = (level: string) => (fields: object) => {
    lines.push({ level, fields: { ...fields } });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function createGate(
  network: FakeNetwork,
  hang: boolean,
): Pick<Bench, 'hanging' | 'letGo'> & {
  readonly connect: (options: SmtpConnectOptions) => Promise<Outcome<SmtpSession>>;
} {
  const waiting: (() => void)[] = [];
  return {
    hanging: () => waiting.length,
    async letGo(count = waiting.length) {
      for (const go of waiting.splice(0, count)) go();
      await settle();
    },
    async connect(options) {
      if (!hang) return await network.connect(options);
      const stopped = await new Promise<boolean>((resolve) => {
        if (options.signal?.aborted === true) {
          resolve(true);
          return;
        }
        waiting.push(() => resolve(false));
        options.signal?.addEventListener('abort', () => resolve(true), { once: true });
      });
      return stopped
        ? { ok: false, failure: { code: 'SMTP_ABORTED', detail: 'stopped' } }
        : await network.connect(options);
    },
  };
}
