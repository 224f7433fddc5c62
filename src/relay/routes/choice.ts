/**
 * What follows from a route: what its hop must show, how TLS begins there, and who may share a session.
 *
 * @module
 */
import { isLoopback } from '../../smtp/loopback.ts';
import type { HopDemand } from '../../tls-policy/types.ts';
import { nextHopText, type NextHop } from '../../tls-policy/next-hop.ts';
import type { RouteChoice } from './types.ts';

/** The port on which TLS begins with the first octet (RFC 8314 §7.3). */
const SUBMISSIONS_PORT = 465;

/** A route to a next hop and nothing else. */
export function plainRoute(nextHop: NextHop): RouteChoice {
  return { name: nextHopText(nextHop), nextHop, tls: 'policy' };
}

/**
 * What the next hop must show on top of its own policies. A password is worth verified TLS, whatever
 * else the route says; to loopback nobody listens on the way.
 */
export function hopDemandOf({ name, nextHop, tls, auth }: RouteChoice): HopDemand | undefined {
  if (auth !== undefined && !leadsToLoopback(nextHop)) {
    return { kind: 'verify', route: name, because: tls === 'verify' ? 'setting' : 'password' };
  }
  return tls === 'policy' ? undefined : { kind: tls, route: name, because: 'setting' };
}

/** TLS from the first octet on the port that is for it, STARTTLS elsewhere (RFC 8314 §3.3). */
export function tlsStartOf({ nextHop }: RouteChoice): 'implicit' | 'starttls' {
  return nextHop.port === SUBMISSIONS_PORT ? 'implicit' : 'starttls';
}

/**
 * Messages whose next hop and route have the same key may travel over the same session. Without a
 * route it is the text of the next hop. There is no password in it.
 */
export function hopKey(nextHop: NextHop, route: RouteChoice | undefined): string {
  const hop = nextHopText(nextHop);
  if (route === undefined) return hop;
  const { tls, auth, heloName, localAddress } = route;
  return `${hop} ${JSON.stringify([tls, auth?.user, heloName, localAddress])}`;
}

/** An address of this machine, known without asking DNS. */
export function leadsToLoopback(nextHop: NextHop): boolean {
  return nextHop.kind === 'address' && isLoopback(nextHop.address);
}
