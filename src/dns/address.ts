/**
 * Addresses as text, and whether an address is this machine.
 *
 * @module
 */
import { isIPv4, isIPv6 } from 'node:net';

/** Four octets as a dotted quad. */
export function ipv4Text(octets: Uint8Array): string {
  return octets.join('.');
}

/** Sixteen octets as RFC 5952 §4 writes them, mapped IPv4 with its dotted quad (§5). */
export function ipv6Text(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((octets[2 * index]! << 8) | octets[2 * index + 1]!).toString(16),
  );
  const mapped = groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff';
  if (mapped) return `::ffff:${ipv4Text(octets.subarray(12))}`;
  const zeros = longestZeros(groups);
  if (zeros.length < 2) return groups.join(':');
  const head = groups.slice(0, zeros.start).join(':');
  const tail = groups.slice(zeros.start + zeros.length).join(':');
  return `${head}::${tail}`;
}

/** Loopback: what is asked there never crosses a wire (RFC 7672 §2.1.1). */
export function isLoopback(address: string): boolean {
  const bare = address.toLowerCase().split('%')[0]!;
  if (isIPv4(bare)) return bare.startsWith('127.');
  if (!isIPv6(bare)) return false;
  return bare === '::1' || bare === '0:0:0:0:0:0:0:1' || /^::ffff:127(?:\.\d+){3}$/.test(bare);
}

function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== '0') start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  });
  return best;
}
