/**
 * Numbers that others keep, read at each scrape.
 *
 * @module
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { AnswerNumbers, CacheSurvey, PolicyNumbers, ResolverNumbers } from './types.ts';

/** Where a reader of numbers is put. */
export type Watch<T> = (read: () => T) => void;

/** The gauges of the policy cache. */
export function policyGauges(registers: Registry[]): Watch<PolicyNumbers> {
  let read: (() => PolicyNumbers) | undefined;
  const gauge = (name: string, help: string, pick: (numbers: PolicyNumbers) => number): void => {
    const it: Gauge = new Gauge({
      name,
      help,
      registers,
      collect: () => {
        if (read !== undefined) it.set(pick(read()));
      },
    });
  };
  const cached: Gauge<'mode'> = new Gauge({
    name: 'smtp_sts_policies',
    help: 'Cached policies by mode.',
    labelNames: ['mode'],
    registers,
    collect: () => {
      const numbers = read?.();
      if (numbers === undefined) return;
      cached.set({ mode: 'enforce' }, numbers.enforced);
      cached.set({ mode: 'testing' }, numbers.testing);
      cached.set({ mode: 'none' }, numbers.none);
    },
  });
  gauge('smtp_sts_policy_fetches_under_way', 'Policy fetches under way.', (n) => n.fetchesUnderWay);
  gauge(
    'smtp_sts_refresh_backlog',
    'Cached policies whose time for a refresh has passed.',
    (n) => n.refreshBacklog,
  );
  gauge('smtp_sts_store_up', '1 while the database answers.', (n) => (n.storeUp ? 1 : 0));
  return (reader) => {
    read = reader;
  };
}

/** The gauges of the walk over the policy cache. */
export function surveyGauges(registers: Registry[]): (survey: CacheSurvey) => void {
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const oldest = gauge(
    'smtp_sts_policy_oldest_age_seconds',
    'Time since the last successful fetch of the policy in use that was fetched longest ago.',
  );
  const ages = new Gauge({
    name: 'smtp_sts_policies_by_age',
    help: 'Policies in use that were fetched at most so long ago.',
    labelNames: ['at_most'],
    registers,
  });
  const soon = gauge(
    'smtp_sts_policies_expiring_soon',
    'Policies in use that could not be renewed and run out within a day.',
  );
  const failing = gauge(
    'smtp_sts_policies_refresh_failing',
    'Policies in use whose last refresh failed.',
  );
  const missing = gauge(
    'smtp_sts_policies_record_missing',
    'Policies in mode enforce or testing whose TXT record is gone, broken or unanswered.',
  );
  return (survey) => {
    oldest.set(survey.oldestAgeMs / 1_000);
    for (const { atMostMs, count } of survey.ages) {
      ages.set({ at_most: ageText(atMostMs) }, count);
    }
    soon.set(survey.expiringSoon);
    failing.set(survey.refreshFailing);
    missing.set(survey.recordMissing);
  };
}

const HOUR_MS = 3_600_000;

/** `1h`, `36h`, `7d`, `+Inf`. */
function ageText(ms: number): string {
  if (!Number.isFinite(ms)) return '+Inf';
  const hours = ms / HOUR_MS;
  return hours > 48 ? `${hours / 24}d` : `${hours}h`;
}

/** The gauges of the answers at hand. */
export function answerGauges(registers: Registry[]): Watch<AnswerNumbers> {
  let read: (() => AnswerNumbers) | undefined;
  const gauge = (name: string, help: string, pick: (numbers: AnswerNumbers) => number): void => {
    const it: Gauge = new Gauge({
      name,
      help,
      registers,
      collect: () => {
        if (read !== undefined) it.set(pick(read()));
      },
    });
  };
  gauge('smtp_sts_answers_kept', 'Policy domains whose answers are at hand.', (n) => n.kept);
  gauge('smtp_sts_dry_run', '1 while answers are computed and counted, but withheld.', (n) =>
    n.dryRun ? 1 : 0,
  );
  return (reader) => {
    read = reader;
  };
}

/** The numbers of the resolver. */
export function resolverNumbers(registers: Registry[]): Watch<ResolverNumbers> {
  let read: (() => ResolverNumbers) | undefined;
  const counter = (name: string, help: string, pick: (n: ResolverNumbers) => number): void => {
    const it: Counter = new Counter({
      name,
      help,
      registers,
      collect: () => {
        if (read === undefined) return;
        it.reset();
        it.inc(pick(read()));
      },
    });
  };
  counter('smtp_sts_dns_lookups_total', 'DNS look-ups.', (n) => n.lookups);
  counter('smtp_sts_dns_cache_hits_total', 'DNS look-ups out of the cache.', (n) => n.cacheHits);
  counter(
    'smtp_sts_dns_timeouts_total',
    'Attempts at a resolver without a reply.',
    (n) => n.timeouts,
  );
  const underWay: Gauge<'state'> = new Gauge({
    name: 'smtp_sts_dns_under_way',
    help: 'DNS look-ups that run, and that wait for their turn.',
    labelNames: ['state'],
    registers,
    collect: () => {
      const numbers = read?.();
      if (numbers === undefined) return;
      underWay.set({ state: 'running' }, numbers.running);
      underWay.set({ state: 'waiting' }, numbers.waiting);
    },
  });
  return (reader) => {
    read = reader;
  };
}

/** Overrides by kind; a kind that is no longer there disappears. */
export function overrideGauge(registers: Registry[]): Watch<Readonly<Record<string, number>>> {
  let read: (() => Readonly<Record<string, number>>) | undefined;
  const gauge: Gauge<'kind'> = new Gauge({
    name: 'smtp_sts_overrides',
    help: 'Overrides in force by kind.',
    labelNames: ['kind'],
    registers,
    collect: () => {
      gauge.reset();
      for (const [kind, count] of Object.entries(read?.() ?? {})) gauge.set({ kind }, count);
    },
  });
  return (reader) => {
    read = reader;
  };
}
