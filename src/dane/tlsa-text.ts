/**
 * TLSA records as text (RFC 6698 §2.2): `3 1 1 0123abcd…`.
 *
 * @module
 */
import type { Tlsa } from '../dns/types.ts';
import { fail, ok, type Outcome } from '../failure.ts';

/** A piece of the text and where it begins. */
interface Word {
  readonly text: string;
  /** 1-based, in characters. */
  readonly column: number;
}

const FIELDS = ['usage', 'selector', 'matching type'] as const;

/** White space, and the parentheses in which zone files break lines (RFC 1035 §5.1). */
const WORD = /[^\s()]+/g;

/**
 * Reads the data of a TLSA record in presentation form. The hex may be broken by white space and
 * stand in parentheses, as in a zone file. The numbers are only checked to be octets: whether a
 * record is usable is for `usableRecords`.
 *
 * @returns the record, or `DANE_TLSA_SYNTAX` with the column of the fault
 */
export function parseTlsa(text: string): Outcome<Tlsa> {
  const words = Array.from(text.matchAll(WORD), ({ 0: word, index }) => ({
    text: word,
    column: index + 1,
  }));
  const numbers: number[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const word = words[index];
    if (word === undefined) return fault(text.length + 1, `the ${field} is missing`);
    if (!/^\d{1,3}$/.test(word.text) || Number(word.text) > 255) {
      return fault(word.column, `the ${field} must be a number from 0 to 255`);
    }
    numbers.push(Number(word.text));
  }
  const [usage, selector, matchingType] = numbers as [number, number, number];
  const data = readHex(words.slice(FIELDS.length), text.length + 1);
  return data.ok ? ok({ usage, selector, matchingType, data: data.value }) : data;
}

function readHex(words: readonly Word[], end: number): Outcome<Uint8Array> {
  for (const { text, column } of words) {
    const at = text.search(/[^0-9a-f]/i);
    if (at >= 0) return fault(column + at, 'the data must be hex digits');
  }
  const digits = words.map(({ text }) => text).join('');
  if (digits === '') return fault(end, 'the data is missing');
  if (digits.length % 2 !== 0) {
    return fault(end, `the data has an odd number of hex digits (${digits.length})`);
  }
  return ok(new Uint8Array(Buffer.from(digits, 'hex')));
}

function fault(column: number, what: string): Outcome<never> {
  return fail('DANE_TLSA_SYNTAX', `not a TLSA record: column ${column}: ${what}`);
}

/** Writes the data of a TLSA record in presentation form, hex in lower case and in one piece. */
export function tlsaText(tlsa: Tlsa): string {
  const { usage, selector, matchingType, data } = tlsa;
  return `${usage} ${selector} ${matchingType} ${Buffer.from(data).toString('hex')}`;
}
