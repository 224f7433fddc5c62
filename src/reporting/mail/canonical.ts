/**
 * The forms in which DKIM signs headers and bodies (RFC 6376 §3.4).
 *
 * @module
 */
import { createHash } from 'node:crypto';

/** How a body is brought into form. */
export type BodyKind = 'simple' | 'relaxed';

/** A body in one form. */
export interface BodyForm {
  readonly bytes: Buffer;
  /** SHA-256 in base64: `bh=`. */
  readonly hash: string;
}

/** A header field without its line end, relaxed (RFC 6376 §3.4.2). */
export function relaxedField(field: string): string {
  const colon = field.indexOf(':');
  const name = field.slice(0, colon).trim().toLowerCase();
  const value = field
    .slice(colon + 1)
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .trim();
  return `${name}:${value}`;
}

/** A body with CRLF in its form (RFC 6376 §3.4.3, §3.4.4); bringing it into the same form again changes nothing. */
export function bodyForm(body: Buffer, kind: BodyKind): BodyForm {
  const bytes = kind === 'relaxed' ? relaxedBody(body) : simpleBody(body);
  return { bytes, hash: createHash('sha256').update(bytes).digest('base64') };
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;

/** One pass, octet by octet: patterns take their time with a body that is all blanks and line ends. */
function relaxedBody(body: Buffer): Buffer {
  const target = Buffer.allocUnsafe(body.length + 2);
  let to = 0;
  // Behind the last octet that is no line end.
  let end = 0;
  let hasBlank = false;
  for (let at = 0; at < body.length; at += 1) {
    const octet = body[at]!;
    if (octet === SPACE || octet === TAB) {
      hasBlank = true;
    } else if (octet === CR && body[at + 1] === LF) {
      hasBlank = false;
      to = putLineEnd(target, to);
      at += 1;
    } else {
      if (hasBlank) target[to++] = SPACE;
      hasBlank = false;
      target[to++] = octet;
      end = to;
    }
  }
  return target.subarray(0, end === 0 ? 0 : putLineEnd(target, end));
}

function putLineEnd(target: Buffer, at: number): number {
  target[at] = CR;
  target[at + 1] = LF;
  return at + 2;
}

function simpleBody(body: Buffer): Buffer {
  let end = body.length;
  while (end >= 2 && body[end - 2] === CR && body[end - 1] === LF) end -= 2;
  return Buffer.concat([body.subarray(0, end), Buffer.from('\r\n')]);
}
