/**
 * Writing a report (RFC 8460 §4.4): strict, and the same bytes for the same facts every time.
 *
 * @module
 */
import { normalizeName } from '../dns/name.ts';
import { RESULT_TYPES } from '../failure.ts';
import {
  POLICY_TYPES,
  type FailureDetail,
  type PolicyResult,
  type ReportPolicy,
  type TlsReport,
} from './report.ts';
import {
  canonicalIp,
  heloName,
  isTlsaString,
  isUri,
  mailboxDomain,
  mxPattern,
} from './write-report-values.ts';

/** Longest report-id, in characters: it stands in a Subject and in a Message-ID. */
export const MAX_REPORT_ID = 128;

const MINUTE = 60_000;
/** `left@right`, so that the JSON and the Subject can say the same (RFC 8460 §5.3). */
const REPORT_ID = /^[!-~]+$/;

/** A report as it stands in its JSON, keys in the order of RFC 8460 §4.4. */
export interface ReportJson {
  readonly 'organization-name': string;
  readonly 'date-range': { readonly 'start-datetime': string; readonly 'end-datetime': string };
  readonly 'contact-info': string;
  readonly 'report-id': string;
  readonly policies: readonly PolicyResultJson[];
}

/** One entry of `policies`. */
export interface PolicyResultJson {
  readonly policy: PolicyJson;
  readonly summary: {
    readonly 'total-successful-session-count': number;
    readonly 'total-failure-session-count': number;
  };
  /** Absent where there is nothing to tell. */
  readonly 'failure-details'?: readonly FailureDetailJson[];
}

/** The policy of an entry. */
export interface PolicyJson {
  readonly 'policy-type': string;
  readonly 'policy-string'?: readonly string[];
  readonly 'policy-domain': string;
  /** Always a list (erratum 6241). */
  readonly 'mx-host'?: readonly string[];
}

/** One entry of `failure-details`. */
export interface FailureDetailJson {
  readonly 'result-type': string;
  readonly 'sending-mta-ip'?: string;
  readonly 'receiving-mx-hostname'?: string;
  readonly 'receiving-mx-helo'?: string;
  readonly 'receiving-ip'?: string;
  readonly 'failed-session-count': number;
  readonly 'additional-information'?: string;
  readonly 'failure-reason-code'?: string;
}

/** The bytes of a report: one line of JSON in UTF-8. Throws as {@link reportJson}. */
export function writeReport(report: TlsReport): Uint8Array {
  return Buffer.from(JSON.stringify(reportJson(report)));
}

/**
 * A report as JSON. Names become A-labels, a reply to EHLO becomes the name in it, entries that
 * say the same of the same become one. `end` is written as the second before it, `23:59:59Z`.
 *
 * @throws TypeError for what no caller may hand in: it would not be a report of RFC 8460
 */
export function reportJson(report: TlsReport): ReportJson {
  if (report.policies.length === 0) wrong('a report without policies');
  if (report.organizationName.trim() === '') wrong('an empty organization name');
  return {
    'organization-name': text(report.organizationName, 'organization name'),
    'date-range': dateRange(report),
    'contact-info': contact(report.contactInfo),
    'report-id': checkedId(report.reportId),
    policies: joinPolicies(report.policies.map(policyResult)),
  };
}

/** The submitter of a report: the domain of its contact (RFC 8460 §5.3). Throws where it is no mailbox. */
export function submitterOf(contactInfo: string): string {
  return mailboxDomain(contactInfo) ?? wrong(`contact ${shown(contactInfo)} is no plain mailbox`);
}

/** Full minutes only: else a reader could not tell `…:59` from an end of that second. */
function dateRange({ start, end }: TlsReport): ReportJson['date-range'] {
  for (const at of [start, end]) {
    if (!Number.isSafeInteger(at) || at % MINUTE !== 0) wrong(`${at} ms is no full minute`);
  }
  if (start >= end) wrong(`the range ${start} to ${end} is empty`);
  return { 'start-datetime': dateTime(start), 'end-datetime': dateTime(end - 1000) };
}

function dateTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, -'.000Z'.length)}Z`;
}

function contact(contactInfo: string): string {
  const domain = submitterOf(contactInfo);
  return `${contactInfo.slice(0, contactInfo.lastIndexOf('@'))}@${domain}`;
}

function checkedId(id: string): string {
  const parts = id.split('@');
  const isId = parts.length === 2 && !parts.includes('') && REPORT_ID.test(id);
  if (!isId || /[<>]/.test(id)) wrong(`report-id ${shown(id)} is not of the form left@right`);
  if (id.length > MAX_REPORT_ID) wrong(`report-id has ${id.length} characters`);
  return id;
}

function policyResult({ policy, successes, failures, details }: PolicyResult): PolicyResultJson {
  count(successes, 0, 'successes');
  count(failures, 0, 'failures');
  const written = joinDetails(details.map(failureDetail));
  // A session may fail in several ways, but no way is taken by more sessions than failed.
  const most = written.reduce((high, one) => Math.max(high, one['failed-session-count']), 0);
  if (most > failures) wrong(`a detail of ${most} sessions where ${failures} failed`);
  return {
    policy: policyJson(policy),
    summary: {
      'total-successful-session-count': successes,
      'total-failure-session-count': failures,
    },
    ...(written.length > 0 ? { 'failure-details': written } : {}),
  };
}

function policyJson({ type, domain, strings, mxHosts }: ReportPolicy): PolicyJson {
  if (!POLICY_TYPES.includes(type)) wrong(`policy-type ${shown(type)}`);
  if (type === 'no-policy-found' && strings.length > 0)
    wrong('no-policy-found with policy strings');
  if (type !== 'sts' && mxHosts.length > 0) wrong(`${type} with mx-host`);
  const patterns = mxHosts.map(
    (host) => mxPattern(host) ?? wrong(`mx-host ${shown(host)} is no pattern`),
  );
  return {
    'policy-type': type,
    ...(strings.length > 0
      ? { 'policy-string': strings.map((line) => policyString(type, line)) }
      : {}),
    'policy-domain': name(domain, 'policy-domain'),
    ...(patterns.length > 0 ? { 'mx-host': patterns } : {}),
  };
}

function policyString(type: ReportPolicy['type'], line: string): string {
  if (type === 'tlsa' && !isTlsaString(line)) wrong(`${shown(line)} is no TLSA record`);
  if (/[\r\n]/.test(line)) wrong(`policy string ${shown(line)} is more than one line`);
  return text(line, 'policy string');
}

function failureDetail(detail: FailureDetail): FailureDetailJson {
  if (!RESULT_TYPES.includes(detail.resultType)) wrong(`result-type ${shown(detail.resultType)}`);
  const { sendingMtaIp, receivingMxHostname, receivingMxHelo, receivingIp } = detail;
  const { additionalInformation: uri, reasonCode } = detail;
  if (uri !== undefined && !isUri(uri)) wrong(`additional-information ${shown(uri)} is no URI`);
  const helo = receivingMxHelo === undefined ? undefined : heloName(receivingMxHelo);
  return {
    'result-type': detail.resultType,
    ...given('sending-mta-ip', ip(sendingMtaIp)),
    ...given(
      'receiving-mx-hostname',
      receivingMxHostname === undefined
        ? undefined
        : name(receivingMxHostname, 'receiving-mx-hostname'),
    ),
    ...given('receiving-mx-helo', helo),
    ...given('receiving-ip', ip(receivingIp)),
    'failed-session-count': count(detail.count, 1, 'sessions of a detail'),
    ...given('additional-information', uri),
    ...given(
      'failure-reason-code',
      reasonCode === undefined || reasonCode === '' ? undefined : text(reasonCode, 'reason code'),
    ),
  };
}

function given<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, string>>);
}

function joinPolicies(results: readonly PolicyResultJson[]): readonly PolicyResultJson[] {
  const key = ({ policy }: PolicyResultJson): string => JSON.stringify(policy);
  return joinEqual(results, key, (one, other) => {
    const details = [...(one['failure-details'] ?? []), ...(other['failure-details'] ?? [])];
    const sum = (of: keyof PolicyResultJson['summary']): number =>
      count(one.summary[of] + other.summary[of], 0, 'sessions');
    return {
      policy: one.policy,
      summary: {
        'total-successful-session-count': sum('total-successful-session-count'),
        'total-failure-session-count': sum('total-failure-session-count'),
      },
      ...(details.length > 0 ? { 'failure-details': joinDetails(details) } : {}),
    };
  });
}

/** RFC 8460 §4.4: one entry for what differs in nothing but the count; the most frequent first. */
function joinDetails(details: readonly FailureDetailJson[]): readonly FailureDetailJson[] {
  const key = (detail: FailureDetailJson): string =>
    JSON.stringify({ ...detail, 'failed-session-count': 0 });
  const joined = joinEqual(details, key, (one, other) => ({
    ...one,
    'failed-session-count': count(
      one['failed-session-count'] + other['failed-session-count'],
      1,
      'sessions of a detail',
    ),
  }));
  return joined.toSorted((a, b) => b['failed-session-count'] - a['failed-session-count']);
}

function joinEqual<T>(
  items: readonly T[],
  key: (item: T) => string,
  join: (one: T, other: T) => T,
): readonly T[] {
  const byKey = new Map<string, T>();
  for (const item of items) {
    const id = key(item);
    const same = byKey.get(id);
    byKey.set(id, same === undefined ? item : join(same, item));
  }
  return Array.from(byKey.values());
}

function name(domain: string, what: string): string {
  const normal = normalizeName(domain);
  return normal.ok ? normal.value : wrong(`${what} ${shown(domain)} is no domain name`);
}

function ip(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  return canonicalIp(address) ?? wrong(`${shown(address)} is no IP address`);
}

function count(value: number, least: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < least) wrong(`${what}: ${value}`);
  return value;
}

/** I-JSON has no lone surrogates (RFC 7493 §2.1). */
function text(value: string, what: string): string {
  return value.isWellFormed() ? value : wrong(`${what} ${shown(value)} is no Unicode text`);
}

function shown(value: string): string {
  return JSON.stringify(value.slice(0, 80));
}

function wrong(what: string): never {
  throw new TypeError(`not a report of RFC 8460: ${what}`);
}
