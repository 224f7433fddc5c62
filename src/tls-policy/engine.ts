/**
 * Puts the engine together: resolver, fetcher, policy cache and decisions.
 *
 * @module
 */
import type { Config } from '../config/types.ts';
import { createResolver } from '../dns/resolver.ts';
import type { Resolver } from '../dns/types.ts';
import { ok, type Outcome } from '../failure.ts';
import { createStsPolicies } from '../mta-sts/policies.ts';
import { loadCaFile } from '../tls/trust.ts';
import { createDecider, type DeciderSettings } from './decider.ts';
import type { Engine, EngineOptions } from './engine-types.ts';
import { knobsOf } from './knobs.ts';
import { policyFetcher } from './policy-fetcher.ts';

/**
 * Makes an engine. It works at once; `engine.policies.start()` begins the daily refresh of cached
 * policies, which a long-running service wants and a single command does not.
 *
 * @throws {Error} if the configured CA file cannot be read: without it every verdict would be wrong
 */
export function createEngine(options: EngineOptions): Engine {
  const { config, clock, log } = options;
  const first = trustAnchors(config);
  if (!first.ok) throw new Error(`${first.failure.code}: ${first.failure.detail}`);
  let ca = first.value;
  const { resolver, closeResolver } = resolverOf(options);
  let fetcher = policyFetcher({ config, resolver, ca, clock });
  // Read at each use, so a change of settings has effect on policies that are there already.
  const mtaSts = { ...config.mtaSts };
  const policies = createStsPolicies({
    resolver,
    fetcher: { fetch: async (request) => await fetcher.fetch(request) },
    clock,
    log,
    settings: mtaSts,
    concurrency: config.policyFetch.concurrency,
    ...(options.store === undefined ? {} : { store: options.store }),
    onEvent: options.onStsEvent,
    onChange: (policyDomain) => forget(policyDomain),
  });
  const decider = createDecider({
    resolver,
    policies,
    clock,
    settings: deciderSettings(config),
    overrides: options.overrides,
    port: config.smtp.port,
  });
  const forget = (policyDomain?: string): void => {
    decider.forget(policyDomain);
    options.onForget?.(policyDomain);
  };
  return {
    resolver,
    policies,
    get ca() {
      return ca;
    },
    decide: decider.decide,
    warm: decider.warm,
    forget,
    reconfigure(next) {
      const anchors = trustAnchors(next);
      if (!anchors.ok) return anchors;
      const caChanged = JSON.stringify(ca) !== JSON.stringify(anchors.value);
      if (caChanged) ca = anchors.value;
      fetcher = policyFetcher({ config: next, resolver, ca, clock });
      Object.assign(mtaSts, liveTimes(next));
      decider.configure(deciderSettings(next));
      options.onForget?.();
      return ok({ caChanged });
    },
    async close() {
      await policies.close();
      closeResolver();
      await decider.close();
    },
  };
}

function trustAnchors({ tls }: Config): Outcome<readonly string[] | undefined> {
  return tls.caFile === undefined ? ok(undefined) : loadCaFile(tls.caFile);
}

function deciderSettings(config: Config): DeciderSettings {
  return { knobs: knobsOf(config), firstContactMs: config.mtaSts.firstContactMs };
}

/** The rest of `mta_sts` shapes the cache and is fixed for its life. */
function liveTimes({ mtaSts }: Config): Partial<Config['mtaSts']> {
  const { unusedAfterMs: _unused, maxEntries: _most, requireTextPlain: _type, ...times } = mtaSts;
  return times;
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
