/**
 * Puts daily sums into a store, as the archive would.
 *
 * @module
 */
import type { Store } from '../../store/types.ts';
import type { UtcDay } from '../types.ts';
import type { ReportedType } from './meanings.ts';

/** What one sender reports of one day. */
export interface DayReport {
  readonly day: UtcDay;
  readonly domain?: string;
  readonly sender?: string;
  readonly successes?: number;
  readonly failures?: number;
  readonly type?: 'tlsa' | 'sts' | 'none' | 'other';
  /** Default: yes. */
  readonly verified?: boolean;
  readonly details?: readonly DayFailure[];
}

/** An item of it. */
export interface DayFailure {
  readonly type: ReportedType;
  readonly mx?: string;
  readonly reason?: string;
  readonly sessions?: number;
}

/** 202612. */
function monthOf(day: UtcDay): number {
  const date = new Date(day * 86_400_000);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

/** Adds a report to the sums. Without its own number, the failures are those of the details. */
export async function addReport(store: Store, report: DayReport): Promise<void> {
  const {
    day,
    domain = 'example.com',
    sender = 'google.com',
    successes = 0,
    details = [],
  } = report;
  const { verified = true, type = 'sts' } = report;
  const itemised = details.reduce((so, { sessions = 1 }) => so + sessions, 0);
  const { failures = itemised } = report;
  const counts = { reports: 1, successes, failures };
  await store.db
    .insertInto('report_daily')
    .values({ domain, month: monthOf(day), day, ...counts })
    .onConflict((conflict) =>
      conflict.columns(['domain', 'month', 'day']).doUpdateSet((is) => ({
        reports: is('report_daily.reports', '+', 1),
        successes: is('report_daily.successes', '+', successes),
        failures: is('report_daily.failures', '+', failures),
      })),
    )
    .execute();
  const none = {
    tlsa_successes: 0,
    tlsa_failures: 0,
    sts_successes: 0,
    sts_failures: 0,
    none_successes: 0,
    none_failures: 0,
    other_successes: 0,
    other_failures: 0,
  };
  await store.db
    .insertInto('report_daily_sender')
    .values({
      domain,
      day,
      sender,
      ...counts,
      verified_reports: verified ? 1 : 0,
      verified_successes: verified ? successes : 0,
      verified_failures: verified ? failures : 0,
      ...none,
      [`${type}_successes`]: successes,
      [`${type}_failures`]: failures,
    })
    .execute();
  for (const { type: resultType, mx = '', reason = '', sessions = 1 } of details) {
    await store.db
      .insertInto('report_daily_failure')
      .values({
        domain,
        day,
        sender,
        result_type: resultType,
        raw_type: resultType === 'unknown' ? 'Testing' : '',
        mx,
        reason,
        sessions,
        verified_sessions: verified ? sessions : 0,
        first_seen_at: day * 86_400_000,
      })
      .execute();
  }
}
