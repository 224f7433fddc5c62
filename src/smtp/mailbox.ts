/**
 * Mailboxes as the envelope knows them (RFC 5321 §4.1.2, RFC 6531 §3.3).
 *
 * @module
 */
import { isIPv4, isIPv6 } from 'node:net';
import { normalizeName } from '../dns/name.ts';
import { fail, ok } from '../failure.ts';
import type { Outcome } from '../failure.ts';
import { printable } from '../printable.ts';

/** A mailbox that was read. */
export interface Mailbox {
  /** As it was written; a quoted one keeps its quotes. */
  readonly localPart: string;
  /** For routing: lower-case A-labels, or an address literal with its brackets. */
  readonly domain: string;
  /** The whole mailbox in the spelling it came in. */
  readonly address: string;
  /** The local part is not ASCII: no server without SMTPUTF8 can take it (RFC 6531 §3.2). */
  readonly smtpUtf8: boolean;
}

/** RFC 5321 §4.5.3.1.1, in octets. */
const MAX_LOCAL_PART = 64;
/** RFC 5321 §4.5.3.1.3: a path is 256 octets with its brackets. */
const MAX_ADDRESS = 254;

const DOT_STRING =
  /^[\w!#$%&'*+\-/=?^`{|}~\u{a0}-\u{10ffff}]+(?:\.[\w!#$%&'*+\-/=?^`{|}~\u{a0}-\u{10ffff}]+)*$/u;
const QUOTED_STRING = /^"(?:[ !#-[\]-~\u{a0}-\u{10ffff}]|\\[ -~])*"$/u;
/** Invisible characters that make one address look like another, or break a line. */
const INVISIBLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufeff]/u;
const NOT_ASCII = /[^\0-\x7f]/;

/**
 * Reads `local-part@domain`. Source routes, comments and display names are refused
 * (`SMTP_ADDRESS_INVALID`); quoted local parts, address literals and U-labels are read.
 */
export function parseMailbox(text: string): Outcome<Mailbox> {
  if (text.length > MAX_ADDRESS || Buffer.byteLength(text) > MAX_ADDRESS) {
    return invalid(text, `it is longer than ${MAX_ADDRESS} octets`);
  }
  if (INVISIBLE.test(text)) return invalid(text, 'it has a control or invisible character');
  const at = text.lastIndexOf('@');
  if (at === -1) return invalid(text, 'it has no @');
  const localPart = text.slice(0, at);
  const fault = localPartFault(localPart);
  if (fault !== undefined) return invalid(text, fault);
  const domain = readDomain(text.slice(at + 1));
  if (domain === undefined) return invalid(text, 'what follows the @ is no domain');
  return ok({ localPart, domain, address: text, smtpUtf8: NOT_ASCII.test(localPart) });
}

/** What a server is able to take. */
export interface AddressAbilities {
  readonly smtpUtf8: boolean;
}

/**
 * The spelling that goes on the wire: as written, except that a domain in U-labels becomes A-labels
 * where SMTPUTF8 is not in use. A local part that is not ASCII needs it (`SMTP_SMTPUTF8_MISSING`).
 */
export function wireAddress(mailbox: Mailbox, abilities: AddressAbilities): Outcome<string> {
  if (abilities.smtpUtf8 || !NOT_ASCII.test(mailbox.address)) return ok(mailbox.address);
  if (!mailbox.smtpUtf8) return ok(`${mailbox.localPart}@${mailbox.domain}`);
  return fail(
    'SMTP_SMTPUTF8_MISSING',
    `"${printable(mailbox.address)}" has a local part beyond ASCII and SMTPUTF8 is not offered`,
  );
}

function localPartFault(localPart: string): string | undefined {
  if (localPart === '') return 'nothing stands before the @';
  if (Buffer.byteLength(localPart) > MAX_LOCAL_PART) {
    return `the part before the @ is longer than ${MAX_LOCAL_PART} octets`;
  }
  if (DOT_STRING.test(localPart) || QUOTED_STRING.test(localPart)) return undefined;
  return 'the part before the @ has a character that must be quoted, or a dot out of place';
}

function readDomain(text: string): string | undefined {
  if (text.startsWith('[')) return readLiteral(text);
  // A trailing dot is right in DNS and wrong in a mailbox (RFC 5321 §4.1.2).
  if (text.endsWith('.')) return undefined;
  const name = normalizeName(text, { hostName: true });
  return name.ok ? name.value : undefined;
}

/** `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3). */
function readLiteral(text: string): string | undefined {
  const inner = /^\[(.+)\]$/.exec(text)?.[1];
  if (inner === undefined) return undefined;
  if (isIPv4(inner)) return text;
  const address = /^IPv6:([0-9a-f:.]+)$/i.exec(inner)?.[1];
  return address !== undefined && isIPv6(address) ? `[IPv6:${address.toLowerCase()}]` : undefined;
}

function invalid(text: string, why: string): Outcome<never> {
  return fail('SMTP_ADDRESS_INVALID', `"${printable(text, 100)}" is not a mailbox: ${why}`);
}
