/**
 * What a TLS report says, in a few lines.
 *
 * @module
 */
import type { ReceivedDetail, ReceivedPolicyResult, ReceivedReport } from '../tlsrpt/report.ts';
import { shorten, shown, timeText } from './text/format.ts';
import type { Paint } from './text/paint.ts';

/** How many policies, and kinds of failure of each, are listed. */
const MOST_POLICIES = 20;
const MOST_FAILURES = 10;

/** A report for a person: who, when, how many sessions under which policy, and what failed. */
export function reportText(report: ReceivedReport, paint: Paint): readonly string[] {
  const contact = report.contactInfo === undefined ? '' : ` (${report.contactInfo})`;
  const organization = report.organizationName === '' ? 'not named' : report.organizationName;
  const lines = [
    `  from      ${word(organization)}${word(contact)}`,
    `  report-id ${word(report.reportId)}`,
    `  range     ${timeText(report.start)} to ${timeText(report.end)}`,
  ];
  for (const result of report.policies.slice(0, MOST_POLICIES)) {
    lines.push(...policyText(result, paint));
  }
  const left = report.policies.length - MOST_POLICIES;
  if (left > 0) lines.push(paint('dim', `  and ${left} more policies`));
  return lines;
}

function policyText(result: ReceivedPolicyResult, paint: Paint): readonly string[] {
  const { policy, successes, failures } = result;
  const type = policy.type === 'other' ? `other (${policy.rawType})` : policy.type;
  const guess = policy.domainFrom === 'report' ? '' : ` (from ${policy.domainFrom})`;
  const domain = policy.domain === '' ? 'domain not known' : `${policy.domain}${guess}`;
  const failed = `${failures} failed`;
  const numbers = `${successes} good, ${failures === 0 ? failed : paint('bad', failed)}`;
  const kinds = failureKinds(result.details);
  const left = kinds.length - MOST_FAILURES;
  return [
    `  ${word(`${type} ${domain}`)}: ${numbers}`,
    ...kinds.slice(0, MOST_FAILURES).map(([kind, count]) => `    ${count} × ${word(kind)}`),
    ...(left > 0 ? [paint('dim', `    and ${left} more kinds`)] : []),
  ];
}

/** Failures by type, MX host and reason, the most frequent first: some senders list every address. */
function failureKinds(
  details: readonly ReceivedDetail[],
): readonly (readonly [kind: string, count: number])[] {
  const kinds = new Map<string, number>();
  for (const detail of details) {
    const kind = kindText(detail);
    kinds.set(kind, (kinds.get(kind) ?? 0) + detail.count);
  }
  return Array.from(kinds).sort(([, a], [, b]) => b - a);
}

function kindText(detail: ReceivedDetail): string {
  const { resultType, rawResultType, receivingMxHostname, reasonCode } = detail;
  const type = resultType === 'unknown' ? `unknown (${rawResultType})` : resultType;
  const host = receivingMxHostname === undefined ? '' : ` at ${receivingMxHostname}`;
  return `${type}${host}${reasonCode === undefined ? '' : `: ${reasonCode}`}`;
}

/** A stranger's text for one line. */
function word(text: string): string {
  return shown(shorten(text, 200));
}
