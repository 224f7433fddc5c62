/**
 * The character-strings of one line of a zone file (RFC 1035 §5.1).
 *
 * @module
 */
import { quoted } from '../problems.ts';
import type { FileLine, PlacedTextBuilder, SayAt } from './txt-place.ts';

/** What to scan and where to put it. */
export interface ScanStrings {
  readonly line: FileLine;
  /** 0-based offset of the line to begin at. */
  readonly from: number;
  readonly inParentheses: boolean;
  readonly builder: PlacedTextBuilder;
  readonly say: SayAt;
}

/** The longest character-string, in octets (RFC 1035 §3.3). */
const LONGEST_STRING = 255;

/** Adds the strings of a line, telling what is no string. True where a parenthesis is still open at its end. */
export function scanStrings(scan: ScanStrings): boolean {
  const { text } = scan.line;
  let { inParentheses } = scan;
  let at = scan.from;
  let hasStray = false;
  while (at < text.length) {
    const char = text[at]!;
    if (char === ';') break;
    if (char === '"') {
      at = addString(scan, at);
      continue;
    }
    if (char === '(') inParentheses = true;
    else if (char === ')') inParentheses = false;
    else if (char !== ' ' && char !== '\t') {
      const end = strayEnd(text, at);
      // One is enough to say what is wrong with the line.
      if (!hasStray) tellStray(scan, at, end);
      hasStray = true;
      at = end;
      continue;
    }
    at += 1;
  }
  return inParentheses;
}

function strayEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && !' \t"'.includes(text[end]!)) end += 1;
  return end;
}

function tellStray({ line, say }: ScanStrings, at: number, end: number): void {
  say(at, {
    code: 'DNS_TXT_OUTSIDE_QUOTES',
    message: `${quoted(line.text.slice(at, end))} stands outside the quotes`,
    fix: 'put the whole record into quotes',
    severity: 'error',
  });
}

/** Adds the string that begins at `open`; gives the offset behind it. */
function addString({ line, builder, say }: ScanStrings, open: number): number {
  const { text } = line;
  let octets = 0;
  let start = open + 1;
  let at = start;
  const flush = (): void => {
    if (at > start) builder.add(text.slice(start, at), line, start);
    octets += Buffer.byteLength(text.slice(start, at));
  };
  while (at < text.length && text[at] !== '"') {
    if (text[at] !== '\\') {
      at += 1;
      continue;
    }
    flush();
    const { char, raw } = escapeAt(text, at);
    builder.add(char, line, at, raw);
    octets += 1;
    at += raw;
    start = at;
  }
  flush();
  // Marks the end, so that what is missing there is told at the closing quote.
  builder.add('', line, at);
  if (at >= text.length) tellOpen(say, open);
  if (octets > LONGEST_STRING) tellLong(say, open, octets);
  return at + 1;
}

/** `\DDD` is an octet, `\X` is X (RFC 1035 §5.1). */
function escapeAt(text: string, at: number): { readonly char: string; readonly raw: number } {
  const digits = /^\d{3}/.exec(text.slice(at + 1, at + 4))?.[0];
  if (digits !== undefined) return { char: String.fromCharCode(Number(digits) & 255), raw: 4 };
  const char = text[at + 1] ?? '';
  return { char, raw: 1 + char.length };
}

function tellOpen(say: SayAt, open: number): void {
  say(open, {
    code: 'DNS_TXT_QUOTE_OPEN',
    message: 'this quote is not closed on its line',
    fix: 'close it, and give each line its own quotes',
    severity: 'error',
  });
}

function tellLong(say: SayAt, open: number, octets: number): void {
  say(open, {
    code: 'DNS_TXT_STRING_LONG',
    message: `this string has ${octets} octets; a character-string holds ${LONGEST_STRING} (RFC 1035 §3.3)`,
    fix: 'cut it into several quoted strings; they are joined with nothing between them',
    severity: 'warning',
  });
}
