/**
 * Daily sums: what a report adds to them, and takes away again when another one counts in its place.
 *
 * @module
 */
import type {
  ReportDailyFailureTable,
  ReportDailySenderTable,
  ReportDailyTable,
} from '../../store/archive-tables.ts';
import type {
  ReceivedDetail,
  ReceivedPolicy,
  ReceivedPolicyResult,
  ReceivedReport,
} from '../../tlsrpt/report.ts';
import type { UtcDay } from '../types.ts';
import { storable } from './storable.ts';

const DAY_MS = 86_400_000;

/**
 * The day on which a report counts: the one in which the middle of its first 24 hours lies. So a
 * report for a day counts on that day, though its clock is a little off or its day that of another
 * time zone. A longer range is not spread: numbers of days that nobody reported would be made up.
 */
export function dayOf({ start, end }: Pick<ReceivedReport, 'start' | 'end'>): UtcDay {
  return Math.floor((start + Math.min(end - start, DAY_MS) / 2) / DAY_MS);
}

/** `202612` for a day in December 2026. */
export function monthOf(day: UtcDay): number {
  const date = new Date(day * DAY_MS);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

/** A number of sessions that went well, and that did not. */
export interface Sessions {
  readonly successes: number;
  readonly failures: number;
}

/** What counts of a report. */
export interface CountedReport {
  readonly day: UtcDay;
  readonly sender: string;
  readonly isVerified: boolean;
  readonly receivedAt: number;
  /** Those about domains of ours. */
  readonly policies: readonly ReceivedPolicyResult[];
}

/** More sessions of a domain no report has in truth; sums of liars stay whole numbers that way. */
const MOST_SESSIONS = 1_000_000_000;
/** Kinds of failure that a report may have for a domain; more are counted without host and reason. */
const MOST_KINDS = 100;
/** Together they fit into a key of PostgreSQL, whatever characters they hold. */
const LONGEST_HOST = 253;
const LONGEST_REASON = 120;
const LONGEST_TYPE = 64;

type PolicyType = ReceivedPolicy['type'];

/**
 * Sessions of results that are all about one domain. Microsoft lists the same sessions under `tlsa`
 * and `sts`: of these types the largest number holds. `no-policy-found` is about other sessions
 * and is added.
 */
export function sessionsOf(results: readonly ReceivedPolicyResult[]): Sessions {
  const byType = sessionsByType(results);
  const none = byType.get('no-policy-found') ?? { successes: 0, failures: 0 };
  const held = [...byType].filter(([type]) => type !== 'no-policy-found').map(([, each]) => each);
  const all = Math.max(0, ...held.map(({ successes, failures }) => successes + failures));
  // A session that failed one of its policies has failed.
  const failed = Math.max(0, ...held.map(({ failures }) => failures));
  return capped({ successes: all - failed + none.successes, failures: failed + none.failures });
}

/** Sessions by policy type, added up. */
export function sessionsByType(
  results: readonly ReceivedPolicyResult[],
): ReadonlyMap<PolicyType, Sessions> {
  const byType = new Map<PolicyType, Sessions>();
  for (const { policy, successes, failures } of results) {
    const before = byType.get(policy.type) ?? { successes: 0, failures: 0 };
    byType.set(
      policy.type,
      capped({ successes: before.successes + successes, failures: before.failures + failures }),
    );
  }
  return byType;
}

function capped({ successes, failures }: Sessions): Sessions {
  return {
    successes: Math.min(MOST_SESSIONS, successes),
    failures: Math.min(MOST_SESSIONS, failures),
  };
}

/** A kind of failure and how many sessions had it. */
interface Kind {
  readonly resultType: string;
  readonly rawType: string;
  readonly mx: string;
  readonly reason: string;
  readonly sessions: number;
}

/** Failed sessions by kind; the same rule as for sessions where two policies name the same kind. */
export function kindsOf(results: readonly ReceivedPolicyResult[]): readonly Kind[] {
  const byType = new Map<PolicyType, Map<string, Kind>>();
  for (const { policy, details } of results) {
    const kinds = byType.get(policy.type) ?? new Map<string, Kind>();
    byType.set(policy.type, kinds);
    for (const detail of details) if (detail.count > 0) addKind(kinds, kindOf(detail), sum);
  }
  const kinds = new Map<string, Kind>();
  for (const [type, ofType] of byType) {
    if (type === 'no-policy-found') continue;
    for (const kind of ofType.values()) addKind(kinds, kind, Math.max);
  }
  for (const kind of byType.get('no-policy-found')?.values() ?? []) addKind(kinds, kind, sum);
  return fewest([...kinds.values()]);
}

const sum = (a: number, b: number): number => Math.min(MOST_SESSIONS, a + b);

function addKind(
  kinds: Map<string, Kind>,
  kind: Kind,
  join: (before: number, more: number) => number,
): void {
  const key = JSON.stringify([kind.resultType, kind.rawType, kind.mx, kind.reason]);
  kinds.set(key, { ...kind, sessions: join(kinds.get(key)?.sessions ?? 0, kind.sessions) });
}

function kindOf(detail: ReceivedDetail): Kind {
  const { resultType, rawResultType, receivingMxHostname = '', reasonCode = '', count } = detail;
  return {
    resultType,
    rawType: resultType === 'unknown' ? storable(rawResultType, LONGEST_TYPE) : '',
    mx: storable(receivingMxHostname, LONGEST_HOST),
    reason: storable(reasonCode, LONGEST_REASON),
    sessions: Math.min(MOST_SESSIONS, count),
  };
}

/** Of a report that names thousands of kinds the most frequent stay; no sender fills the table. */
function fewest(kinds: readonly Kind[]): readonly Kind[] {
  if (kinds.length <= MOST_KINDS) return kinds;
  const sorted = kinds.toSorted((a, b) => b.sessions - a.sessions);
  const joined = new Map<string, Kind>();
  for (const [index, kind] of sorted.entries()) {
    const isKept = index < MOST_KINDS;
    addKind(joined, isKept ? kind : { ...kind, rawType: '', mx: '', reason: '' }, sum);
  }
  return [...joined.values()];
}

/** A policy domain as a key: what is no name may be of any length. */
export function domainKey(domain: string): string {
  return storable(domain, LONGEST_HOST);
}

/** The results of a report by policy domain. */
export function byDomain(
  results: readonly ReceivedPolicyResult[],
): ReadonlyMap<string, readonly ReceivedPolicyResult[]> {
  return Map.groupBy(results, ({ policy }) => domainKey(policy.domain));
}

/** Daily sums of several reports together; a row for each key, in a fixed order. */
export interface SumBook {
  /** `sign` -1 takes away what was added before. */
  add(report: CountedReport, sign: 1 | -1): void;
  readonly daily: () => readonly ReportDailyTable[];
  readonly senders: () => readonly ReportDailySenderTable[];
  readonly failures: () => readonly ReportDailyFailureTable[];
  /** Something was taken away: rows may be empty now. */
  readonly hasShrunk: () => boolean;
}

/** Nothing added yet. */
export function createSumBook(): SumBook {
  const daily = new Map<string, ReportDailyTable>();
  const senders = new Map<string, ReportDailySenderTable>();
  const failures = new Map<string, ReportDailyFailureTable>();
  let hasShrunk = false;
  return {
    add(report, sign) {
      hasShrunk ||= sign < 0;
      for (const [domain, results] of byDomain(report.policies)) {
        const row = senderRow({ report, domain, results, sign });
        put(senders, [domain, row.day, row.sender], row);
        put(daily, [domain, row.day], dailyRow(row));
        for (const kind of kindsOf(results)) {
          const failure = failureRow({ report, domain, kind, sign });
          const { raw_type, mx, reason } = failure;
          const key = [domain, row.day, row.sender, failure.result_type, raw_type, mx, reason];
          put(failures, key, failure);
        }
      }
    },
    daily: () => inOrder(daily),
    senders: () => inOrder(senders),
    failures: () => inOrder(failures),
    hasShrunk: () => hasShrunk,
  };
}

/** Two nodes that write the same rows lock them in the same order. */
function inOrder<Row>(rows: ReadonlyMap<string, Row>): readonly Row[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** Columns that say what a row is about; all other numbers are added. */
const KEYS = new Set(['day', 'month', 'first_seen_at']);

function put<Row extends object>(
  rows: Map<string, Row>,
  key: readonly (string | number)[],
  row: Row,
): void {
  const name = JSON.stringify(key);
  const before = rows.get(name);
  if (before === undefined) {
    rows.set(name, row);
    return;
  }
  const old = before as Record<string, unknown>;
  const added = Object.entries(row).map(([column, value]) => {
    const was = old[column];
    if (column === 'first_seen_at') return [column, Math.min(was as number, value as number)];
    if (typeof value !== 'number' || KEYS.has(column)) return [column, value];
    return [column, (was as number) + value];
  });
  rows.set(name, Object.fromEntries(added) as Row);
}

interface About {
  readonly report: CountedReport;
  readonly domain: string;
  readonly sign: 1 | -1;
}

function senderRow({
  report,
  domain,
  results,
  sign,
}: About & { readonly results: readonly ReceivedPolicyResult[] }): ReportDailySenderTable {
  const { successes, failures } = sessionsOf(results);
  const byType = sessionsByType(results);
  const times = (count: number | undefined): number => (count ?? 0) * sign;
  const proven = report.isVerified ? sign : 0;
  return {
    domain,
    day: report.day,
    sender: report.sender,
    reports: sign,
    verified_reports: proven,
    successes: times(successes),
    failures: times(failures),
    verified_successes: successes * proven,
    verified_failures: failures * proven,
    tlsa_successes: times(byType.get('tlsa')?.successes),
    tlsa_failures: times(byType.get('tlsa')?.failures),
    sts_successes: times(byType.get('sts')?.successes),
    sts_failures: times(byType.get('sts')?.failures),
    none_successes: times(byType.get('no-policy-found')?.successes),
    none_failures: times(byType.get('no-policy-found')?.failures),
    other_successes: times(byType.get('other')?.successes),
    other_failures: times(byType.get('other')?.failures),
  };
}

function dailyRow(row: ReportDailySenderTable): ReportDailyTable {
  const { domain, day, reports, successes, failures } = row;
  return { domain, month: monthOf(day), day, reports, successes, failures };
}

function failureRow({
  report,
  domain,
  kind,
  sign,
}: About & { readonly kind: Kind }): ReportDailyFailureTable {
  return {
    domain,
    day: report.day,
    sender: report.sender,
    result_type: kind.resultType,
    raw_type: kind.rawType,
    mx: kind.mx,
    reason: kind.reason,
    sessions: kind.sessions * sign,
    verified_sessions: report.isVerified ? kind.sessions * sign : 0,
    first_seen_at: report.receivedAt,
  };
}
