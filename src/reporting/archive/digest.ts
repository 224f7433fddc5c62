/**
 * What makes two reports the same one, and what makes them say the same.
 *
 * @module
 */
import { hash } from 'node:crypto';
import { base32 } from '../../base32.ts';
import type { ReceivedDetail, ReceivedPolicyResult, ReceivedReport } from '../../tlsrpt/report.ts';
import { dayOf } from '../day.ts';

/** Characters of a digest: 132 bits. */
const LENGTH = 22;
/** Characters of a report-id that go before its digest. */
const ID_START = 10;
/** Until the year 4800. */
const DAY_DIGITS = 4;

/** The same for all reports that a sender gives the same id (RFC 8460 §5.3: ids tell duplicates). */
export function identityOf(sender: string, reportId: string): string {
  return startOfId(reportId) + digestOf([sender, reportId]);
}

/**
 * Nearly all senders begin their ids with the day or the time. So those of a day lie side by side in
 * the index, and an import of years does not touch all of it with each transaction.
 */
function startOfId(reportId: string): string {
  return reportId
    .slice(0, 2 * ID_START)
    .replaceAll(/[^0-9A-Za-z]/g, '')
    .slice(0, ID_START);
}

/**
 * The same for all reports that say the same, whatever the order of their keys, policies and
 * details, and whatever way they came: a domain that was not in the report itself does not count,
 * nor does the contact, which a copy may lack.
 */
export function contentDigest(report: ReceivedReport): string {
  return (
    dayDigits(report.start) +
    digestOf([
      report.organizationName,
      report.reportId,
      report.start,
      report.end,
      report.policies.map((result) => JSON.stringify(policyFacts(result))).sort(),
    ])
  );
}

/** Like {@link startOfId}: reports about a day lie side by side. */
function dayDigits(start: number): string {
  return base32(Math.max(0, dayOf(start)), DAY_DIGITS);
}

function policyFacts({ policy, successes, failures, details }: ReceivedPolicyResult): unknown[] {
  return [
    policy.rawType,
    policy.domainFrom === 'report' ? policy.domain : null,
    policy.strings,
    policy.mxHosts,
    successes,
    failures,
    details.map((detail) => JSON.stringify(detailFacts(detail))).sort(),
  ];
}

function detailFacts(detail: ReceivedDetail): unknown[] {
  return [
    detail.rawResultType,
    detail.count,
    detail.sendingMtaIp ?? null,
    detail.receivingMxHostname ?? null,
    detail.receivingMxHelo ?? null,
    detail.receivingIp ?? null,
    detail.additionalInformation ?? null,
    detail.reasonCode ?? null,
  ];
}

function digestOf(facts: unknown): string {
  return hash('sha256', JSON.stringify(facts), 'base64url').slice(0, LENGTH);
}
