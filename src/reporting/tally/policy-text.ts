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

/** Equal for equal policies, and for no others (RFC 8460 §4.4: type, domain, strings, patterns). */
export function policyKey({ type, domain, strings, mxHosts }: ReportPolicy): string {
  return JSON.stringify([type, domain, strings, mxHosts]);
}

/** @param key its {@link policyKey} */
export function policyText(
  { type, domain, strings, mxHosts }: ReportPolicy,
  key: string,
): PolicyText {
  const texts = { strings: JSON.stringify(strings), mxHosts: JSON.stringify(mxHosts) };
  return { digest: digestOf(key), type, domain, ...texts };
}

/**
 * A policy whose key is too long loses its last lines and patterns: no real one is near the limit,
 * and a domain or a local process could fill memory and store with others.
 *
 * @param longest characters of its key
 */
export function shortPolicy(policy: ReportPolicy, longest: number): ReportPolicy {
  const room = longest - policyKey({ ...policy, strings: [], mxHosts: [] }).length;
  // A quarter for the patterns, which say less than the lines.
  const mxHosts = startOf(policy.mxHosts, room / 4);
  const strings = startOf(policy.strings, room - JSON.stringify(mxHosts).length);
  return { ...policy, strings, mxHosts };
}

/** The first ones that fit as JSON. */
function startOf(texts: readonly string[], longest: number): readonly string[] {
  let length = 2;
  const end = texts.findIndex((text) => (length += JSON.stringify(text).length + 1) > longest);
  return end === -1 ? texts : texts.slice(0, end);
}

/** 144 bits: enough that two texts never share one, short enough to stand in every key. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 24);
}
