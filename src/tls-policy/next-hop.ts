/**
 * Where a message is to go: a domain whose MX records are looked up, a smart host, or an address literal.
 *
 * @module
 */
import { isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { normalizeName } from '../dns/name.ts';
import { fail, ok, type Outcome } from '../failure.ts';

/** The next hop (RFC 8461 §1.1, §3.4). */
export type NextHop =
  /** A mail domain: MX records are looked up. */
  | { readonly kind: 'domain'; readonly domain: string; readonly port: number }
  /** `[host]` or `[host]:port`: no MX look-up; the host is the policy domain (RFC 8461 §3.4). */
  | { readonly kind: 'host'; readonly host: string; readonly port: number }
  /** `[192.0.2.1]`, `[IPv6:2001:db8::1]`: no policy (RFC 8461 §3.4). */
  | { readonly kind: 'address'; readonly address: string; readonly port: number };

/** The port of SMTP between servers (RFC 5321 §4.5.4.2): not written in {@link nextHopText}. */
const SMTP_PORT = 25;

/** What a person writes: `name`, `name:port`, `[inside]`, `[inside]:port`. */
const SHAPE = /^(?:\[(?<inside>[^[\]]+)\]|(?<domain>[^[\]:]+))(?::(?<port>\d{1,5}))?$/u;

/**
 * Reads a next hop as Postfix and RFC 5321 §4.1.3 write it. Names become A-labels in lower case
 * without trailing dot, addresses their shortest form.
 *
 * @param defaultPort the port where the text names none
 * @returns `POLICY_NEXT_HOP_INVALID` for anything else; a bare IP address is no domain
 */
export function parseNextHop(text: string, defaultPort: number): Outcome<NextHop> {
  const parts = SHAPE.exec(text)?.groups;
  if (parts === undefined) return invalid(text, 'not of the form name, [host] or [address]');
  const port = parts['port'] === undefined ? defaultPort : Number(parts['port']);
  if (port < 1 || port > 65_535) return invalid(text, `port ${port} is not in 1…65535`);
  return parts['inside'] === undefined
    ? domainHop(text, parts['domain'] ?? '', port)
    : bracketHop(text, parts['inside'], port);
}

/** Writes a next hop so that {@link parseNextHop} reads it back with default port 25. */
export function nextHopText(nextHop: NextHop): string {
  const port = nextHop.port === SMTP_PORT ? '' : `:${nextHop.port}`;
  switch (nextHop.kind) {
    case 'domain':
      return `${nextHop.domain}${port}`;
    case 'host':
      return `[${nextHop.host}]${port}`;
    case 'address':
      return `${addressLiteral(nextHop.address)}${port}`;
    default:
      return nextHop satisfies never;
  }
}

/** An address in brackets, as RFC 5321 §4.1.3 writes it. */
export function addressLiteral(address: string): string {
  return isIPv6(address) ? `[IPv6:${address}]` : `[${address}]`;
}

/**
 * The policy domain of a next hop (RFC 8461 §1.1, §3.4): the domain as it was named, never its
 * CNAME target nor a parent; undefined for an address literal, which has none.
 */
export function policyDomainOf(nextHop: NextHop): string | undefined {
  switch (nextHop.kind) {
    case 'domain':
      return nextHop.domain;
    case 'host':
      return nextHop.host;
    case 'address':
      return undefined;
    default:
      return nextHop satisfies never;
  }
}

function domainHop(text: string, domain: string, port: number): Outcome<NextHop> {
  if (isIP(domain) !== 0) return invalid(text, 'an address must stand in brackets');
  const name = normalizeName(domain);
  if (!name.ok) return invalid(text, name.failure.detail);
  if (name.value === '') return invalid(text, 'the root is no mail domain');
  return ok({ kind: 'domain', domain: name.value, port });
}

function bracketHop(text: string, inside: string, port: number): Outcome<NextHop> {
  const address = inside.replace(/^ipv6:/i, '');
  const tagged = address !== inside;
  if (isIPv6(address)) {
    return address.includes('%')
      ? invalid(text, 'an address with a zone says nothing to another host')
      : ok({ kind: 'address', address: shortIPv6(address), port });
  }
  if (tagged) return invalid(text, `${address} is not an IPv6 address`);
  if (isIPv4(address)) return ok({ kind: 'address', address, port });
  const name = normalizeName(inside);
  if (!name.ok) return invalid(text, name.failure.detail);
  // 192.0.2.300 is a name by the letter of DNS, and never one that somebody meant.
  if (name.value === '' || /^[\d.]+$/.test(name.value)) return invalid(text, 'no host name');
  return ok({ kind: 'host', host: name.value, port });
}

/** One spelling for one address (RFC 5952): keys and logs must not differ. */
function shortIPv6(address: string): string {
  return new SocketAddress({ family: 'ipv6', address }).address;
}

function invalid(text: string, why: string): Outcome<NextHop> {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return fail('POLICY_NEXT_HOP_INVALID', `next hop ${JSON.stringify(shown)}: ${why}`);
}
