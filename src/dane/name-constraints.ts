/**
 * DNS name constraints (RFC 5280 §4.2.1.10).
 *
 * @module
 */
import type { DnsConstraints } from '../tls/certificate-fields.ts';

/**
 * Whether a DNS name lies outside of what is permitted or inside of what is excluded. A wildcard is
 * also excluded if it could stand for an excluded name.
 */
export function dnsConstraintBroken(constraints: DnsConstraints, name: string): boolean {
  const { permitted, excluded } = constraints;
  if (permitted !== undefined && !permitted.some((base) => isWithin(name, base))) return true;
  return excluded.some((base) => isWithin(name, base) || covers(name, base));
}

/** The name itself or below; '' is everything; with a leading dot (not in the RFC, but in use) only below. */
function isWithin(name: string, base: string): boolean {
  const [one, other] = [plain(name), plain(base)];
  if (other === '' || one === other) return true;
  return one.endsWith(other.startsWith('.') ? other : `.${other}`);
}

/** `*.example.com` can stand for `mail.example.com`. */
function covers(name: string, base: string): boolean {
  const [one, other] = [plain(name), plain(base)];
  return one.startsWith('*.') && other.replace(/^[^.]+/, '') === one.slice(1);
}

function plain(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
