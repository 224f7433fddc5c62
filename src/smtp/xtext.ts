/**
 * xtext (RFC 3461 §4) and its counterpart for UTF-8 addresses (RFC 6533 §3).
 *
 * @module
 */
import { fail, ok } from '../failure.ts';
import type { Outcome } from '../failure.ts';
import { printable } from '../printable.ts';

const PLAIN = /^[!-*,-<>-~]*$/;
const ENCODED = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/;

/** Writes any text as xtext; every octet of its UTF-8 form that is not plain becomes `+HH`. */
export function encodeXtext(text: string): string {
  if (PLAIN.test(text)) return text;
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    out += PLAIN.test(character)
      ? character
      : `+${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** Reads xtext; a lone `+`, an `=`, blanks and lower-case digits are refused (`SMTP_XTEXT_INVALID`). */
export function decodeXtext(text: string): Outcome<string> {
  if (!ENCODED.test(text)) {
    return fail('SMTP_XTEXT_INVALID', `not xtext: "${printable(text, 100)}"`);
  }
  const percent = text.replaceAll('%', '+25').replaceAll('+', '%');
  try {
    return ok(decodeURIComponent(percent));
  } catch {
    return fail('SMTP_XTEXT_INVALID', `xtext that is not UTF-8: "${printable(text, 100)}"`);
  }
}

/**
 * Writes the address of an `utf-8;` ORCPT in ASCII (RFC 6533 §3 `utf-8-addr-xtext`), so that it
 * may go to servers with and without SMTPUTF8.
 */
export function encodeUtf8Address(address: string): string {
  return Array.from(address, (character) =>
    character === '\\' || !PLAIN.test(character)
      ? `\\x{${character.codePointAt(0)!.toString(16).toUpperCase().padStart(2, '0')}}`
      : character,
  ).join('');
}
