/**
 * The service: the one place where the parts are put together.
 *
 * @module
 */
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import type { Clock } from './clock.ts';
import type { Config } from './config/types.ts';
import { createResolver } from './dns/resolver.ts';
import { createTrustSwitch } from './dns/trust-switch.ts';
import type { Log } from './log/log.ts';
import { createMetrics } from './metrics/metrics.ts';
import { createHttpApi } from './policy-server/http-api.ts';
import { countingResolver } from './policy-server/counting-resolver.ts';
import { countStsEvent } from './policy-server/count-sts-event.ts';
import { notReady } from './policy-server/readiness.ts';
import { startSelfTesting } from './policy-server/self-testing.ts';
import { startWatching } from './policy-server/watching.ts';
import { productVersion } from './version.ts';
import { openStore } from './store/open-store.ts';
import { createEngine } from './tls-policy/engine.ts';
import type { Engine } from './tls-policy/engine-types.ts';

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
  /** Takes no more questions, lets those under way end, closes the database. */
  close(): Promise<void>;
}

/** What the service stands on. */
export interface ServiceOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Starts the service. Rejects with a `StoreError` when the database cannot be opened, and with the
 * system's error (`EADDRINUSE`) when a port is taken.
 */
export async function startService({ config, clock, log }: ServiceOptions): Promise<Service> {
  const metrics = createMetrics({ version: productVersion() });
  const store = await openStore(config.store.url, { log, clock });
  const resolver = createResolver({ ...config.dns, clock, log });
  const trust = createTrustSwitch(resolver);
  const counted = countingResolver(trust.resolver, metrics);
  const engine = createEngine({
    config,
    clock,
    log,
    store,
    resolver: counted,
    onStsEvent: (event) => countStsEvent(event, metrics),
  });
  const closeBase = async (): Promise<void> => {
    await engine.close();
    await store.close();
    resolver.close();
  };
  const { policies } = engine;
  const watching = startWatching({ policies, resolver, metrics, clock, log });
  const { intervalMs, ...names } = config.dns.selfTest;
  const selfTest = startSelfTesting({
    names,
    intervalMs,
    resolver,
    trust,
    onTrustChange: () => engine.forget(),
    clock,
    log,
    metrics,
  });
  try {
    const http = await listen(
      config.http.listen,
      createHttpApi({
        engine,
        metrics,
        smtpPort: config.smtp.port,
        firstContactMs: config.mtaSts.firstContactMs,
        clock,
        notReady: () =>
          notReady({
            policies: policies.stats(),
            selfTest: selfTest.latest,
            resolverAnswered: counted.answered,
          }),
      }).fetch,
    );
    engine.policies.start();
    return {
      engine,
      listening: [httpFace(http)],
      close: async () => {
        selfTest.stop();
        watching.stop();
        await closeServer(http);
        await closeBase();
      },
    };
  } catch (error) {
    selfTest.stop();
    watching.stop();
    await closeBase();
    throw error;
  }
}

type Fetch = (request: Request) => Response | Promise<Response>;

async function listen(where: string, fetch: Fetch): Promise<ServerType> {
  const { host, port } = splitAddress(where);
  const server = createAdaptorServer({ fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

/** `127.0.0.1:8462`, `[::1]:8462`. */
function splitAddress(where: string): { readonly host: string; readonly port: number } {
  const colon = where.lastIndexOf(':');
  return {
    host: where.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(where.slice(colon + 1)),
  };
}

function httpFace(server: ServerType): Listening {
  const { address, port, family } = server.address() as AddressInfo;
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  return { face: 'HTTP API', url, use: `curl ${url}/v1/policy/example.com` };
}

async function closeServer(server: ServerType): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    if ('closeIdleConnections' in server) server.closeIdleConnections();
  });
}
