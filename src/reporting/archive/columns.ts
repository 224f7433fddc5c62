/**
 * The columns of the archive's tables in the order in which rows are handed over: without their
 * names, for a report crosses from one thread to another on its way in.
 *
 * @module
 */
import type {
  ReceivedPolicyTable,
  ReceivedReportTable,
  ReportDailyFailureTable,
  ReportDailySenderTable,
  ReportDailyTable,
} from '../../store/archive-tables.ts';
import type { ColumnValue, RowValues } from '../../store/prepared-rows.ts';

/** What is known of a report before it has a place in the store. */
export const REPORT_COLUMNS = [
  'sender',
  'identity',
  'digest',
  'report_id',
  'organization',
  'contact',
  'starts_at',
  'ends_at',
  'day',
  'received_at',
  'way',
  'auth_kind',
  'auth_domain',
  'auth_selector',
  'auth_notes',
  'verified',
  'deviations',
  'hints',
  'domains',
  'successes',
  'failures',
  'size',
  'has_details',
] as const satisfies readonly (keyof ReceivedReportTable)[];

/** Those of them that say why a report is believed. */
export const PROOF_COLUMNS = [
  'way',
  'auth_kind',
  'auth_domain',
  'auth_selector',
  'auth_notes',
] as const satisfies readonly (typeof REPORT_COLUMNS)[number][];

/** The place that it gets there. */
export const PLACE_COLUMNS = [
  'id',
  'state',
  'other_id',
] as const satisfies readonly (keyof ReceivedReportTable)[];

/** Of a policy, without the id of its report. */
export const POLICY_COLUMNS = [
  'number',
  'type',
  'raw_type',
  'domain',
  'domain_from',
  'ours',
  'day',
  'successes',
  'failures',
  'strings',
  'mx_hosts',
  'details',
] as const satisfies readonly (keyof ReceivedPolicyTable)[];

/** A key of three, then numbers that are added. */
export const DAILY_COLUMNS = [
  'domain',
  'month',
  'day',
  'reports',
  'successes',
  'failures',
] as const satisfies readonly (keyof ReportDailyTable)[];

/** A key of three, then numbers that are added. */
export const SENDER_COLUMNS = [
  'domain',
  'day',
  'sender',
  'reports',
  'verified_reports',
  'successes',
  'failures',
  'verified_successes',
  'verified_failures',
  'tlsa_successes',
  'tlsa_failures',
  'sts_successes',
  'sts_failures',
  'none_successes',
  'none_failures',
  'other_successes',
  'other_failures',
] as const satisfies readonly (keyof ReportDailySenderTable)[];

/** A key of seven, then numbers that are added, and a time of which the earliest holds. */
export const FAILURE_COLUMNS = [
  'domain',
  'day',
  'sender',
  'result_type',
  'raw_type',
  'mx',
  'reason',
  'sessions',
  'verified_sessions',
  'first_seen_at',
] as const satisfies readonly (keyof ReportDailyFailureTable)[];

/** The values of a row, in this order. */
export function valuesOf<Column extends string>(
  columns: readonly Column[],
  row: Readonly<Record<Column, ColumnValue>>,
): RowValues {
  return columns.map((column) => row[column]);
}
