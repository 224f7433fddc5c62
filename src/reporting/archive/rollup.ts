/**
 * Daily sums: what a report adds to them, and takes away again when another one counts in its place.
 *
 * @module
 */
import type {
  ReportDailyFailureTable,
  ReportDailySenderTable,
} from '../../store/archive-tables.ts';
import type { RowValues } from '../../store/prepared-rows.ts';
import type {
  ReceivedDetail,
  ReceivedPolicy,
  ReceivedPolicyResult,
  ReceivedReport,
} from '../../tlsrpt/report.ts';
import type { UtcDay } from '../types.ts';
import { FAILURE_COLUMNS, SENDER_COLUMNS, valuesOf } from './columns.ts';
import { storable } from './storable.ts';
import { DAY_MS } from '../day.ts';

/**
 * The day on which a report counts: the one in which the middle of its first 24 hours lies. So a
 * report for a day counts on that day, though its clock is a little off or its day that of another
 * time zone. A longer range is not spread: numbers of days that nobody reported would be made up.
 */
export function countingDay({ start, end }: Pick<ReceivedReport, 'start' | 'end'>): UtcDay {
  return Math.floor((start + Math.min(end - start, DAY_MS) / 2) / DAY_MS);
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
  // Nearly all reports have one.
  if (results.length === 1) return capped(results[0]!);
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

/** What a report adds to the daily sums. */
export interface SumRows {
  /** In the order of `SENDER_COLUMNS`. */
  readonly senders: readonly RowValues[];
  /** In the order of `FAILURE_COLUMNS`. */
  readonly failures: readonly RowValues[];
}

/** Works it out. `sign` -1: it is to be taken away. */
export function sumRows(report: CountedReport, sign: 1 | -1): SumRows {
  const senders: RowValues[] = [];
  const failures: RowValues[] = [];
  for (const [domain, results] of byDomain(report.policies)) {
    senders.push(valuesOf(SENDER_COLUMNS, senderRow({ report, domain, results, sign })));
    for (const kind of kindsOf(results)) {
      failures.push(valuesOf(FAILURE_COLUMNS, failureRow({ report, domain, kind, sign })));
    }
  }
  return { senders, failures };
}

/** The same under another name: two reports that say the same may come under two. */
export function ofSender(sums: SumRows, sender: string): SumRows {
  const named = (row: RowValues): RowValues => row.with(SENDER_PLACE, sender);
  const isSo = sums.senders.every((row) => row[SENDER_PLACE] === sender);
  return isSo ? sums : { senders: sums.senders.map(named), failures: sums.failures.map(named) };
}

/** In `SENDER_COLUMNS` and in `FAILURE_COLUMNS`. */
const SENDER_PLACE = 2;

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
