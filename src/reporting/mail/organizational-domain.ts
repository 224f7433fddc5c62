/**
 * Which names belong to one organisation (RFC 7489 §3.2).
 *
 * @module
 */
import { getDomain } from 'tldts';
import { normalizeName } from '../../dns/name.ts';
import { isPlatform } from './shared-domains.ts';

/**
 * The organisational domain: one label below the public suffix, those of hosters included
 * (`a.github.io` and `b.github.io` are strangers). Below a mail platform each name is an organisation,
 * that of one customer, and the platform is another one. A public suffix, an address, or what is no name
 * is its own organisation.
 *
 * @returns lower-case A-labels for a name
 */
export function organizationalDomain(name: string): string {
  const normal = normalizeName(name);
  if (!normal.ok) return name.toLowerCase();
  const organization = getDomain(normal.value, { allowPrivateDomains: true }) ?? normal.value;
  return isPlatform(organization) ? normal.value : organization;
}

/** Do both names belong to one organisation? Relaxed alignment (RFC 7489 §3.1.1). */
export function isSameOrganization(one: string, other: string): boolean {
  return one !== '' && organizationalDomain(one) === organizationalDomain(other);
}
