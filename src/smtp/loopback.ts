/**
 * Addresses that never leave this machine.
 *
 * @module
 */
import { isIPv4 } from 'node:net';

/** `127.0.0.0/8` and `::1`, also as IPv4 inside IPv6 (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  return isIPv4(plain) ? plain.startsWith('127.') : plain === '::1';
}
