/**
 * Puts the engine together: resolver, fetcher, policy cache and decisions.
 *
 * @module
 */
import type { Config } from '../config/types.ts';
import { createResolver } from '../dns/resolver.ts';
import type { Resolver } from '../dns/types.ts';
import { createHttpsFetcher, type HttpsFetcher } from '../http/https-fetcher.ts';
import { createStsPolicies } from '../mta-sts/policies.ts';
import type { StsEvent } from '../mta-sts/types.ts';
import { loadCaFile } from '../tls/trust.ts';
import { createDecider } from './decider.ts';
import type { Engine, EngineOptions } from './engine-types.ts';
import { knobsOf } from './knobs.ts';

/**
 * Makes an engine. It works at once; `engine.policies.start()` begins the daily refresh of cached
 * policies, which a long-running service wants and a single command does not.
 *
 * @throws {Error} if the configured CA file cannot be read: without it every verdict would be wrong
 */
export function createEngine(options: EngineOptions): Engine {
  const { config, clock, log } = options;
  const ca = trustAnchors(config);
  const { resolver, closeResolver } = resolverOf(options);
  const policies = createStsPolicies({
    resolver,
    fetcher: fetcherOf(options, resolver, ca),
    clock,
    log,
    settings: config.mtaSts,
    concurrency: config.policyFetch.concurrency,
    ...(options.store === undefined ? {} : { store: options.store }),
    onEvent: (event) => {
      if (changesPolicy(event)) decider.forget(event.policyDomain);
      options.onStsEvent?.(event);
    },
  });
  const decider = createDecider({
    resolver,
    policies,
    clock,
    knobs: knobsOf(config),
    port: config.smtp.port,
    firstContactMs: config.mtaSts.firstContactMs,
  });
  return {
    resolver,
    policies,
    ca,
    decide: decider.decide,
    warm: decider.warm,
    forget: decider.forget,
    async close() {
      await policies.close();
      closeResolver();
      await decider.close();
    },
  };
}

function trustAnchors(config: Config): readonly string[] | undefined {
  if (config.tls.caFile === undefined) return undefined;
  const loaded = loadCaFile(config.tls.caFile);
  if (!loaded.ok) throw new Error(`${loaded.failure.code}: ${loaded.failure.detail}`);
  return loaded.value;
}

/** A resolver that was handed in stays open: it belongs to whoever made it. */
function resolverOf({ config, clock, log, resolver }: EngineOptions): {
  readonly resolver: Resolver;
  readonly closeResolver: () => void;
} {
  if (resolver !== undefined) return { resolver, closeResolver: () => undefined };
  const own = createResolver({ ...config.dns, clock, log });
  return { resolver: own, closeResolver: () => own.close() };
}

function fetcherOf(
  { config, clock }: EngineOptions,
  resolver: Resolver,
  ca: readonly string[] | undefined,
): HttpsFetcher {
  const { port, timeoutMs, maxBytes, allowAddresses, proxy } = config.policyFetch;
  return createHttpsFetcher({
    resolver,
    clock,
    port,
    timeoutMs,
    maxBytes,
    allowAddresses,
    ...(ca === undefined ? {} : { ca }),
    ...(proxy === undefined ? {} : { proxy }),
  });
}

/** Whether decisions made before this event may be wrong after it. */
function changesPolicy({ kind }: StsEvent): boolean {
  switch (kind) {
    case 'policy-fetched':
    case 'policy-weakened':
    case 'policy-expired':
      return true;
    case 'refresh-failed':
    case 'fetch-failed':
    case 'record-vanished':
    case 'no-mx-matches':
      return false;
    default:
      return kind satisfies never;
  }
}
