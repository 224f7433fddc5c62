/**
 * Does a policy let this MX host take mail? (RFC 8461 §4.1)
 *
 * @module
 */
import { normalizeName } from '../dns/name.ts';
import type { StsPolicy } from './types.ts';

/**
 * Whether the name of an MX record fits an `mx` pattern. `*.` stands for exactly one label
 * (RFC 8461 §4.1); case, a trailing dot and U-labels make no difference (RFC 9525 §6.3).
 *
 * @param host the name in the MX record, not what a CNAME makes of it
 */
export function mxMatches(pattern: string, host: string): boolean {
  const name = normalizeName(host);
  const isWildcard = pattern.startsWith('*.');
  const base = normalizeName(isWildcard ? pattern.slice(2) : pattern);
  if (!name.ok || !base.ok) return false;
  return matches(isWildcard ? `*.${base.value}` : base.value, name.value);
}

/**
 * Whether the policy names the MX host. A policy of mode `none` asks nothing of anybody and
 * allows every host (RFC 8461 §5).
 *
 * @param host the name in the MX record, in any spelling
 */
export function policyAllows(policy: Pick<StsPolicy, 'mode' | 'mx'>, host: string): boolean {
  if (policy.mode === 'none') return true;
  const name = normalizeName(host);
  return name.ok && policy.mx.some((pattern) => matches(pattern, name.value));
}

/** Both in lower case, without a trailing dot. */
function matches(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  const firstDot = host.indexOf('.');
  return firstDot > 0 && host.slice(firstDot) === pattern.slice(1);
}
