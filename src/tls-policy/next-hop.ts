/**
 * Where a message is to go: a domain whose MX records are looked up, a smart host, or an address literal.
 *
 * @module
 */

/** The next hop (RFC 8461 §1.1, §3.4). */
export type NextHop =
  /** A mail domain: MX records are looked up. */
  | { readonly kind: 'domain'; readonly domain: string; readonly port: number }
  /** `[host]` or `[host]:port`: no MX look-up; the host is the policy domain (RFC 8461 §3.4). */
  | { readonly kind: 'host'; readonly host: string; readonly port: number }
  /** `[192.0.2.1]`, `[IPv6:2001:db8::1]`: no policy (RFC 8461 §3.4). */
  | { readonly kind: 'address'; readonly address: string; readonly port: number };
