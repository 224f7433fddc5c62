/**
 * Decodes the body of a part (RFC 2045 §6).
 *
 * @module
 */

/** Decodes it; what is not known is taken as it is. Never throws. */
export function decodeBody(body: Buffer, encoding: string): Uint8Array {
  const name = /[\w-]+/.exec(encoding)?.[0].toLowerCase();
  if (name === 'base64') return Buffer.from(body.toString('latin1'), 'base64');
  return name === 'quoted-printable' ? decodeQuoted(body) : body;
}

const EQUALS = 0x3d;
const LF = 0x0a;
const CR = 0x0d;

function decodeQuoted(body: Buffer): Uint8Array {
  const target = Buffer.allocUnsafe(body.length);
  let to = 0;
  let at = 0;
  while (at < body.length) {
    const octet = body[at]!;
    if (octet !== EQUALS) {
      target[to] = octet;
      to += 1;
      at += 1;
      continue;
    }
    const hex = body.toString('latin1', at + 1, at + 3);
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      target[to] = Number.parseInt(hex, 16);
      to += 1;
      at += 3;
    } else if (body[at + 1] === LF) at += 2;
    else if (body[at + 1] === CR && body[at + 2] === LF) at += 3;
    else at += 1;
  }
  return target.subarray(0, to);
}
