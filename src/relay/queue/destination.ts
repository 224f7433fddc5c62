/**
 * Where a recipient's mail goes before any route is applied: what jobs are made of.
 *
 * @module
 */
import { parseMailbox } from '../../smtp/mailbox.ts';
import { addressLiteral, parseNextHop } from '../../tls-policy/next-hop.ts';

/** Only to tell domains from literals: the port plays no part in a destination. */
const ANY_PORT = 25;

/**
 * The recipient's domain, normalised, or its address literal in brackets. An address that cannot
 * be read stays a destination too, of whatever follows its `@`: its delivery fails, and its author
 * hears of it.
 */
export function destinationOf(address: string): string {
  const mailbox = parseMailbox(address);
  if (!mailbox.ok) return unreadable(address);
  const { domain } = mailbox.value;
  if (!domain.startsWith('[')) return domain;
  const hop = parseNextHop(domain, ANY_PORT);
  return hop.ok && hop.value.kind === 'address' ? addressLiteral(hop.value.address) : domain;
}

function unreadable(address: string): string {
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  return domain.replaceAll('\0', '').toWellFormed().slice(0, 255);
}
