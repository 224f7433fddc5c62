/**
 * A policy as it is counted and stored: its text, and the digest by which it is known.
 *
 * @module
 */
import { hash } from 'node:crypto';
import type { ReportPolicy } from '../../tlsrpt/report.ts';
import type { PolicyRow } from './types.ts';

/** A row of `tally_policy`, whatever the day. */
export type PolicyText = Omit<PolicyRow, 'day'>;

/**
 * The digest is equal for equal policies, and for no others (RFC 8460 §4.4: type, domain, strings,
 * patterns). A policy that is too long loses its last lines, then its last patterns: no real one is
 * near the limit, and a domain or a local process could fill memory and store with others.
 *
 * @param longest characters of lines and patterns together
 */
export function policyText(
  { type, domain, strings, mxHosts }: ReportPolicy,
  longest: number,
): { readonly text: PolicyText; readonly isCut: boolean } {
  const whole = textOf({ type, domain, strings, mxHosts });
  if (whole.strings.length + whole.mxHosts.length <= longest) return { text: whole, isCut: false };
  // A quarter for the patterns, which say less than the lines.
  const patterns = startOf(mxHosts, longest / 4);
  const lines = startOf(strings, longest - JSON.stringify(patterns).length);
  return { text: textOf({ type, domain, strings: lines, mxHosts: patterns }), isCut: true };
}

/** The first ones that fit as JSON. */
function startOf(texts: readonly string[], longest: number): readonly string[] {
  let length = 2;
  const end = texts.findIndex((text) => (length += JSON.stringify(text).length + 1) > longest);
  return end === -1 ? texts : texts.slice(0, end);
}

function textOf({ type, domain, strings, mxHosts }: ReportPolicy): PolicyText {
  const [lines, patterns] = [JSON.stringify(strings), JSON.stringify(mxHosts)];
  // The JSON of all four in a list.
  const digest = digestOf(`["${type}",${JSON.stringify(domain)},${lines},${patterns}]`);
  return { digest, type, domain, strings: lines, mxHosts: patterns };
}

/** 144 bits: enough that two texts never share one, short enough to stand in every key. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 24);
}
