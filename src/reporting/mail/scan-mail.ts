/**
 * A cheap look at a mail before it is taken apart: what would cost too much is refused unread.
 *
 * @module
 */
import { fail, ok, type Outcome } from '../../failure.ts';
import type { MailLimits } from './types.ts';

const LF = 0x0a;
const CR = 0x0d;
/** How the line of a delimiter begins; how an empty line ends the one before it. */
const DELIMITER = Buffer.from('\n--');
const EMPTY_LINE = Buffer.from('\n\n');
const EMPTY_LINE_CR = Buffer.from('\n\r\n');
const SPACE = 0x20;
const TAB = 0x09;
/** Each part has a line that opens it, each multipart one that closes it; rulers in texts look alike. */
const DELIMITERS_PER_PART = 2;

/** What the look found. */
export interface MailScan {
  /** Where the header ends: the octet behind its last line. */
  readonly headerEnd: number;
  /** A CR in the header that no LF follows. */
  readonly bareCr: boolean;
}

/**
 * Looks at every octet once, keeps nothing. Parts are counted by lines that begin with `--`, which
 * every delimiter does: there may be fewer parts than counted, never more.
 */
export function scanMail(message: Uint8Array, limits: MailLimits): Outcome<MailScan> {
  if (message.length > limits.maxBytes) {
    return fail(
      'REPORT_MAIL_TOO_LARGE',
      `the mail has ${message.length} octets, ${limits.maxBytes} are taken`,
    );
  }
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const headerEnd = endOfHeader(bytes);
  if (headerEnd > limits.maxHeaderBytes) {
    return fail(
      'REPORT_MAIL_HEADER_TOO_LONG',
      `the header of the mail is longer than ${limits.maxHeaderBytes} octets`,
    );
  }
  const maxDelimiters = limits.maxParts * DELIMITERS_PER_PART;
  let delimiters = 0;
  for (let at = bytes.indexOf(DELIMITER); at !== -1; at = bytes.indexOf(DELIMITER, at + 1)) {
    delimiters += 1;
    if (delimiters > maxDelimiters) return tooManyParts(limits);
  }
  return ok({ headerEnd, bareCr: hasBareCr(bytes.subarray(0, headerEnd)) });
}

function tooManyParts({ maxParts }: MailLimits): Outcome<never> {
  return fail('REPORT_MAIL_TOO_MANY_PARTS', `the mail has more than ${maxParts} parts`);
}

/** Behind the last header line: 0 where the header is empty, all octets where no empty line ends it. */
export function endOfHeader(bytes: Buffer): number {
  if (isEmptyLine(bytes, 0)) return 0;
  // Searched for as a whole: to go from line to line takes ten times as long.
  const withCr = bytes.indexOf(EMPTY_LINE_CR);
  const before = withCr === -1 ? bytes : bytes.subarray(0, withCr + 1);
  const bare = before.indexOf(EMPTY_LINE);
  if (bare !== -1) return bare + 1;
  return withCr === -1 ? bytes.length : withCr + 1;
}

/**
 * Likewise of a part, where a line of blanks ends the header too: relaxed signatures (RFC 6376 §3.4.4)
 * do not tell it from an empty one, and whoever puts a blank there must not make a header of a text.
 */
export function endOfPartHeader(bytes: Buffer): number {
  let line = 0;
  while (line < bytes.length && !isBlankLine(bytes, line)) {
    const lineFeed = bytes.indexOf(LF, line);
    line = lineFeed === -1 ? bytes.length : lineFeed + 1;
  }
  return line;
}

function isBlankLine(bytes: Buffer, from: number): boolean {
  let at = from;
  while (bytes[at] === SPACE || bytes[at] === TAB) at += 1;
  return isEmptyLine(bytes, at);
}

function isEmptyLine(bytes: Buffer, at: number): boolean {
  return bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF);
}

function hasBareCr(header: Buffer): boolean {
  return /\r(?!\n)/.test(header.toString('latin1'));
}

/** Without the empty lines before the header that some programs leave at the top of a file. */
export function withoutLeadingLines(message: Uint8Array): Uint8Array {
  let start = 0;
  while (message[start] === CR || message[start] === LF) start += 1;
  return start === 0 ? message : message.subarray(start);
}
