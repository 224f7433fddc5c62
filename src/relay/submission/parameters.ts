/**
 * Parameters of MAIL and RCPT: `KEYWORD` or `KEYWORD=value` (RFC 5321 §4.1.2 `esmtp-param`).
 *
 * @module
 */
import { refuse, type Reply } from './replies.ts';

/** Keywords in upper case; the value, or undefined where none was given. */
export type Parameters = ReadonlyMap<string, string | undefined>;

/** Either what was read or the reply that refuses it. */
export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reply: Reply };

const PARAMETER = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u{a0}-\u{10ffff}]+))?$/u;
const NONE: Parameters = new Map();

/** Wraps what was read. */
export function readOk<T>(value: T): Read<T> {
  return { ok: true, value };
}

/** `501 5.5.4`: a parameter is malformed. */
export function malformed(text: string): { readonly ok: false; readonly reply: Reply } {
  return { ok: false, reply: refuse(501, '5.5.4', text, 'protocol') };
}

/** Splits the parameters of a command; the same one twice is refused (RFC 3461 §4). */
export function readParameters(text: string): Read<Parameters> {
  const trimmed = text.trim();
  if (trimmed === '') return readOk(NONE);
  const found = new Map<string, string | undefined>();
  for (const word of trimmed.split(/ +/)) {
    const match = PARAMETER.exec(word);
    if (match === null) return malformed('A parameter is KEYWORD or KEYWORD=value');
    const keyword = match[1]!.toUpperCase();
    if (found.has(keyword)) return malformed(`${keyword} is given twice`);
    found.set(keyword, match[2]);
  }
  return readOk(found);
}

/** `555 5.5.4`: a parameter that nobody offered (RFC 5321 §4.1.1.11). */
export function unknownParameter(keyword: string): { readonly ok: false; readonly reply: Reply } {
  const reply = refuse(555, '5.5.4', `The parameter ${keyword} is not known here`, 'protocol');
  return { ok: false, reply };
}
