/**
 * This machine as MX records may name it, for the loop rule.
 *
 * @module
 */
import { networkInterfaces } from 'node:os';
import type { Config } from '../config/types.ts';
import { ipv4Text, ipv6Text } from '../dns/address.ts';
import { addressBytes } from '../http/cidr.ts';
import type { OwnIdentity } from './mx-walk-order.ts';

/** What of the configuration counts. */
export interface OwnSettings {
  readonly smtp: Pick<Config['smtp'], 'port' | 'heloName'>;
  readonly relay: Pick<Config['relay'], 'listen' | 'listenTls'>;
}

/** Every address of the machine's interfaces, in shortest form, without a zone. */
function systemAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.map(({ address }) => address.replace(/%.*$/, ''));
}

/**
 * MX records lead to the port of `smtp.port`: only who listens there can be one of the hosts they
 * name (RFC 5321 §5.1). Who listens elsewhere is nobody's MX, and what answers on that port of the
 * same machine, under the same name, is another server, to which mail may well go.
 *
 * @param interfaces addresses of this machine, which a listener on all addresses stands for
 */
export function ownIdentity(
  { smtp, relay }: OwnSettings,
  interfaces: () => readonly string[] = systemAddresses,
): OwnIdentity {
  const there = [...relay.listen, ...relay.listenTls]
    .map(listenerOf)
    .filter(({ port }) => port === smtp.port);
  if (there.length === 0) return { names: [], addresses: [] };
  const addresses = there.flatMap(({ address }) => expanded(address, interfaces));
  return { names: [smtp.heloName.toLowerCase()], addresses: [...new Set(addresses)] };
}

function listenerOf(where: string): { readonly address: string; readonly port: number } {
  const colon = where.lastIndexOf(':');
  const address = where.slice(0, colon).replaceAll(/[[\]]/g, '');
  return { address, port: Number(where.slice(colon + 1)) };
}

/** IPv6 on all addresses takes IPv4 as well. */
function expanded(address: string, interfaces: () => readonly string[]): readonly string[] {
  const shortest = shortestAddress(address);
  switch (shortest) {
    case '::':
      return interfaces();
    case '0.0.0.0':
      return interfaces().filter((each) => !each.includes(':'));
    default:
      return [shortest];
  }
}

/** As addresses in DNS answers are written, so that the two can be compared. */
function shortestAddress(address: string): string {
  const bytes = addressBytes(address);
  if (bytes === undefined) return address;
  return bytes.length === 4 ? ipv4Text(bytes) : ipv6Text(bytes);
}
