/**
 * What a message says about itself, as far as its transport must know (RFC 5322 §2.2).
 *
 * @module
 */
import { fail, ok } from '../failure.ts';
import type { Outcome } from '../failure.ts';
import { readAddressList } from './address-list.ts';
import { ContentWriter } from './dot-stuffing.ts';
import type { MessageSource } from './types.ts';

/** Longest header section that is read, in octets. */
export const MAX_HEADER_OCTETS = 262_144;
/** Most header fields that are read. */
export const MAX_HEADER_FIELDS = 2000;

/** One header field, unfolded. */
export interface HeaderField {
  /** As written. */
  readonly name: string;
  /** Without the line ends of folding; outer blanks taken off. Bytes that are not UTF-8 become U+FFFD. */
  readonly value: string;
}

/** The header section of a message. */
export interface MessageHeaders {
  readonly fields: readonly HeaderField[];
  /** Where the body begins, in octets; the length of the input if there is none. */
  readonly bodyStart: number;
  /** Some octet of the header section is not ASCII (RFC 6532): the message needs SMTPUTF8. */
  readonly utf8: boolean;
}

const FIELD = /^([!-9;-~]+)[ \t]*:(.*)$/s;

/**
 * Reads the header section. It ends at the empty line, or at the first line that can be no field
 * (that line then belongs to the body, as other mail servers have it).
 *
 * @param head the message or its beginning, any line ends
 * @returns `SMTP_HEADER_TOO_LONG` if {@link MAX_HEADER_OCTETS} or {@link MAX_HEADER_FIELDS} are not enough
 */
export function readHeaders(head: Uint8Array): Outcome<MessageHeaders> {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const raw: string[][] = [];
  let position = 0;
  while (position < bytes.length) {
    const line = lineAt(bytes, position);
    if (line.text === '') {
      position = line.next;
      break;
    }
    const continues = /^[ \t]/.test(line.text);
    if (continues ? raw.length === 0 : !FIELD.test(line.text)) break;
    if (continues) raw.at(-1)!.push(line.text);
    else raw.push([line.text]);
    position = line.next;
    if (position > MAX_HEADER_OCTETS || raw.length > MAX_HEADER_FIELDS) return tooLong();
  }
  const utf8 = hasEightBit(bytes.subarray(0, position));
  return ok({ fields: raw.map(toField), bodyStart: position, utf8 });
}

/** All values of a field, in order; the name in any case. */
export function fieldValues(headers: MessageHeaders, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return headers.fields
    .filter((field) => field.name.toLowerCase() === wanted)
    .map((field) => field.value);
}

/** The addresses of To, Cc and Bcc, each once. An unreadable field is a failure: nobody is dropped in silence. */
export function headerRecipients(headers: MessageHeaders): Outcome<readonly string[]> {
  const found = new Set<string>();
  for (const value of ['To', 'Cc', 'Bcc'].flatMap((name) => fieldValues(headers, name))) {
    const list = readAddressList(value);
    if (!list.ok) return list;
    for (const address of list.value) found.add(address);
  }
  return ok([...found]);
}

/**
 * Does the header say `TLS-Required: No` (RFC 8689 §3)? The only value is `No`, in any case. More
 * than one such field is against the rules: they count only if all of them say so.
 */
export function tlsRequiredNo(headers: MessageHeaders): boolean {
  const values = fieldValues(headers, 'TLS-Required');
  return values.length > 0 && values.every((value) => value.toLowerCase() === 'no');
}

/** What carrying a message takes. */
export interface ContentNeeds {
  /** Octets on the wire, line ends as CRLF, without dot-stuffing and final dot (RFC 1870 §5). */
  readonly size: number;
  /** Some octet is above 127: BODY=8BITMIME (RFC 6152). */
  readonly eightBit: boolean;
}

/** Reads a whole message once to learn what carrying it takes; memory stays bounded. */
export async function measureContent(message: MessageSource): Promise<ContentNeeds> {
  const writer = new ContentWriter('counted');
  let size = 0;
  let eightBit = false;
  for await (const chunk of message) {
    for (const piece of writer.write(chunk)) {
      size += piece.length;
      eightBit ||= hasEightBit(piece);
    }
  }
  return { size: size + writer.end().length, eightBit };
}

/** Is there an octet above 127? */
export function hasEightBit(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at]! > 0x7f) return true;
  return false;
}

interface Line {
  /** One character an octet, without its line end. */
  readonly text: string;
  readonly next: number;
}

function lineAt(bytes: Buffer, start: number): Line {
  const lineFeed = bytes.indexOf(0x0a, start);
  const next = lineFeed === -1 ? bytes.length : lineFeed + 1;
  const text = bytes
    .subarray(start, Math.min(next, start + MAX_HEADER_OCTETS + 1))
    .toString('latin1');
  return { text: text.replace(/\r?\n?$/, ''), next };
}

function toField(lines: readonly string[]): HeaderField {
  const text = Buffer.from(lines.join(''), 'latin1').toString('utf8');
  const match = FIELD.exec(text);
  return { name: match?.[1] ?? '', value: (match?.[2] ?? '').trim() };
}

function tooLong(): Outcome<never> {
  return fail(
    'SMTP_HEADER_TOO_LONG',
    `the header section is longer than ${MAX_HEADER_OCTETS} octets or ${MAX_HEADER_FIELDS} fields`,
  );
}
