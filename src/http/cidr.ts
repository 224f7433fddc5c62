/**
 * Addresses as octets, and blocks of them.
 *
 * @module
 */
import { isIPv4, isIPv6 } from 'node:net';

/** Four or sixteen octets. */
export type AddressBytes = Uint8Array;

/** A block: the first `prefix` bits of an address. */
export interface Block {
  readonly bytes: AddressBytes;
  readonly prefix: number;
}

/** The octets of an address; undefined for anything else. A zone (`%eth0`) is dropped. */
export function addressBytes(address: string): AddressBytes | undefined {
  if (isIPv4(address)) return Uint8Array.from(address.split('.'), Number);
  if (!isIPv6(address)) return undefined;
  const bare = address.split('%')[0]!;
  const [head = '', tail] = withoutDottedQuad(bare).split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0);
  return Uint8Array.from(
    [...left, ...zeros, ...right].flatMap((group) => [group >> 8, group & 255]),
  );
}

/** `192.0.2.0/24`, `2001:db8::/32`, or an address alone; undefined for anything else. */
export function parseBlock(text: string): Block | undefined {
  const [address = '', length, ...more] = text.split('/');
  const bytes = address.includes('%') ? undefined : addressBytes(address);
  if (bytes === undefined || more.length > 0) return undefined;
  const bits = bytes.length * 8;
  if (length === undefined) return { bytes, prefix: bits };
  const prefix = /^[0-9]{1,3}$/.test(length) ? Number(length) : Infinity;
  return prefix <= bits ? { bytes, prefix } : undefined;
}

/** Whether the address is in the block. An address of the other family never is. */
export function isIn(bytes: AddressBytes, block: Block): boolean {
  if (bytes.length !== block.bytes.length) return false;
  const whole = block.prefix >> 3;
  for (let index = 0; index < whole; index += 1) {
    if (bytes[index] !== block.bytes[index]) return false;
  }
  const rest = block.prefix & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return ((bytes[whole]! ^ block.bytes[whole]!) & mask) === 0;
}

function withoutDottedQuad(address: string): string {
  const start = address.lastIndexOf(':') + 1;
  const quad = address.slice(start);
  if (!quad.includes('.')) return address;
  const [a = 0, b = 0, c = 0, d = 0] = quad.split('.').map(Number);
  return `${address.slice(0, start)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
