/**
 * What usable TLSA records ask of a host, with the names a DANE-TA certificate may carry.
 *
 * @module
 */
import type { DaneState } from '../dane/types.ts';
import type { DaneDemand, Evidence } from './types.ts';

/**
 * The reference identifiers for DANE-TA (RFC 7672 §3.2.2), the TLSA base domain first. Where the
 * path to the host is secure, the next hop's own name and its securely expanded form count too;
 * over an insecure MX RRset the MX host's name is all there is.
 */
export function daneDemand(
  usable: Extract<DaneState, { kind: 'usable' }>,
  evidence: Evidence,
): DaneDemand {
  const names = [usable.baseDomain, ...nextHopNames(evidence)];
  return {
    baseDomain: usable.baseDomain,
    usable: usable.usable,
    referenceNames: [...new Set(names)],
  };
}

function nextHopNames({ nextHop, mxSecurity, expandedDomain }: Evidence): readonly string[] {
  switch (nextHop.kind) {
    case 'address':
      return [];
    case 'host':
      // No MX: the host is itself the next hop, whatever its CNAME expands to.
      return [nextHop.host];
    case 'domain':
      if (mxSecurity !== 'secure') return [];
      return expandedDomain === undefined ? [nextHop.domain] : [nextHop.domain, expandedDomain];
    default:
      return nextHop satisfies never;
  }
}
