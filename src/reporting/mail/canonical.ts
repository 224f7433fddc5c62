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

function relaxedBody(body: Buffer): Buffer {
  const text = body
    .toString('latin1')
    .replace(/[ \t]+/g, ' ')
    .replaceAll(' \r\n', '\r\n')
    .replace(/ $/, '');
  const end = endWithoutEmptyLines(text);
  return Buffer.from(end === 0 ? '' : `${text.slice(0, end)}\r\n`, 'latin1');
}

function simpleBody(body: Buffer): Buffer {
  const end = endWithoutEmptyLines(body.toString('latin1'));
  return Buffer.concat([body.subarray(0, end), Buffer.from('\r\n')]);
}

function endWithoutEmptyLines(text: string): number {
  let end = text.length;
  while (text.startsWith('\r\n', end - 2) && end >= 2) end -= 2;
  return end;
}
