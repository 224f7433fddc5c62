/**
 * The failures in a datagram of libtlsrpt.
 *
 * @module
 */
import { normalizeName } from '../dns/name.ts';
import type { ResultType } from '../failure.ts';
import { printable } from '../printable.ts';
import { isObject, type Note } from './datagram-object.ts';
import type { FailureDetail } from './report.ts';
import { canonicalIp, heloName, isUri } from './write-report-values.ts';

/** A failure of one session. */
export type DatagramFailure = Omit<FailureDetail, 'count'>;

/** What a list of failures says. */
export interface DatagramFailures {
  /** Each once. */
  readonly failures: readonly DatagramFailure[];
  /** The library itself says that a policy was never brought to an end. */
  readonly unfinished: boolean;
}

/** The failure codes of libtlsrpt 0.5. */
const RESULT_CODES: ReadonlyMap<unknown, ResultType> = new Map([
  [201, 'starttls-not-supported'],
  [202, 'certificate-host-mismatch'],
  [203, 'certificate-not-trusted'],
  [204, 'certificate-expired'],
  [205, 'validation-failure'],
  [301, 'sts-policy-fetch-error'],
  [302, 'sts-policy-invalid'],
  [303, 'sts-webpki-invalid'],
  [304, 'tlsa-invalid'],
  [305, 'dnssec-invalid'],
  [306, 'dane-required'],
]);
/** "Unfinished policy": the sender's own trouble, no result of a session. */
const UNFINISHED = 901;

/** One session does not fail in more ways. */
const MAX_FAILURES = 32;
const MAX_REASON = 300;
const MAX_URI = 2048;
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;

/** Reads `failure-details`; a single object is a list of one. */
export function readDatagramFailures(value: unknown, note: Note): DatagramFailures {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > MAX_FAILURES) note('DATAGRAM_CUT');
  const failures: DatagramFailure[] = [];
  let unfinished = false;
  for (const entry of list.slice(0, MAX_FAILURES)) {
    if (!isObject(entry)) note('DATAGRAM_VALUE_DROPPED');
    else if (entry['c'] === UNFINISHED) unfinished = true;
    else failures.push(readFailure(entry, note));
  }
  return { failures: failures.length > 1 ? eachOnce(failures) : failures, unfinished };
}

function readFailure(detail: Readonly<Record<string, unknown>>, note: Note): DatagramFailure {
  const take = <T extends string>(
    key: string,
    read: (text: string) => T | undefined,
  ): T | undefined => {
    const value = detail[key];
    if (value === undefined) return undefined;
    const text = typeof value === 'string' ? read(value) : undefined;
    if (text === undefined) note('DATAGRAM_VALUE_DROPPED');
    return text;
  };
  const failure: { -readonly [K in keyof DatagramFailure]: DatagramFailure[K] } = {
    resultType: RESULT_CODES.get(detail['c']) ?? 'validation-failure',
  };
  const sendingMtaIp = take('s', address);
  if (sendingMtaIp !== undefined) failure.sendingMtaIp = sendingMtaIp;
  const host = take('n', hostName);
  if (host !== undefined) failure.receivingMxHostname = host;
  const helo = take('h', heloName);
  if (helo !== undefined) failure.receivingMxHelo = helo;
  const receivingIp = take('r', address);
  if (receivingIp !== undefined) failure.receivingIp = receivingIp;
  const uri = take('a', shortUri);
  if (uri !== undefined) failure.additionalInformation = uri;
  const reason = reasonOf(detail['c'], take('f', reasonText), note);
  if (reason !== undefined) failure.reasonCode = reason;
  return failure;
}

/** A code that no table knows is kept where a reader of the report finds it. */
function reasonOf(code: unknown, reason: string | undefined, note: Note): string | undefined {
  if (RESULT_CODES.has(code)) return reason;
  note('DATAGRAM_RESULT_UNKNOWN');
  const raw = typeof code === 'number' || typeof code === 'string' ? String(code) : 'none';
  const shown = `libtlsrpt code ${printable(raw.toWellFormed(), 40)}`;
  return reason === undefined ? shown : `${shown}: ${reason}`;
}

/** `192.0.2.1`, and as in address literals: `[192.0.2.1]`, `IPv6:2001:db8::1`. */
function address(text: string): string | undefined {
  return canonicalIp(text) ?? canonicalIp(text.replace(/^\[?(?:IPv6:)?|\]$/gi, ''));
}

function hostName(text: string): string | undefined {
  const name = normalizeName(text);
  return name.ok ? name.value : undefined;
}

function shortUri(text: string): string | undefined {
  return text.length <= MAX_URI && isUri(text) ? text : undefined;
}

function reasonText(text: string): string | undefined {
  const line = text.slice(0, MAX_REASON).toWellFormed().replace(CONTROL, ' ').trim();
  return line === '' ? undefined : line;
}

function eachOnce(failures: readonly DatagramFailure[]): readonly DatagramFailure[] {
  return Array.from(
    new Map(failures.map((failure) => [JSON.stringify(failure), failure])).values(),
  );
}
