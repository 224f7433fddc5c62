/**
 * From what was counted to the report (RFC 8460 §4).
 *
 * @module
 */
import { reportId } from '../../tlsrpt/report-file.ts';
import type { PolicyResult, TlsReport } from '../../tlsrpt/report.ts';
import { submitterOf } from '../../tlsrpt/write-report.ts';
import type { SubjectTally } from '../types.ts';
import { cleanPolicy } from './clean-policy.ts';
import { limitPolicies, REPORT_LIMITS } from './limit-policies.ts';
import type { ReportCut, ReportLimits, SenderIdentity } from './types.ts';
import { endOf, startOf } from '../day.ts';

/** A report, and what did not fit in. */
export interface BuiltReport {
  readonly report: TlsReport;
  readonly cut: ReportCut;
}

/**
 * The report of a subject and a day. The same counts give the same report with the same id, on every
 * node and after every crash.
 *
 * @returns undefined where there is nothing to report: no session, or none that failed and only
 *   failures are reported
 */
export function buildReport(tally: SubjectTally, sender: SenderIdentity): TlsReport | undefined {
  return buildLimitedReport(tally, sender)?.report;
}

/** As {@link buildReport}, and tells what was summed up because there was too much. */
export function buildLimitedReport(
  tally: SubjectTally,
  sender: SenderIdentity,
  limits: ReportLimits = REPORT_LIMITS,
): BuiltReport | undefined {
  const counted = tally.policies
    .flatMap((result) => cleanPolicy(result, sender) ?? [])
    .filter(({ successes, failures }) => successes + failures > 0);
  const isWorthIt = sender.report === 'all' || counted.some(({ failures }) => failures > 0);
  if (counted.length === 0 || !isWorthIt) return undefined;
  const { policies, cut } = limitPolicies(counted, limits);
  const { day, domain } = tally;
  const report = {
    organizationName: sender.organization,
    contactInfo: sender.contact,
    reportId: reportId({ day, domain, submitter: submitterOf(sender.contact) }),
    start: startOf(day),
    end: endOf(day),
    policies,
  };
  return { report, cut };
}

/**
 * One tally of the two that a host may have which is a recipient domain as well. The counts of the
 * host hold those of the domain's own DANE sessions: these are not told twice.
 */
export function mergeTallies(recipient: SubjectTally, mxHost: SubjectTally): SubjectTally {
  if (mxHost.policies.length === 0) return recipient;
  if (recipient.policies.length === 0) return mxHost;
  const isOfHost = ({ policy }: PolicyResult): boolean =>
    policy.type === 'tlsa' && policy.domain === mxHost.domain;
  const others = recipient.policies.filter((result) => !isOfHost(result));
  return { ...recipient, policies: [...others, ...mxHost.policies] };
}
