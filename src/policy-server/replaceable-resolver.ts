/**
 * A resolver that can be exchanged for one with other settings while questions are under way.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { createResolver, type DnsResolver } from '../dns/resolver.ts';
import type { Log } from '../log/log.ts';

/** What it stands on. */
export interface ReplaceableResolverOptions {
  readonly settings: Config['dns'];
  readonly clock: Clock;
  readonly log: Log;
  /** Makes a resolver; for tests. */
  readonly create?: typeof createResolver;
}

/** A resolver and the way to exchange it. */
export interface ReplaceableResolver extends DnsResolver {
  /** New questions go by these settings, with an empty cache; those under way end by the old ones. */
  replace(settings: Config['dns']): void;
}

/** Longer than any question takes: by then the old resolver has answered what it was asked. */
const GRACE_MS = 60_000;

/** Makes one. */
export function createReplaceableResolver(
  options: ReplaceableResolverOptions,
): ReplaceableResolver {
  const { clock, log, create = createResolver } = options;
  let current = create({ ...options.settings, clock, log });
  const retired = new Set<DnsResolver>();
  return {
    lookup: async (name, type, how) => await current.lookup(name, type, how),
    get upstreams() {
      return current.upstreams;
    },
    stats: () => current.stats(),
    replace(settings) {
      const old = current;
      current = create({ ...settings, clock, log });
      retired.add(old);
      clock.after(GRACE_MS, () => {
        if (retired.delete(old)) old.close();
      });
    },
    close() {
      for (const old of retired) old.close();
      retired.clear();
      current.close();
    },
  };
}
