/**
 * The little of MIME that a notification takes: fields, encoded words, quoted-printable. Whatever
 * goes in, lines that are safe to send come out.
 *
 * @module
 */
import { printable } from '../../printable.ts';

/** The line end of mail. */
export const CRLF = '\r\n';
/** Length that a line should keep to (RFC 5322 §2.1.1). */
const LINE = 76;
/** A word of so many characters is broken: four octets each, no line comes near 998 (RFC 5322 §2.1.1). */
const WORD = 200;
/** Characters of a stranger's text that are taken over where nothing else is said. */
const VALUE = 500;
/** Characters in a field: more than any caller hands in. */
const FIELD = 20_000;

const NOT_ASCII = /[^\0-\x7f]/u;

/** Is every character one of ASCII? */
export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

/** One line in ASCII: other characters are written as `\u{…}`. */
export function asciiLine(text: string, limit: number = VALUE): string {
  return printable(text, limit).replace(/[^ -~]/gu, (character) =>
    character === '…' ? '...' : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/**
 * A field with its line end, folded at blanks (RFC 5322 §2.2.3). Control characters are made
 * visible: a value can neither end its line nor begin another field.
 */
export function field(name: string, value: string): string {
  const words = printable(value, FIELD).split(' ').filter(Boolean).flatMap(pieces);
  let line = `${name}:`;
  const lines: string[] = [];
  for (const word of words) {
    if (line.length + word.length + 1 > LINE && line !== `${name}:` && line !== ' ') {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join(CRLF) + CRLF;
}

/** Text for people in a field: encoded words where it is not ASCII (RFC 2047). */
export function encodedText(text: string): string {
  const line = printable(text, VALUE);
  if (isAscii(line)) return line;
  // Ten characters are at most forty octets: a word stays below its 75 characters.
  const words = Array.from({ length: Math.ceil(Array.from(line).length / 10) }, (_, index) =>
    Array.from(line)
      .slice(index * 10, index * 10 + 10)
      .join(''),
  );
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}

/** Quoted-printable (RFC 2045 §6.7) of a text whose lines end in CRLF. */
export function quotedPrintable(text: string): string {
  return text.split(CRLF).map(quotedLine).join(CRLF);
}

/** `Tue, 24 Nov 2026 08:40:53 +0000`, as RFC 5322 §3.3 writes a time. */
export function mailDate(time: number): string {
  return new Date(time).toUTCString().replace('GMT', '+0000');
}

/** `24 Nov 2026, 08:40 UTC`, for people. */
export function plainDate(time: number): string {
  const parts = new Date(time).toUTCString().split(' ');
  const [, day = '', month = '', year = '', clock = ''] = parts;
  return `${Number(day)} ${month} ${year}, ${clock.slice(0, 5)} UTC`;
}

function pieces(word: string): readonly string[] {
  const characters = Array.from(word);
  if (characters.length <= WORD) return [word];
  return Array.from({ length: Math.ceil(characters.length / WORD) }, (_, index) =>
    characters.slice(index * WORD, index * WORD + WORD).join(''),
  );
}

function quotedLine(line: string): string {
  const octets = Buffer.from(line);
  const lines: string[] = [];
  let current = '';
  for (const [index, octet] of octets.entries()) {
    const token = quotedOctet(octet, index === octets.length - 1);
    if (current.length + token.length > LINE - 1) {
      lines.push(`${current}=`);
      current = '';
    }
    current += token;
  }
  return [...lines, current].join(CRLF);
}

/** A blank at the end of a line would be lost (RFC 2045 §6.7 rule 3). */
function quotedOctet(octet: number, last: boolean): string {
  const plain = octet > 0x20 && octet < 0x7f && octet !== 0x3d;
  return plain || (octet === 0x20 && !last)
    ? String.fromCharCode(octet)
    : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
}
