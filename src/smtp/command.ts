/**
 * Writes commands (RFC 5321 §4.1.1). Nothing that could end a line early gets through:
 * a value with CR, LF, NUL or another control character makes no command at all.
 *
 * @module
 */
import { fail, ok } from '../failure.ts';
import type { Outcome } from '../failure.ts';
import { printable } from '../printable.ts';
import type { Envelope, Recipient } from './types.ts';
import { encodeUtf8Address, encodeXtext } from './xtext.ts';

/** Longest command line in octets without CRLF; RFC 5321 §4.5.3.1.4 with the growth of all extensions used. */
export const MAX_COMMAND_OCTETS = 1536;
/** RFC 3461 §4.4. */
const MAX_ENVID = 100;
/** RFC 3461 §4.2. */
const MAX_ORCPT = 500;

const PRINTABLE_ASCII = /^[ -~]*$/;
const PRINTABLE_UTF8 = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u;

/** How a command may be written. */
export interface CommandContext {
  /** SMTPUTF8 is in use: addresses may go beyond ASCII (RFC 6531 §3.3). */
  readonly smtpUtf8?: boolean;
}

/** MAIL with its parameters. The address is on its wire spelling already. */
export interface MailCommand extends CommandContext {
  /** `''` is the null reverse-path. */
  readonly from: string;
  readonly size?: number;
  readonly body?: '7BIT' | '8BITMIME';
  readonly ret?: Envelope['ret'];
  /** Unencoded. */
  readonly envid?: string;
  readonly requireTls?: boolean;
}

/** `EHLO name`. */
export function ehlo(name: string): Outcome<string> {
  return oneWord('EHLO', name);
}

/** `HELO name`. */
export function helo(name: string): Outcome<string> {
  return oneWord('HELO', name);
}

/** `MAIL FROM:<…>` with its parameters. */
export function mail(command: MailCommand): Outcome<string> {
  const { from, size, body, ret, envid, requireTls, smtpUtf8 } = command;
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    return fail('SMTP_COMMAND_INVALID', `SIZE=${size} is not a number of octets`);
  }
  const encodedEnvid = envid === undefined ? undefined : encodeXtext(envid);
  if (encodedEnvid !== undefined && (encodedEnvid === '' || encodedEnvid.length > MAX_ENVID)) {
    return fail('SMTP_COMMAND_INVALID', `ENVID must be 1 to ${MAX_ENVID} octets (RFC 3461 §4.4)`);
  }
  const path = pathOf(from);
  if (!path.ok) return path;
  const parameters = [
    size === undefined ? '' : ` SIZE=${size}`,
    body === undefined ? '' : ` BODY=${body}`,
    smtpUtf8 === true ? ' SMTPUTF8' : '',
    ret === undefined ? '' : ` RET=${ret}`,
    encodedEnvid === undefined ? '' : ` ENVID=${encodedEnvid}`,
    requireTls === true ? ' REQUIRETLS' : '',
  ];
  return checked(`MAIL FROM:${path.value}${parameters.join('')}`, command);
}

/** `RCPT TO:<…>` with its parameters. The address is in its wire spelling already. */
export function rcpt(recipient: Recipient, context: CommandContext = {}): Outcome<string> {
  const path = recipient.address === '' ? noPath() : pathOf(recipient.address);
  if (!path.ok) return path;
  const notify = notifyOf(recipient);
  if (!notify.ok) return notify;
  const orcpt = orcptOf(recipient);
  if (!orcpt.ok) return orcpt;
  return checked(`RCPT TO:${path.value}${notify.value}${orcpt.value}`, context);
}

/** `BDAT n` or `BDAT n LAST` (RFC 3030 §2). */
export function bdat(octets: number, position: 'more' | 'last'): string {
  return position === 'last' ? `BDAT ${octets} LAST` : `BDAT ${octets}`;
}

function oneWord(verb: string, word: string): Outcome<string> {
  if (!/^[!-~]+$/.test(word)) {
    return fail('SMTP_COMMAND_INVALID', `"${printable(word, 100)}" cannot be said in ${verb}`);
  }
  return checked(`${verb} ${word}`, {});
}

/** Outside quotes nothing that ends a path may stand; mailboxes were parsed before, this is the lock on the door. */
function pathOf(address: string): Outcome<string> {
  const unquoted = address.replace(/"(?:[^"\\]|\\.)*"/g, '');
  if (/[<>\s"]/.test(unquoted)) {
    return fail('SMTP_COMMAND_INVALID', `"${printable(address, 100)}" cannot stand in a path`);
  }
  return ok(`<${address}>`);
}

function noPath(): Outcome<string> {
  return fail('SMTP_COMMAND_INVALID', 'a recipient cannot be the null path');
}

function notifyOf({ notify }: Recipient): Outcome<string> {
  if (notify === undefined || notify.length === 0) return ok('');
  const words = [...new Set(notify)];
  if (words.includes('NEVER') && words.length > 1) {
    return fail('SMTP_COMMAND_INVALID', 'NOTIFY=NEVER stands alone (RFC 3461 §4.1)');
  }
  return ok(` NOTIFY=${words.join(',')}`);
}

function orcptOf({ orcpt }: Recipient): Outcome<string> {
  if (orcpt === undefined) return ok('');
  const match = /^([A-Za-z0-9-]+);(.+)$/su.exec(orcpt);
  if (match === null) {
    return fail(
      'SMTP_COMMAND_INVALID',
      `ORCPT is written type;address, not "${printable(orcpt, 100)}"`,
    );
  }
  const [, type = '', address = ''] = match;
  // An address beyond ASCII is of type utf-8, whatever it was called (RFC 6533 §3).
  const isUtf8 = type.toLowerCase() === 'utf-8' || !PRINTABLE_ASCII.test(address);
  const text = isUtf8 ? `utf-8;${encodeUtf8Address(address)}` : `${type};${encodeXtext(address)}`;
  if (text.length > MAX_ORCPT) {
    return fail('SMTP_COMMAND_INVALID', `ORCPT is longer than ${MAX_ORCPT} octets (RFC 3461 §4.2)`);
  }
  return ok(` ORCPT=${text}`);
}

/** The last look at every line: one line, printable, not too long. */
function checked(line: string, { smtpUtf8 = false }: CommandContext): Outcome<string> {
  const allowed = smtpUtf8 ? PRINTABLE_UTF8 : PRINTABLE_ASCII;
  if (!allowed.test(line)) {
    return fail(
      'SMTP_COMMAND_INVALID',
      `"${printable(line, 100)}" has a character that cannot be sent${smtpUtf8 ? '' : ' without SMTPUTF8'}`,
    );
  }
  if (Buffer.byteLength(line) > MAX_COMMAND_OCTETS) {
    return fail('SMTP_COMMAND_INVALID', `"${printable(line, 60)}" is longer than a command may be`);
  }
  return ok(line);
}
