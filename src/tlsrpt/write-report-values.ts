/**
 * The single values of a report, brought into the one form in which they are written (RFC 8460 §4.4).
 *
 * @module
 */
import { isIP, SocketAddress } from 'node:net';
import { normalizeName } from '../dns/name.ts';

/** RFC 5321 §4.5.3.1.1, in octets. */
const MAX_LOCAL_PART = 64;
/** Longest name that a server may give itself (RFC 5321 §4.5.3.1.2), in characters. */
const MAX_HELO = 255;

const DOT_ATOM =
  /^[\w!#$%&'*+\-/=?^`{|}~\u{a0}-\u{10ffff}]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\u{a0}-\u{10ffff}]+)*$/u;
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u;
/** One record: three octets and the data in one piece, single spaces (RFC 8460 §4.4). */
const TLSA = /^\d{1,3} \d{1,3} \d{1,3} (?:[0-9A-Fa-f]{2})+$/;

/**
 * The domain of a plain mailbox, which is the submitter of a report (RFC 8460 §5.3), as A-labels;
 * undefined for anything else: display names, angle brackets, address literals, quoted local parts.
 */
export function mailboxDomain(contact: string): string | undefined {
  const at = contact.lastIndexOf('@');
  const localPart = contact.slice(0, Math.max(0, at));
  if (!DOT_ATOM.test(localPart) || INVISIBLE.test(localPart)) return undefined;
  if (Buffer.byteLength(localPart) > MAX_LOCAL_PART) return undefined;
  const text = contact.slice(at + 1);
  const domain = normalizeName(text, { hostName: true });
  return domain.ok && !text.endsWith('.') ? domain.value : undefined;
}

/** An address as a report writes it: dotted IPv4, IPv6 as in RFC 5952; undefined for anything else. */
export function canonicalIp(text: string): string | undefined {
  switch (isIP(text)) {
    case 4:
      return text;
    case 6:
      return canonicalIpv6(text);
    default:
      return undefined;
  }
}

function canonicalIpv6(text: string): string | undefined {
  // A zone index means something on one host only.
  if (text.includes('%')) return undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  // What a socket for both families calls an IPv4 peer.
  const mapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : '';
  return isIP(mapped) === 4 ? mapped : address;
}

/** A pattern of `mx-host` as A-labels, `*.` kept; undefined for what is no pattern (RFC 8461 §4.1). */
export function mxPattern(text: string): string | undefined {
  const wild = text.startsWith('*.');
  const name = normalizeName(wild ? text.slice(2) : text);
  if (!name.ok) return undefined;
  return wild ? `*.${name.value}` : name.value;
}

/** Whether it is one TLSA record as a report writes it. */
export function isTlsaString(text: string): boolean {
  return TLSA.test(text);
}

/**
 * The name that a server gave itself: the first word of its reply to EHLO, whose first line says
 * no more than that (RFC 5321 §4.1.1.1). Takes the whole reply, with or without codes, or the name.
 */
export function heloName(reply: string): string | undefined {
  const start = skipCode(reply);
  let end = start;
  while (end < reply.length && end - start < MAX_HELO && isWordCharacter(reply.charCodeAt(end))) {
    end += 1;
  }
  const word = reply.slice(start, end).toWellFormed();
  return word === '' ? undefined : word;
}

/** Past `250-` or `250 `. */
function skipCode(reply: string): number {
  for (let index = 0; index < 3; index += 1) {
    const code = reply.charCodeAt(index);
    if (!(code >= 0x30 && code <= 0x39)) return 0;
  }
  return reply[3] === '-' || reply[3] === ' ' ? 4 : 0;
}

function isWordCharacter(code: number): boolean {
  return code > 0x20 && !(code >= 0x7f && code <= 0xa0);
}

/** Whether it is an absolute URI in US-ASCII (RFC 3986). */
export function isUri(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/.test(text) && !/["<>\\^`{|}]/.test(text);
}
