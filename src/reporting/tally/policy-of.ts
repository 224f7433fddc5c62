/**
 * The policies of a decision as a report names them.
 *
 * @module
 */
import { tlsaText } from '../../dane/tlsa-text.ts';
import type { Tlsa } from '../../dns/types.ts';
import type { ActivePolicy } from '../../mta-sts/types.ts';
import type { ReportPolicy } from '../../tlsrpt/report.ts';

/** An STS policy: its lines as they were fetched, faults and all, and its patterns (RFC 8460 §4.4). */
export function stsReportPolicy({ policyDomain, policy }: ActivePolicy): ReportPolicy {
  return {
    type: 'sts',
    domain: policyDomain,
    strings: policy.text.split(/\r\n|\r|\n/).filter((line) => line !== ''),
    mxHosts: policy.mx,
  };
}

/** An STS policy of which nothing but the domain is known: it could not be fetched, or not be read. */
export function unknownStsPolicy(domain: string): ReportPolicy {
  return { type: 'sts', domain, strings: [], mxHosts: [] };
}

/**
 * A TLSA RRset at its base domain (RFC 8460 §1.1), all of it, usable or not. Name servers hand
 * records out in turns: in order they are one policy, not many.
 */
export function tlsaReportPolicy(baseDomain: string, records: readonly Tlsa[]): ReportPolicy {
  const strings = [...new Set(records.map(tlsaText))].toSorted();
  return { type: 'tlsa', domain: baseDomain, strings, mxHosts: [] };
}

/** Neither DANE nor MTA-STS was found for the domain (RFC 8460 §4.4). */
export function noPolicy(domain: string): ReportPolicy {
  return { type: 'no-policy-found', domain, strings: [], mxHosts: [] };
}
