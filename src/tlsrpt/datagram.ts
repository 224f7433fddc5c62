/**
 * Reading the datagrams of libtlsrpt, by which a mail server (Postfix ≥ 3.10) tells what came of a
 * session. Whatever comes is read or refused, nothing throws, and the common case is fast.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import { normalizeName } from '../dns/name.ts';
import type { ErrorCode } from '../errors.ts';
import type { Failure } from '../failure.ts';
import { nestsDeeperThan } from '../json.ts';
import { printable } from '../printable.ts';
import { isObject, type Note } from './datagram-object.ts';
import { readDatagramPolicy } from './datagram-policy.ts';
import type { SessionResult } from './session-result.ts';

/** Largest datagram that is read, in octets; Linux sends up to about 200 kB by default. */
export const MAX_DATAGRAM_BYTES = 262_144;
/** Deepest JSON: a datagram has 5 levels. */
export const MAX_DATAGRAM_DEPTH = 32;

/** A session is held to one or two policies. */
const MAX_POLICIES = 32;
/** A longer record is not what DNS carries. */
const MAX_RECORD = 65_535;

/** What was read from a datagram. */
export type DatagramReading =
  | {
      readonly kind: 'results';
      /** One for each policy, never empty. */
      readonly results: readonly SessionResult[];
      /** The text of the `_smtp._tls` record that the mail server saw; '' where it does not say. */
      readonly record: string;
      /** What was odd, each code once. */
      readonly notes: readonly ErrorCode[];
    }
  | { readonly kind: 'invalid'; readonly failure: Failure };

/**
 * Reads one datagram.
 *
 * @param at when it came, milliseconds since the Unix epoch: it carries no time of its own
 */
export function readDatagram(bytes: Uint8Array, at: number): DatagramReading {
  if (bytes.length === 0) return invalid('DATAGRAM_EMPTY', 'a datagram without content');
  if (bytes.length > MAX_DATAGRAM_BYTES) {
    const size = `${bytes.length} octets, more than ${MAX_DATAGRAM_BYTES}`;
    return invalid('DATAGRAM_TOO_LARGE', `a datagram of ${size}`);
  }
  if (nestsDeeperThan(bytes, MAX_DATAGRAM_DEPTH)) {
    return invalid('DATAGRAM_TOO_DEEP', `JSON nested deeper than ${MAX_DATAGRAM_DEPTH} levels`);
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  const parsed = parse(text);
  if (parsed === undefined) {
    return invalid('DATAGRAM_NOT_JSON', `${bytes.length} octets: ${printable(text, 80)}`);
  }
  if (!isObject(parsed)) {
    return invalid('DATAGRAM_NOT_OBJECT', `JSON, but no object: ${printable(text, 80)}`);
  }
  const isLossy = text.includes('\ufffd') && !isUtf8(bytes);
  return readObject(parsed, at, isLossy ? ['DATAGRAM_NOT_UTF8'] : []);
}

function readObject(
  datagram: Readonly<Record<string, unknown>>,
  at: number,
  notes: ErrorCode[],
): DatagramReading {
  const { d, dpv, pr, policies } = datagram;
  const domain = typeof d === 'string' ? normalizeName(d) : undefined;
  if (domain === undefined || !domain.ok) {
    const why = domain?.failure.detail ?? `"d" is ${d === undefined ? 'missing' : 'no text'}`;
    return invalid('DATAGRAM_NO_DOMAIN', why);
  }
  if (!Array.isArray(policies) || policies.length === 0) {
    const what = Array.isArray(policies) ? 'empty' : 'no list';
    return invalid('DATAGRAM_NO_POLICIES', `${domain.value}: "policies" is ${what}`);
  }
  if (policies.length > MAX_POLICIES) {
    const detail = `${domain.value}: ${policies.length} policies, more than ${MAX_POLICIES}`;
    return invalid('DATAGRAM_TOO_MANY_POLICIES', detail);
  }
  const note: Note = (code) => {
    if (!notes.includes(code)) notes.push(code);
  };
  // Before its first public version the library did not name one.
  if (dpv !== undefined && dpv !== '1' && dpv !== 1) note('DATAGRAM_VERSION');
  const record = typeof pr === 'string' && pr.length <= MAX_RECORD ? pr : '';
  if (record === '') note('DATAGRAM_NO_RECORD');
  const results: SessionResult[] = [];
  for (const policy of policies as readonly unknown[]) {
    const result = isObject(policy)
      ? readDatagramPolicy(policy, { at, recipientDomain: domain.value, note })
      : note('DATAGRAM_POLICY_UNKNOWN');
    if (result !== undefined) results.push(result);
  }
  if (results.length > 0) return { kind: 'results', results, record, notes };
  const detail = `${domain.value}: nothing to count in ${policies.length} policies (${notes.join(', ')})`;
  return invalid('DATAGRAM_NO_POLICIES', detail);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function invalid(code: ErrorCode, detail: string): DatagramReading {
  return { kind: 'invalid', failure: { code, detail } };
}
