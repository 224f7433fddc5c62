/**
 * Sums up what the reports of others say, from the daily sums alone: a million reports in no time.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store/types.ts';
import { dayOf } from '../day.ts';
import { failureKinds } from './failure-kinds.ts';
import {
  byDay,
  byMonth,
  bySender,
  type DomainMonth,
  failureSums,
  notCounted,
  type RollupRange,
  type RollupType,
  ROLLUP_TYPES,
  type SenderSum,
} from './rollups.ts';
import { biggestFirst, shares } from './shares.ts';
import type { Counts, Summary } from './summary-types.ts';
import { withoutIgnored } from './without-ignored.ts';

/** What to sum up. */
export interface SummarizeOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Normalised; absent: all. */
  readonly domain?: string;
  /** Days of the range; the last one is today, UTC. */
  readonly days: number;
  /** Normalised names of senders that are not part of the sums. */
  readonly ignoreSenders?: readonly string[];
}

/** Sums up. Days are UTC days whatever the time zone of this machine. */
export async function summarize(options: SummarizeOptions): Promise<Summary> {
  const { store, clock, domain, days } = options;
  const at = clock.now();
  const lastDay = dayOf(at);
  const firstDay = lastDay - days + 1;
  const more = domain === undefined ? {} : { domain };
  const range: RollupRange = { store, firstDay, lastDay, ...more };
  const isIgnored = ignoring(options);
  const allSenders = await bySender(range);
  const senders = allSenders.filter(({ counts }) => !isIgnored(counts));
  const ignored = allSenders.filter(({ counts }) => isIgnored(counts)).map(({ counts }) => counts);
  const { months, days: withReports } = await withoutIgnored(
    range,
    ignored.map(({ sender }) => sender),
    { months: await byMonth(range), days: await byDay(range) },
  );
  const daily = new Map(withReports.map((counts) => [counts.day, counts]));
  const sums = (await failureSums(range)).filter((one) => !isIgnored(one));
  return {
    at,
    firstDay,
    lastDay,
    ...more,
    total: sum(months),
    days: Array.from({ length: days }, (_, index) => {
      const day = firstDay + index;
      return daily.get(day) ?? { day, ...NOTHING };
    }),
    months: byName(months, ({ month }) => monthText(month)).map(([month, counts]) => ({
      month,
      ...counts,
    })),
    domains: domainsOf(months),
    policyTypes: ROLLUP_TYPES.map((type) => typeSums(type, senders)),
    failures: failureKinds(sums),
    failuresByType: shares(sums, ({ type }) => type),
    failuresByHost: shares(sums, ({ mx }) => mx),
    failuresBySender: shares(sums, ({ sender }) => sender),
    failuresByReason: shares(sums, ({ reason }) => reason),
    itemised: sums.reduce((so, { sessions }) => so + sessions, 0),
    senders: senders.map(({ counts }) => counts),
    notCounted: await notCounted(range),
    ignored,
  };
}

function ignoring({
  ignoreSenders = [],
}: SummarizeOptions): (one: { readonly sender: string }) => boolean {
  const names = new Set(ignoreSenders);
  return ({ sender }) => names.has(sender);
}

const NOTHING: Counts = { reports: 0, successes: 0, failures: 0 };

function sum(all: readonly Counts[]): Counts {
  return all.reduce<Counts>(
    (so, { reports, successes, failures }) => ({
      reports: so.reports + reports,
      successes: so.successes + successes,
      failures: so.failures + failures,
    }),
    NOTHING,
  );
}

function byName<T extends Counts>(
  all: readonly T[],
  nameOf: (one: T) => string,
): readonly (readonly [string, Counts])[] {
  return Array.from(Map.groupBy(all, nameOf), ([name, group]) => [name, sum(group)] as const).sort(
    ([a], [b]) => (a < b ? -1 : 1),
  );
}

function domainsOf(months: readonly DomainMonth[]): Summary['domains'] {
  const groups = Map.groupBy(months, ({ domain }) => domain);
  return Array.from(groups, ([domain, group]) => ({
    domain,
    ...sum(group),
    months: group.map(({ month, reports, successes, failures }) => ({
      month: monthText(month),
      reports,
      successes,
      failures,
    })),
  })).sort(biggestFirst(({ successes, failures }) => successes + failures));
}

/** 202612 → `2026-12`. */
function monthText(month: number): string {
  return `${Math.floor(month / 100)}-${String(month % 100).padStart(2, '0')}`;
}

function typeSums(type: RollupType, senders: readonly SenderSum[]): Summary['policyTypes'][number] {
  return {
    type: type === 'none' ? 'no-policy-found' : type,
    successes: senders.reduce((so, { byType }) => so + byType[type][0], 0),
    failures: senders.reduce((so, { byType }) => so + byType[type][1], 0),
  };
}
