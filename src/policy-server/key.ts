/**
 * The key of a request: the next hop as the MTA's configuration writes it. Whatever can have no
 * policy is recognised here, without a question to anybody.
 *
 * @module
 */
import { type NextHop, parseNextHop } from '../tls-policy/next-hop.ts';

/** The longest key worth reading: a name of U-labels, brackets and a port. */
const MAX_KEY = 1_100;

/** Control characters, spaces and slashes: in no next hop that goes over TCP. */
const NEVER = /[\0-\x20/\x7f]/;
const ASCII = /^[\0-\x7f]*$/;

/** `[host]:service`: Postfix knows ports by name too (`/etc/services`). */
const NAMED_PORT = /^(?<host>.+):(?<service>[a-z]+)$/i;
const SERVICES: Readonly<Record<string, number>> = {
  smtp: 25,
  submission: 587,
  submissions: 465,
  smtps: 465,
};

/**
 * Reads a key: a domain, `[host]`, either with a port, in any case, with U-labels in UTF-8.
 *
 * @param key an octet in each character (latin1)
 * @param defaultPort the port where the key names none
 * @returns undefined where there can be no policy: `.parent` domains, addresses, paths, nonsense
 */
export function readKey(key: string, defaultPort: number): NextHop | undefined {
  // Postfix asks for each parent domain with a dot before it: by far the most frequent of these.
  if (key === '' || key.startsWith('.') || key.length > MAX_KEY || NEVER.test(key))
    return undefined;
  const text = ASCII.test(key) ? key : fromUtf8(key);
  if (text === undefined) return undefined;
  const nextHop = parseNextHop(withNumber(text), defaultPort);
  return nextHop.ok && canHavePolicy(nextHop.value) ? nextHop.value : undefined;
}

function fromUtf8(latin1: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return undefined;
  }
}

function withNumber(text: string): string {
  const { host, service } = NAMED_PORT.exec(text)?.groups ?? {};
  const port = service === undefined ? undefined : SERVICES[service.toLowerCase()];
  return port === undefined ? text : `${host}:${port}`;
}

/**
 * RFC 8461 §3.4: no policy for address literals. A label that begins with an underscore names no
 * host; one inside a label is met in the names of smart hosts.
 */
function canHavePolicy(nextHop: NextHop): boolean {
  if (nextHop.kind === 'address') return false;
  const name = nextHop.kind === 'domain' ? nextHop.domain : nextHop.host;
  return !/(?:^|\.)_/.test(name) && !/(?:^|\.)\d+$/.test(name);
}
