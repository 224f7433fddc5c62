/**
 * Which addresses a stranger may send us to. Anybody can name a policy host and point it at our own network.
 *
 * @module
 */
import { networkInterfaces } from 'node:os';
import { addressBytes, isIn, parseBlock, type AddressBytes, type Block } from './cidr.ts';

/** Judges addresses before they are connected to. */
export interface AddressGuard {
  allows(address: string): boolean;
  /** Why the address is refused, for a person; undefined if it is allowed. */
  why(address: string): string | undefined;
}

type Table = readonly (readonly [block: string, why: string])[];

/** From the IANA registry of special-purpose IPv4 addresses (RFC 6890). */
const IPV4: Table = [
  ['0.0.0.0/8', 'this network'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'shared by a carrier (CGNAT)'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved for protocols'],
  ['192.0.2.0/24', 'for documentation'],
  ['192.88.99.0/24', 'a 6to4 relay'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'for benchmarks'],
  ['198.51.100.0/24', 'for documentation'],
  ['203.0.113.0/24', 'for documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
];

/** From the IANA registry of special-purpose IPv6 addresses; what is not in 2000::/3 is refused anyway. */
const IPV6: Table = [
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['64:ff9b:1::/48', 'local NAT64'],
  ['100::/63', 'discarded'],
  ['2001:db8::/32', 'for documentation'],
  ['2001::/32', 'Teredo'],
  ['2001:2::/48', 'for benchmarks'],
  ['2001::/23', 'reserved for protocols'],
  ['2002::/16', '6to4'],
  ['3fff::/20', 'for documentation'],
  ['fc00::/7', 'unique local'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'site-local'],
  ['ff00::/8', 'multicast'],
];

/** IPv6 addresses that stand for the IPv4 address in their last four octets: mapped, and NAT64 (RFC 6052 §2.1). */
const WRAPPERS: readonly string[] = ['::ffff:0:0/96', '64:ff9b::/96'];

/**
 * Refuses what is private, local, reserved, or one of this machine's own addresses.
 *
 * @param allow blocks that may be reached all the same, e.g. `10.1.0.0/16`; throws on anything else
 * @param ownAddresses this machine's addresses; default: asked of the system each time
 */
export function createAddressGuard(
  allow: readonly string[],
  ownAddresses: () => readonly string[] = interfaceAddresses,
): AddressGuard {
  const allowed = allow.map(blockOf);
  const tables = [...IPV4, ...IPV6].map(([block, why]) => ({ block: blockOf(block), why }));
  const wrappers = WRAPPERS.map(blockOf);
  const global = blockOf('2000::/3');

  function why(address: string): string | undefined {
    const outer = addressBytes(address);
    if (outer === undefined) return 'not an address';
    const bytes = wrappers.some((wrapper) => isIn(outer, wrapper)) ? outer.slice(12) : outer;
    if (allowed.some((block) => isIn(bytes, block) || isIn(outer, block))) return undefined;
    const special = tables.find(({ block }) => isIn(bytes, block));
    if (special !== undefined) return special.why;
    if (bytes.length === 16 && !isIn(bytes, global)) return 'not a public address';
    return isOneOf(bytes, ownAddresses()) ? "this machine's own" : undefined;
  }

  return { why, allows: (address) => why(address) === undefined };
}

function blockOf(text: string): Block {
  const block = parseBlock(text);
  if (block === undefined) throw new Error(`"${text}" is not a CIDR block`);
  return block;
}

function isOneOf(bytes: AddressBytes, addresses: readonly string[]): boolean {
  return addresses.some((address) => {
    const own = addressBytes(address);
    return own !== undefined && isIn(bytes, { bytes: own, prefix: own.length * 8 });
  });
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
}
