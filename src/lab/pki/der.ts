/**
 * Writes DER (X.690): as much of it as a certificate needs.
 *
 * @module
 */

/** Tags of the universal class that certificates use. */
const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The first year that a UTCTime, with its two digits, cannot say (RFC 5280 §4.1.2.5). */
const FIRST_GENERALIZED_YEAR = 2050;

/** One element: the tag octet, the length in its shortest form, then the parts one after the other. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOctets(content.length)]), content]);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

/** SEQUENCE. */
export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(TAG.sequence, ...parts);
}

/** SET of one element; more would have to be sorted. */
export function setOf(part: Uint8Array): Buffer {
  return element(TAG.set, part);
}

/** BOOLEAN TRUE. FALSE is always a default here, and defaults are not written. */
export function booleanTrue(): Buffer {
  return element(TAG.boolean, Buffer.from([0xff]));
}

/** A non-negative INTEGER of any size, big-endian. */
export function integer(value: number | Uint8Array): Buffer {
  const octets = typeof value === 'number' ? bigEndian(value) : [...value];
  while (octets.length > 1 && octets[0] === 0) octets.shift();
  if (octets[0]! >= 0x80) octets.unshift(0);
  return element(TAG.integer, Buffer.from(octets));
}

function bigEndian(value: number): number[] {
  const hex = value.toString(16);
  return [...Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')];
}

/** BIT STRING; `unusedBits` are left out of the last octet. */
export function bitString(bits: Uint8Array, unusedBits = 0): Buffer {
  return element(TAG.bitString, Buffer.from([unusedBits]), bits);
}

/** OCTET STRING. */
export function octetString(...parts: readonly Uint8Array[]): Buffer {
  return element(TAG.octetString, ...parts);
}

/** UTF8String. */
export function utf8String(text: string): Buffer {
  return element(TAG.utf8String, Buffer.from(text, 'utf8'));
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const numbers = [first! * 40 + second!, ...rest];
  return element(TAG.oid, Buffer.from(numbers.flatMap(base128)));
}

function base128(value: number): number[] {
  const octets = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift(0x80 | (rest % 128));
  }
  return octets;
}

/** A time in the form that RFC 5280 §4.1.2.5 asks for. @param at milliseconds since the Unix epoch */
export function time(at: number): Buffer {
  const date = new Date(at);
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < FIRST_GENERALIZED_YEAR
    ? element(TAG.utcTime, Buffer.from(digits.slice(2)))
    : element(TAG.generalizedTime, Buffer.from(digits));
}

/** `[number]`, constructed: wraps what stands in it. */
export function tagged(number: number, ...parts: readonly Uint8Array[]): Buffer {
  return element(0xa0 | number, ...parts);
}

/** `[number] IMPLICIT` of a primitive: takes the place of the element's own tag. */
export function taggedOctets(number: number, octets: Uint8Array): Buffer {
  return element(0x80 | number, octets);
}
