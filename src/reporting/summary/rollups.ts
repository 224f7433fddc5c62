/**
 * Reads the daily sums of received reports; nothing else is read, and only by key.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely';
import type { Store } from '../../store/types.ts';
import type { UtcDay } from '../types.ts';
import type { ReportedType } from './meanings.ts';
import type { Counts, NotCounted, SenderCounts } from './summary-types.ts';
import { monthOf } from '../day.ts';

/** Which sums. */
export interface RollupRange {
  readonly store: Store;
  /** Both are part of the range. */
  readonly firstDay: UtcDay;
  readonly lastDay: UtcDay;
  /** A-labels; absent: all. */
  readonly domain?: string;
}

/** Sums of a domain and a month; `month` is 202612. */
export interface DomainMonth extends Counts {
  readonly domain: string;
  readonly month: number;
}

/** Failures of a kind by one sender for one reason. */
export interface FailureSum {
  readonly domain: string;
  readonly type: ReportedType;
  readonly rawType: string;
  readonly mx: string;
  readonly sender: string;
  readonly reason: string;
  readonly sessions: number;
  readonly firstDay: UtcDay;
  readonly lastDay: UtcDay;
}

/** The sums of one sender with what it says by policy type. */
export interface SenderSum {
  readonly counts: SenderCounts;
  readonly byType: Readonly<Record<RollupType, readonly [successes: number, failures: number]>>;
}

/** Policy types as the columns of the table are named. */
export const ROLLUP_TYPES = ['tlsa', 'sts', 'none', 'other'] as const;

/** One of {@link ROLLUP_TYPES}. */
export type RollupType = (typeof ROLLUP_TYPES)[number];

/** Sums are exact as numbers up to 2^53; PostgreSQL would give `numeric`, which comes as text. */
function total(column: string): RawBuilder<number> {
  return sql<number>`cast(sum(${sql.ref(column)}) as bigint)`;
}

/** Sums by domain and month. */
export async function byMonth(range: RollupRange): Promise<readonly DomainMonth[]> {
  const { store, firstDay, lastDay, domain } = range;
  return await store.db
    .selectFrom('report_daily')
    .select([
      'domain',
      'month',
      total('reports').as('reports'),
      total('successes').as('successes'),
      total('failures').as('failures'),
    ])
    .where('month', '>=', monthOf(firstDay))
    .where('day', '>=', firstDay)
    .where('day', '<=', lastDay)
    .$if(domain !== undefined, (query) => query.where('domain', '=', domain!))
    .groupBy(['domain', 'month'])
    .orderBy('domain')
    .orderBy('month')
    .execute();
}

/** Sums by day, all domains together; days without reports are left out. */
export async function byDay(
  range: RollupRange,
): Promise<readonly (Counts & { readonly day: UtcDay })[]> {
  const { store, firstDay, lastDay, domain } = range;
  const rows = await store.db
    .selectFrom('report_daily')
    .select([
      'day',
      total('reports').as('reports'),
      total('successes').as('successes'),
      total('failures').as('failures'),
    ])
    .where('day', '>=', firstDay)
    .where('day', '<=', lastDay)
    .$if(domain !== undefined, (query) => query.where('domain', '=', domain!))
    .groupBy('day')
    .orderBy('day')
    .execute();
  return rows.map(({ day, reports, successes, failures }) => {
    return { day, reports, successes, failures };
  });
}

/** What some senders add to the sums of their domains, by day. */
export async function byDayOf(
  range: RollupRange,
  senders: readonly string[],
): Promise<readonly (Counts & { readonly domain: string; readonly day: UtcDay })[]> {
  const { store, firstDay, lastDay, domain } = range;
  return await store.db
    .selectFrom('report_daily_sender')
    .select([
      'domain',
      'day',
      total('reports').as('reports'),
      total('successes').as('successes'),
      total('failures').as('failures'),
    ])
    .where('sender', 'in', senders)
    .where('day', '>=', firstDay)
    .where('day', '<=', lastDay)
    .$if(domain !== undefined, (query) => query.where('domain', '=', domain!))
    .groupBy(['domain', 'day'])
    .execute();
}

