/**
 * Making counts fit for a report: what another's server said may not break it.
 *
 * @module
 */
import { normalizeName } from '../../dns/name.ts';
import type { FailureDetail, PolicyResult, ReportPolicy } from '../../tlsrpt/report.ts';
import { canonicalIp, isTlsaString, isUri, mxPattern } from '../../tlsrpt/write-report-values.ts';

/** What a report tells of a reason at most, in characters. */
const LONGEST_REASON = 200;
/** A line of a policy at most, in characters. */
const LONGEST_STRING = 1_000;

/** What is left out on purpose. */
export interface Redaction {
  /** The addresses of our own hosts (RFC 8460 §8). */
  readonly omitSendingIp: boolean;
}

/**
 * A policy with its counts as it may stand in a report; undefined where its domain is none. Values
 * that a report cannot hold are left out, and failures that are equal without them become one.
 */
export function cleanPolicy(result: PolicyResult, redaction: Redaction): PolicyResult | undefined {
  const policy = cleanHead(result.policy);
  if (policy === undefined) return undefined;
  const { successes, failures } = result;
  const details = new Map<string, FailureDetail>();
  for (const detail of result.details) {
    const clean = cleanDetail(detail, redaction);
    const key = JSON.stringify({ ...clean, count: 0 });
    const count = clean.count + (details.get(key)?.count ?? 0);
    details.set(key, { ...clean, count: Math.min(count, failures) });
  }
  const kinds = Array.from(details.values()).filter(({ count }) => count > 0);
  return { policy, successes, failures, details: kinds.toSorted((a, b) => b.count - a.count) };
}

function cleanHead({ type, domain, strings, mxHosts }: ReportPolicy): ReportPolicy | undefined {
  const name = normalizeName(domain);
  if (!name.ok) return undefined;
  return {
    type,
    domain: name.value,
    strings: type === 'no-policy-found' ? [] : strings.flatMap((line) => cleanString(type, line)),
    mxHosts: type === 'sts' ? mxHosts.flatMap((host) => mxPattern(host) ?? []) : [],
  };
}

function cleanString(type: ReportPolicy['type'], line: string): readonly string[] {
  if (type === 'tlsa') return isTlsaString(line) ? [line] : [];
  // A line that somebody smuggled into another one is a line of its own.
  return line
    .toWellFormed()
    .split(/[\r\n]+/)
    .filter((each) => each !== '')
    .map((each) => each.slice(0, LONGEST_STRING).toWellFormed());
}

function cleanDetail(detail: FailureDetail, { omitSendingIp }: Redaction): FailureDetail {
  const { resultType, count, receivingMxHelo, additionalInformation, reasonCode } = detail;
  const sendingMtaIp = omitSendingIp ? undefined : ipOf(detail.sendingMtaIp);
  const receivingIp = ipOf(detail.receivingIp);
  const host = detail.receivingMxHostname;
  const hostName = host === undefined ? undefined : normalizeName(host);
  return {
    resultType,
    count,
    ...(sendingMtaIp === undefined ? {} : { sendingMtaIp }),
    ...(hostName?.ok === true ? { receivingMxHostname: hostName.value } : {}),
    ...(receivingMxHelo === undefined ? {} : { receivingMxHelo }),
    ...(receivingIp === undefined ? {} : { receivingIp }),
    ...(additionalInformation === undefined || !isUri(additionalInformation)
      ? {}
      : { additionalInformation }),
    ...(reasonCode === undefined || reasonCode === ''
      ? {}
      : { reasonCode: reasonCode.slice(0, LONGEST_REASON).toWellFormed() }),
  };
}

function ipOf(address: string | undefined): string | undefined {
  return address === undefined ? undefined : canonicalIp(address);
}
