/**
 * One policy in a datagram of libtlsrpt, and what came of the session under it.
 *
 * @module
 */
import { isNormalName, normalizeName } from '../dns/name.ts';
import { readDatagramFailures, type DatagramFailure } from './datagram-failure.ts';
import type { Note } from './datagram-object.ts';
import type { PolicyType, ReportPolicy } from './report.ts';
import type { SessionResult } from './session-result.ts';
import { isTlsaString, mxPattern } from './write-report-values.ts';

/** More than any policy has lines, in RFC 8461 terms a policy of nothing but short `mx` lines. */
const MAX_STRINGS = 1000;
const MAX_STRING = 4096;
const NONE: readonly string[] = [];
/** What a session that failed for no stated cause is counted as. */
const UNSTATED: readonly DatagramFailure[] = [{ resultType: 'validation-failure' }];

/** What a policy needs to know of its datagram. */
export interface DatagramContext {
  readonly at: number;
  readonly recipientDomain: string;
  readonly note: Note;
}

/** Reads one policy; undefined, with a note, where there is nothing to count. */
export function readDatagramPolicy(
  policy: Readonly<Record<string, unknown>>,
  context: DatagramContext,
): SessionResult | undefined {
  const { at, recipientDomain, note } = context;
  const type = policyType(policy['policy-type']);
  if (type === undefined) {
    note('DATAGRAM_POLICY_UNKNOWN');
    return undefined;
  }
  const details = policy['failure-details'];
  const read = details === undefined ? undefined : readDatagramFailures(details, note);
  const failures = result(policy['f'], read, note);
  if (failures === undefined) return undefined;
  return {
    at,
    recipientDomain,
    policy: reportPolicy(type, policy, read?.failures[0]?.receivingMxHostname, context),
    failures,
  };
}

function policyType(value: unknown): PolicyType | undefined {
  switch (value) {
    case 1:
      return 'tlsa';
    case 2:
      return 'sts';
    case 9:
      return 'no-policy-found';
    default:
      return undefined;
  }
}

/**
 * `f` decides: 0 is a success whatever else is said, so that a policy in `testing` whose session
 * failed is a failure even though the mail went out. Undefined: the session never came to a result.
 */
function result(
  f: unknown,
  read: ReturnType<typeof readDatagramFailures> | undefined,
  note: Note,
): readonly DatagramFailure[] | undefined {
  const failures = read?.failures ?? [];
  if (f !== 0 && f !== 1) note('DATAGRAM_RESULT');
  const failed = f === undefined ? failures.length > 0 : f !== 0;
  if (!failed) {
    if (failures.length > 0) note('DATAGRAM_RESULT');
    return [];
  }
  if (failures.length > 0) return failures;
  if (read?.unfinished === true) {
    note('DATAGRAM_UNFINISHED');
    return undefined;
  }
  note('DATAGRAM_RESULT');
  return UNSTATED;
}

function reportPolicy(
  type: PolicyType,
  policy: Readonly<Record<string, unknown>>,
  mxHost: string | undefined,
  { recipientDomain, note }: DatagramContext,
): ReportPolicy {
  const named = domainOf(policy['policy-domain']);
  // Postfix before 3.10.5 names no domain where it found no policy: there it is the recipient's.
  if (named === undefined && type !== 'no-policy-found') note('DATAGRAM_POLICY_DOMAIN');
  const near = type === 'tlsa' ? (mxHost ?? recipientDomain) : recipientDomain;
  return {
    type,
    domain: named ?? near,
    strings: policyStrings(type, policy['policy-string'], note),
    mxHosts: type === 'sts' ? mxHosts(policy['mx-host'], note) : NONE,
  };
}

function domainOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const name = normalizeName(value);
  return name.ok ? name.value : undefined;
}

function policyStrings(type: PolicyType, value: unknown, note: Note): readonly string[] {
  if (type === 'no-policy-found') return NONE;
  const strings = texts(value, note);
  if (type === 'sts') return strings.some(isBroken) ? strings.flatMap(lines) : strings;
  // Servers hand the records out in turns, and hex may be in either case: one set, one text.
  const records = strings.map((text) => text.toLowerCase()).filter(isTlsaString);
  if (records.length < strings.length) note('DATAGRAM_VALUE_DROPPED');
  return records.length > 1 ? Array.from(new Set(records)).sort() : records;
}

/** A string is one line, of Unicode. */
function isBroken(text: string): boolean {
  return text.includes('\n') || text.includes('\r') || !text.isWellFormed();
}

function lines(text: string): readonly string[] {
  return text.toWellFormed().split(/\r\n|\r|\n/);
}

function mxHosts(value: unknown, note: Note): readonly string[] {
  const hosts = texts(value, note);
  if (hosts.every(isNormalName)) return hosts;
  const patterns = hosts.map(mxPattern).filter((pattern) => pattern !== undefined);
  if (patterns.length < hosts.length) note('DATAGRAM_VALUE_DROPPED');
  return patterns;
}

/** The texts of a list; one text alone is a list of one. */
function texts(value: unknown, note: Note): readonly string[] {
  if (value === undefined) return NONE;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length <= MAX_STRINGS && list.every(isShortText)) return list;
  note('DATAGRAM_CUT');
  return list.slice(0, MAX_STRINGS).filter(isShortText);
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_STRING;
}
