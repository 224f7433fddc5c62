/**
 * What a place for reports is counted and suppressed by.
 *
 * @module
 */
import { normalizeName } from '../../dns/name.ts';
import type { ReportTarget } from '../../tlsrpt/types.ts';

/** The address or the URL of a target. */
export function targetText(target: ReportTarget): string {
  return target.kind === 'mailto' ? target.address : target.url;
}

/**
 * One name for all spellings of a place: the address in lower case without `+tag`, or the host,
 * whatever the port. Whoever wants to flood a place can write it in many ways.
 */
export function placeOf(target: ReportTarget): string {
  if (target.kind === 'https') return hostOf(target.url);
  const { address } = target;
  const at = address.lastIndexOf('@');
  const localPart = address.slice(0, at).toLowerCase();
  return `${localPart.replace(/(?<=.)\+.*$/, '')}${address.slice(at)}`;
}

/**
 * The names under which a target may be suppressed: the address as it is and without `+tag`, then
 * its domain or host and each domain above.
 */
export function suppressionKeys(target: ReportTarget): readonly string[] {
  if (target.kind === 'https') return withParents(hostOf(target.url));
  const address = target.address.toLowerCase();
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return [...new Set([address, placeOf(target)]), ...withParents(domain)];
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

/** A place as it is suppressed: an address, a domain or a host; undefined for what is none of them. */
export function readPlace(text: string): string | undefined {
  const bare = text
    .trim()
    .replace(/^mailto:/i, '')
    .replace(/^https:\/\/([^/?#:]+).*$/i, '$1');
  const at = bare.lastIndexOf('@');
  const domain = normalizeName(bare.slice(at + 1), { hostName: true });
  if (!domain.ok || at === 0 || bare.length > 320 || /[\s\p{C}]/u.test(bare)) return undefined;
  return at === -1 ? domain.value : `${bare.slice(0, at).toLowerCase()}@${domain.value}`;
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