/** Sums by sender. The rows lie by domain and sender: grouped by both they need no sorting. */
export async function bySender(range: RollupRange): Promise<readonly SenderSum[]> {
  const { store, firstDay, lastDay, domain } = range;
  const rows = await store.db
    .selectFrom('report_daily_sender')
    .select([
      'domain',
      'sender',
      sql<number>`max(day)`.as('last_day'),
      total('reports').as('reports'),
      total('verified_reports').as('verified_reports'),
      total('successes').as('successes'),
      total('failures').as('failures'),
      total('tlsa_successes').as('tlsa_successes'),
      total('tlsa_failures').as('tlsa_failures'),
      total('sts_successes').as('sts_successes'),
      total('sts_failures').as('sts_failures'),
      total('none_successes').as('none_successes'),
      total('none_failures').as('none_failures'),
      total('other_successes').as('other_successes'),
      total('other_failures').as('other_failures'),
    ])
    .where('day', '>=', firstDay)
    .where('day', '<=', lastDay)
    .$if(domain !== undefined, (query) => query.where('domain', '=', domain!))
    .groupBy(['domain', 'sender'])
    .execute();
  return Array.from(
    Map.groupBy(rows, ({ sender }) => sender),
    ([sender, of]) => senderSum(sender, of),
  ).sort(({ counts: a }, { counts: b }) => b.reports - a.reports || (a.sender < b.sender ? -1 : 1));
}

type SenderRow = Readonly<
  Record<'reports' | 'verified_reports' | 'successes' | 'failures' | 'last_day', number> &
    Record<`${RollupType}_${'successes' | 'failures'}`, number>
>;

function senderSum(sender: string, rows: readonly SenderRow[]): SenderSum {
  const sumOf = (column: Exclude<keyof SenderRow, 'last_day'>): number =>
    rows.reduce((so, row) => so + row[column], 0);
  return {
    counts: {
      sender,
      reports: sumOf('reports'),
      verifiedReports: sumOf('verified_reports'),
      successes: sumOf('successes'),
      failures: sumOf('failures'),
      lastDay: rows.reduce((so, row) => Math.max(so, row.last_day), 0),
    },
    byType: {
      tlsa: [sumOf('tlsa_successes'), sumOf('tlsa_failures')],
      sts: [sumOf('sts_successes'), sumOf('sts_failures')],
      none: [sumOf('none_successes'), sumOf('none_failures')],
      other: [sumOf('other_successes'), sumOf('other_failures')],
    },
  };
}

/** Failures that happened in the range, with the first day on which they ever did. */
export async function failureSums(range: RollupRange): Promise<readonly FailureSum[]> {
  const { store, firstDay, lastDay, domain } = range;
  const rows = await store.db
    .selectFrom('report_daily_failure')
    .select([
      'domain',
      'result_type',
      'raw_type',
      'mx',
      'sender',
      'reason',
      sql<number>`cast(sum(case when day >= ${firstDay} then sessions else 0 end) as bigint)`.as(
        'sessions',
      ),
      sql<number>`min(day)`.as('first_day'),
      sql<number>`max(day)`.as('last_day'),
    ])
    .where('day', '<=', lastDay)
    .$if(domain !== undefined, (query) => query.where('domain', '=', domain!))
    .groupBy(['domain', 'result_type', 'raw_type', 'mx', 'sender', 'reason'])
    .having(sql<number>`max(day)`, '>=', firstDay)
    .execute();
  return rows.map((row) => ({
    domain: row.domain,
    type: row.result_type as ReportedType,
    rawType: row.raw_type,
    mx: row.mx,
    sender: row.sender,
    reason: row.reason,
    sessions: row.sessions,
    firstDay: row.first_day,
    lastDay: row.last_day,
  }));
}

/** Reports that are kept and not part of the sums. */
export async function notCounted(range: RollupRange): Promise<NotCounted> {
  const { store, firstDay, lastDay, domain } = range;
  const rows = await store.db
    .selectFrom('received_report')
    .select(['state', ({ fn }) => fn.countAll<number>().as('reports')])
    // As the index says it: else it is not used.
    .where(sql<boolean>`state <> 'counted'`)
    .where('day', '>=', firstDay)
    .where('day', '<=', lastDay)
    .$if(domain !== undefined, (query) =>
      query.where(sql<boolean>`domains like ${`% ${likeText(domain!)} %`} escape '\\'`),
    )
    .groupBy('state')
    .execute();
  const of = (state: string): number => rows.find((row) => row.state === state)?.reports ?? 0;
  return {
    unproven: of('not-counted'),
    conflicts: of('conflict'),
    replaced: of('replaced'),
  };
}

function likeText(domain: string): string {
  return domain.replaceAll(/[\\%_]/g, '\\$&');
}
