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
    const high = hexDigit(body[at + 1]);
    const low = hexDigit(body[at + 2]);
    if (high !== undefined && low !== undefined) {
      target[to] = high * 16 + low;
      to += 1;
      at += 3;
    } else if (body[at + 1] === LF) at += 2;
    else if (body[at + 1] === CR && body[at + 2] === LF) at += 3;
    else at += 1;
  }
  return target.subarray(0, to);
}

function hexDigit(octet: number | undefined): number | undefined {
  if (octet === undefined) return undefined;
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const letter = octet | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : undefined;
}
