/**
 * Who counts as one client.
 *
 * @module
 */
import { addressBytes } from '../../http/cidr.ts';

/** Who comes by a UNIX socket has no address. */
export const LOCAL_CLIENT = 'local';

/**
 * What limits count as one client: an IPv4 address, however a dual-stack socket shows it, or an
 * IPv6 /64, which is one household.
 */
export function clientKey(address: string | undefined): string {
  const plain = (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
  const bytes = addressBytes(plain);
  if (bytes === undefined) return LOCAL_CLIENT;
  if (bytes.length === 4) return plain;
  return `${Buffer.from(bytes.subarray(0, 8)).toString('hex')}/64`;
}
