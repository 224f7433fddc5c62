/**
 * A report as rows of the store, and back.
 *
 * @module
 */
import type { ReceivedPolicyTable, ReceivedReportTable } from '../../store/archive-tables.ts';
import type { ReceivedDetail, ReceivedPolicyResult, ReceivedReport } from '../../tlsrpt/report.ts';
import type { IncomingReport } from '../types.ts';
import { contentDigest, identityOf } from './digest.ts';
import { isKnownDomain } from './known-domains.ts';
import {
  byDomain,
  type CountedReport,
  countingDay,
  domainKey,
  type Sessions,
  sessionsOf,
} from './rollup.ts';
import { senderOf } from './sender-name.ts';
import { storable } from './storable.ts';

/** Longest texts of the sender, in characters; the octets as they came hold the rest. */
const LONGEST_ID = 1_000;
const LONGEST_NAME = 300;
/** More domains than any report has that is meant well. */
const MOST_DOMAINS = 200;
/** In the place of the domains beyond these. */
export const MORE_DOMAINS = '*';

/** What follows from a report, before anybody asks the store. */
export interface ReportFacts {
  readonly sender: string;
  readonly identity: string;
  readonly digest: string;
  readonly isVerified: boolean;
  readonly day: number;
  /** By place in `report.policies`: is its domain one of ours? */
  readonly ours: readonly boolean[];
  /** Sessions of all domains of ours together. */
  readonly sessions: Sessions;
}

/** Works out the facts. @param domains the patterns of the settings */
export function factsOf(
  { report, authenticity, hints }: Pick<IncomingReport, 'report' | 'authenticity' | 'hints'>,
  domains: readonly string[],
): ReportFacts {
  const sender = senderOf(report, authenticity, hints);
  const ours = report.policies.map(({ policy }) => isKnownDomain(policy.domain, domains));
  return {
    sender,
    identity: identityOf(sender, report.reportId),
    digest: contentDigest(report),
    isVerified: authenticity.kind === 'verified',
    day: countingDay(report),
    ours,
    sessions: allSessions(oursOf(report.policies, ours)),
  };
}

function oursOf<T>(policies: readonly T[], ours: readonly boolean[]): readonly T[] {
  return policies.filter((_, index) => ours[index]);
}

function allSessions(results: readonly ReceivedPolicyResult[]): Sessions {
  let [successes, failures] = [0, 0];
  for (const ofDomain of byDomain(results).values()) {
    const sessions = sessionsOf(ofDomain);
    successes += sessions.successes;
    failures += sessions.failures;
  }
  return { successes, failures };
}

/** What counts of it. */
export function countedReport(incoming: IncomingReport, facts: ReportFacts): CountedReport {
  return {
    day: facts.day,
    sender: facts.sender,
    isVerified: facts.isVerified,
    receivedAt: incoming.receivedAt,
    policies: oursOf(incoming.report.policies, facts.ours),
  };
}

/** The columns that follow from what a report says: a later reading may change them. */
export function understoodColumns(
  report: ReceivedReport,
  facts: ReportFacts,
  deviations: readonly string[],
): Omit<
  ReceivedReportTable,
  'id' | 'state' | 'other_id' | keyof ReturnType<typeof arrivalColumns>
> {
  const domains = [...new Set(report.policies.map(({ policy }) => policy.domain))];
  return {
    sender: facts.sender,
    identity: facts.identity,
    digest: facts.digest,
    report_id: storable(report.reportId, LONGEST_ID),
    organization: storable(report.organizationName, LONGEST_NAME),
    contact: report.contactInfo === undefined ? null : storable(report.contactInfo, LONGEST_NAME),
    starts_at: report.start,
    ends_at: report.end,
    day: facts.day,
    deviations: JSON.stringify(deviations),
    domains: domainsText(domains),
    successes: facts.sessions.successes,
    failures: facts.sessions.failures,
  };
}

function domainsText(domains: readonly string[]): string {
  const names = domains.slice(0, MOST_DOMAINS).map(domainKey);
  if (domains.length > MOST_DOMAINS) names.push(MORE_DOMAINS);
  return names.map((name) => ` ${name} `).join('');
}

/** The columns that say how it came: nothing changes them. */
export function arrivalColumns(
  incoming: IncomingReport,
): Pick<
  ReceivedReportTable,
  | 'received_at'
  | 'way'
  | 'auth_kind'
  | 'auth_domain'
  | 'auth_selector'
  | 'auth_notes'
  | 'verified'
  | 'hints'
  | 'size'
  | 'has_details'
> {
  const { authenticity } = incoming;
  return {
    received_at: incoming.receivedAt,
    way: incoming.way,
    auth_kind: authenticity.kind,
    auth_domain: 'domain' in authenticity ? storable(authenticity.domain, LONGEST_NAME) : null,
    auth_selector:
      authenticity.kind === 'verified' ? storable(authenticity.selector, LONGEST_NAME) : null,
    auth_notes: JSON.stringify(authenticity.notes),
    verified: authenticity.kind === 'verified' ? 1 : 0,
    hints: JSON.stringify(incoming.hints ?? {}),
    size: incoming.raw.length,
    has_details: 1,
  };
}

/** The rows of its policies. */
export function policyRows(
  id: string,
  report: ReceivedReport,
  facts: ReportFacts,
): readonly ReceivedPolicyTable[] {
  return report.policies.map(({ policy, successes, failures, details }, number) => ({
    report_id: id,
    number,
    type: policy.type,
    raw_type: storable(policy.rawType, LONGEST_NAME),
    domain: domainKey(policy.domain),
    domain_from: policy.domainFrom,
    ours: facts.ours[number] === true ? 1 : 0,
    day: facts.day,
    successes,
    failures,
    strings: JSON.stringify(policy.strings),
    mx_hosts: JSON.stringify(policy.mxHosts),
    details: JSON.stringify(details),
  }));
}

/** What a row of a policy says. */
export function policyResultOf(row: ReceivedPolicyTable): ReceivedPolicyResult {
  return {
    policy: {
      type: row.type,
      rawType: row.raw_type,
      domain: row.domain,
      domainFrom: row.domain_from,
      strings: JSON.parse(row.strings) as string[],
      mxHosts: JSON.parse(row.mx_hosts) as string[],
    },
    successes: row.successes,
    failures: row.failures,
    details: JSON.parse(row.details) as ReceivedDetail[],
  };
}
