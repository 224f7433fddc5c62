/**
 * Replies that several dialects give, and the names that may stand in one.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import { patternFault } from '../../mta-sts/mx-pattern.ts';
import type { Reply } from '../types.ts';

/** The longest payload that Postfix takes (`socketmap_max_reply_size`), in octets, with `OK `. */
export const MAX_REPLY_BYTES = 100_000;

/** No policy: the client goes on as if it had not asked. */
export const NOT_FOUND: Reply = { kind: 'not-found' };

/** Try again later; the reason is for the client's log. */
export function tempReply({ code, detail }: Failure): Reply {
  return { kind: 'temp', reason: `${code}: ${detail}` };
}

/** The text if the client takes one so long, otherwise TEMP: a reply that is cut would say less than it must. */
export function okReply(text: string): Reply {
  return fits(text)
    ? { kind: 'ok', text }
    : { kind: 'temp', reason: `the answer is longer than ${MAX_REPLY_BYTES} octets` };
}

/** Whether the text fits into a reply. */
export function fits(text: string): boolean {
  return Buffer.byteLength(text) + 'OK '.length <= MAX_REPLY_BYTES;
}

/**
 * The patterns that are host names or wildcards of RFC 8461 §3.2, once each, in lower case. What
 * reads policies lets no other through; a policy from elsewhere (a database, a pin) is not trusted
 * to have been read by it.
 */
export function soundPatterns(patterns: readonly string[]): readonly string[] {
  return [...new Set(patterns.filter(isSound).map((pattern) => pattern.toLowerCase()))];
}

/** The name of an MX record may have a `_`, which no pattern has, and a wildcard may allow it. */
function isSound(pattern: string): boolean {
  return patternFault(pattern.replaceAll('_', 'x')) === undefined;
}

/** `*.example.com` as `.example.com`: how Postfix and Sendmail write it. */
export function dotForm(pattern: string): string {
  return pattern.startsWith('*.') ? pattern.slice(1) : pattern;
}

/** TEMP for a policy that names no host: `match=` must never be empty. */
export const NO_PATTERN: Reply = {
  kind: 'temp',
  reason: 'the MTA-STS policy names no host that can be written',
};
