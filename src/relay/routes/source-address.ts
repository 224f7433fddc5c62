/**
 * Which addresses of a host can be reached from a given address of this machine.
 *
 * @module
 */
import { isIP } from 'node:net';
import type { HostPolicy } from '../../tls-policy/types.ts';

/**
 * The host without addresses of the other family. One that has no other is refused: another host,
 * or another day, may do.
 *
 * @param localAddress undefined: the system chooses, and every address may do
 */
export function reachableFrom(host: HostPolicy, localAddress: string | undefined): HostPolicy {
  if (localAddress === undefined || host.requirement.kind === 'refused') return host;
  const family = isIP(localAddress);
  const addresses = host.addresses.filter((address) => isIP(address) === family);
  if (addresses.length === host.addresses.length) return host;
  if (addresses.length > 0) return { ...host, addresses };
  const detail = `no address of ${host.host} can be reached from local address ${localAddress}: it has IPv${family === 4 ? 6 : 4} alone`;
  return {
    ...host,
    addresses,
    requirement: {
      kind: 'refused',
      failure: { code: 'ROUTE_LOCAL_ADDRESS', detail },
      rule: 'RFC 5321 §5.1',
    },
    why: detail,
  };
}
