/**
 * Routes: where an operator sends the mail of some domains instead of to their MX, and how.
 *
 * @module
 */
import type { Credentials } from '../../smtp/types.ts';
import type { NextHop } from '../../tls-policy/next-hop.ts';

/** The TLS that a route asks for on top of what the policies of its next hop ask. */
export type RouteTls =
  /** Nothing more. */
  | 'policy'
  /** TLS with any certificate. */
  | 'encrypt'
  /** A certificate that DANE or the web PKI vouches for. */
  | 'verify';

/** A route as delivery sees it. */
export interface RouteChoice {
  /** Its patterns, or the first of them; the same for all its mail, which may share sessions. */
  readonly name: string;
  readonly nextHop: NextHop;
  /** Said inside verified TLS alone, and to loopback. */
  readonly auth?: Credentials;
  readonly tls: RouteTls;
  /** Replaces `smtp.helo_name`. */
  readonly heloName?: string;
  /** Replaces `smtp.local_address`. */
  readonly localAddress?: string;
}

/** The routes of one configuration, with their passwords as the files held them. */
export interface Routes {
  /**
   * The route of a destination: a domain, or an address literal in brackets. Undefined: it has none,
   * so its own MX or address counts.
   */
  of(destination: string): RouteChoice | undefined;
}
