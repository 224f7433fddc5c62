/**
 * What a place for reports is counted and suppressed by.
 *
 * @module
 */
import { normalizeName } from '../../dns/name.ts';
import type { ReportTarget } from '../../tlsrpt/types.ts';
import { isQuoted, normalLocalPart, withoutTag } from './local-part.ts';

/** The address or the URL of a target. */
export function targetText(target: ReportTarget): string {
  return target.kind === 'mailto' ? target.address : target.url;
}

/**
 * One name for all spellings of a place: the address in lower case without `+tag` and without quotes
 * that it does not need, or the host, whatever the port. Whoever wants to flood a place can write it
 * in many ways.
 */
export function placeOf(target: ReportTarget): string {
  return target.kind === 'https' ? hostOf(target.url) : changed(target.address, withoutTag);
}

/**
 * The names under which a target may be suppressed: the address as it is and without `+tag`, then
 * its domain or host and each domain above.
 */
export function suppressionKeys(target: ReportTarget): readonly string[] {
  if (target.kind === 'https') return withParents(hostOf(target.url));
  const { address } = target;
  const domain = address.slice(address.lastIndexOf('@') + 1);
  const names = [changed(address, normalLocalPart), placeOf(target)];
  return [...new Set(names), ...withParents(domain)];
}

/** The address with its local part rewritten. */
function changed(address: string, rewrite: (localPart: string) => string): string {
  const at = address.lastIndexOf('@');
  return `${rewrite(address.slice(0, at))}${address.slice(at)}`;
}

/** Without brackets and without the dot of the root. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
}

function withParents(name: string): readonly string[] {
  // The parts of an address are no domains.
  if (name.includes(':') || /^[\d.]+$/.test(name)) return [name];
  const labels = name.split('.');
  return labels.map((_, index) => labels.slice(index).join('.'));
}

/** RFC 5321 §4.5.3.1, with room to spare. */
const LONGEST_PLACE = 320;

/** A place as it is suppressed: an address, a domain or a host; undefined for what is none of them. */
export function readPlace(text: string): string | undefined {
  const bare = text.trim();
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(bare)) return undefined;
  return /^https:/i.test(bare) ? hostIn(bare) : addressIn(bare.replace(/^mailto:/i, ''));
}

function addressIn(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  const domain = normalizeName(text.slice(at + 1), { hostName: true });
  if (!domain.ok || at === 0) return undefined;
  if (at === -1) return domain.value;
  const localPart = text.slice(0, at);
  if (/\s/.test(localPart) && !isQuoted(localPart)) return undefined;
  const place = `${normalLocalPart(localPart)}@${domain.value}`;
  return place.length > LONGEST_PLACE ? undefined : place;
}

/** Of a URL that a record might hold: those have no user. */
function hostIn(text: string): string | undefined {
  const url = /^https:\/\/[^/?#]/i.test(text) ? URL.parse(text) : null;
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  const host = normalizeName(hostOf(url.href), { hostName: true });
  return host.ok ? host.value : undefined;
}

/** Does a list of `example.com` and `*.example.com` name the domain? */
export function isListed(domain: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (pattern === '*') return true;
    const below = pattern.startsWith('*.');
    const name = normalizeName(below ? pattern.slice(2) : pattern);
    if (!name.ok) return false;
    return below ? domain.endsWith(`.${name.value}`) : domain === name.value;
  });
}
