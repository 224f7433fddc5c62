/**
 * In which order the hosts of a policy are tried. Pure but for the random numbers it is given.
 *
 * @module
 */
import type { HostPolicy } from '../tls-policy/types.ts';

/** How this machine would appear in an MX list. Normalised names; addresses in shortest form. */
export interface OwnIdentity {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

/**
 * Drops this machine and every host that is no better (RFC 5321 §5.1): mail must only ever come
 * nearer to its destination. Looks at the whole list, before any verdict (RFC 8461 §8.4).
 */
export function withoutLoops(
  hosts: readonly HostPolicy[],
  own: OwnIdentity,
): readonly HostPolicy[] {
  const ours = hosts.filter(
    (host) =>
      own.names.includes(host.host) ||
      host.addresses.some((address) => own.addresses.includes(address)),
  );
  const best = Math.min(...ours.map((host) => host.preference));
  return hosts.filter((host) => host.preference < best);
}

/**
 * By preference, equals shuffled so that they share the load (RFC 5321 §5.1). What a host must
 * show plays no part (RFC 7672 §2.2.1).
 *
 * @param random gives numbers in [0, 1)
 */
export function walkOrder(
  hosts: readonly HostPolicy[],
  random: () => number,
): readonly HostPolicy[] {
  return hosts
    .map((host) => ({ host, lot: random() }))
    .toSorted((a, b) => a.host.preference - b.host.preference || a.lot - b.lot)
    .map(({ host }) => host);
}
