/**
 * A report on its way into the store: all that can be worked out before anybody asks the store, so
 * that it is done once, outside the transaction, and in another thread where there is one.
 *
 * @module
 */
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { RowValues } from '../../store/prepared-rows.ts';
import type { IncomingReport } from '../types.ts';
import { POLICY_COLUMNS, REPORT_COLUMNS, valuesOf } from './columns.ts';
import { cutDetails } from './cut-details.ts';
import { isWorthy, type NewReport } from './decide.ts';
import { type SumRows, sumRows } from './rollup.ts';
import {
  arrivalColumns,
  countedReport,
  factsOf,
  policyRows,
  type ReportFacts,
  understoodColumns,
} from './rows.ts';
import { dayOf } from '../day.ts';

/** A report as rows that have no id yet. Plain data: it may cross from one thread to another. */
export interface PreparedReport extends NewReport {
  readonly identity: string;
  /** It is about no domain of ours: its domains. Such a report is not stored. */
  readonly foreign?: readonly string[];
  /** Whose share it takes up; absent: nobody's. */
  readonly quota?: { readonly day: number; readonly sender: string };
  /** In the order of `REPORT_COLUMNS`. */
  readonly row: RowValues;
  /** As it came. */
  readonly raw: Uint8Array;
  /** In the order of `POLICY_COLUMNS`. */
  readonly policies: readonly RowValues[];
  /** What it adds to the daily sums, if it counts. */
  readonly sums: SumRows;
}

/** Works it out. */
export function prepareReport(
  whole: IncomingReport,
  settings: ReportReceiveSettings,
): PreparedReport {
  const facts = factsOf(whole, settings.domains);
  const incoming = cutDetails(whole);
  const { report, deviations, raw } = incoming;
  const { identity, digest, isVerified } = facts;
  const quota = quotaKey(incoming, facts);
  const isForeign = !facts.ours.includes(true);
  const domains = isForeign ? [...new Set(report.policies.map(({ policy }) => policy.domain))] : [];
  return {
    identity,
    digest,
    isVerified,
    isWorthy: isWorthy(incoming, settings),
    ...(isForeign ? { foreign: domains } : {}),
    ...(quota === undefined ? {} : { quota }),
    row: valuesOf(REPORT_COLUMNS, {
      ...understoodColumns(report, facts, deviations),
      ...arrivalColumns(incoming),
    }),
    raw,
    policies: policyRows('', report, facts).map((row) => valuesOf(POLICY_COLUMNS, row)),
    sums: sumRows(countedReport(incoming, facts), 1),
  };
}

/** About how many octets it is in memory; packed it may be a hundredth of that. */
export function weightOf({ raw, policies }: PreparedReport): number {
  return raw.length + octetsOf(policies);
}

/** About how many octets it takes up in the store. Of one that does not count no more is kept than head and octets. */
export function storedOctets(
  { raw, row, policies, sums }: PreparedReport,
  { isCounted }: { readonly isCounted: boolean },
): number {
  const head = raw.length + octetsOf([row]);
  if (!isCounted) return head;
  return head + octetsOf(policies) + octetsOf(sums.senders) + octetsOf(sums.failures);
}

function octetsOf(rows: readonly RowValues[]): number {
  let octets = 0;
  for (const row of rows) {
    for (const value of row) octets += typeof value === 'string' ? value.length : 8;
  }
  return octets;
}

/**
 * Files that an operator imports have no quota. All that is not proven has one together, for each
 * way: a name that anybody may write is nobody's, and who writes many must not have many.
 */
function quotaKey(
  { way, receivedAt }: IncomingReport,
  facts: ReportFacts,
): PreparedReport['quota'] {
  if (way === 'file') return undefined;
  const sender = facts.isVerified ? facts.sender : `not proven: ${way}`;
  return { day: dayOf(receivedAt), sender };
}
