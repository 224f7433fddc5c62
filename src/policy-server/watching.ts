/**
 * Hands the numbers of the parts to the metrics.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { DnsResolver } from '../dns/resolver.ts';
import type { Log } from '../log/log.ts';
import type { Metrics, PolicyNumbers } from '../metrics/metrics.ts';
import type { StsPolicies } from '../mta-sts/types.ts';

/** Who is watched. */
export interface WatchingOptions {
  readonly policies: Pick<StsPolicies, 'stats' | 'survey'>;
  readonly resolver: Pick<DnsResolver, 'stats'>;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
}

/** A walk over a large cache takes a second of patience: once a minute is enough for ages. */
const SURVEY_MS = 60_000;

/** Watches until stopped. */
export function startWatching(options: WatchingOptions): { stop(): void } {
  const { policies, resolver, metrics, clock, log } = options;
  metrics.watchPolicies(() => policyNumbers(policies));
  metrics.watchResolver(() => resolver.stats());
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      metrics.surveyed(await policies.survey());
      await clock.sleep(SURVEY_MS, stopping.signal);
    }
  };
  loop().catch((error: unknown) => {
    if (stopping.signal.aborted) return;
    log.error({ event: 'survey', error: String(error) }, 'the survey of the policies has ended');
  });
  return { stop: () => stopping.abort() };
}

function policyNumbers(policies: Pick<StsPolicies, 'stats'>): PolicyNumbers {
  const { entries, enforced, testing, ...rest } = policies.stats();
  return { ...rest, enforced, testing, none: entries - enforced - testing };
}
