/**
 * What goes back of the message itself: the third part of a report (RFC 6522 §3).
 *
 * @module
 */
import { ContentWriter } from '../../smtp/dot-stuffing.ts';
import { fieldValues, hasEightBit, readHeaders } from '../../smtp/message.ts';
import type { MessageSource } from '../../smtp/types.ts';
import { subjectText } from './subject.ts';

/** Larger messages go back without their body. Octets. */
export const FULL_LIMIT = 51_200;
/** Octets of a header section that go back at most. */
const HEADER_LIMIT = 65_536;
/** RFC 5322 §2.1.1, without the line end. */
const MAX_LINE = 998;

/** The third part. Its content ends in CRLF, has lines of 998 octets at most and no NUL. */
export interface Returned {
  readonly what: 'message' | 'headers';
  readonly mediaType:
    'message/rfc822' | 'text/rfc822-headers' | 'message/global' | 'message/global-headers';
  readonly encoding: '7bit' | '8bit';
  readonly content: Buffer;
  /** For people; '' where there is none. */
  readonly subject: string;
}

/**
 * Reads what goes back. No more than {@link HEADER_LIMIT} octets are held in memory, and no more is
 * read than is needed. Undefined where the message cannot be read: its author is told all the same.
 *
 * @param wanted `full`: the message, if it is small and can stand in another one as it is
 */
export async function readReturned(
  content: () => MessageSource,
  wanted: 'headers' | 'full',
): Promise<Returned | undefined> {
  try {
    const { octets, complete } = await readStart(content(), wanted);
    const head = readHeaders(octets);
    const headEnd = head.ok ? head.value.bodyStart : endOfFields(octets);
    const whole = wanted === 'full' && complete && octets.length <= FULL_LIMIT && isFit(octets);
    const what = whole ? 'message' : 'headers';
    const part = whole ? octets : tidy(octets.subarray(0, headEnd));
    const global = isUtf8(octets.subarray(0, headEnd));
    const encoding = hasEightBit(part) ? '8bit' : '7bit';
    const mediaType = MEDIA_TYPES[what][global ? 'utf8' : 'plain'];
    const [subject = ''] = head.ok ? fieldValues(head.value, 'Subject') : [];
    return { what, mediaType, encoding, content: part, subject: subjectText(subject) };
  } catch {
    return undefined;
  }
}

/** RFC 6522 §3, §4; RFC 6533 §5 where the header section is UTF-8. */
const MEDIA_TYPES = {
  message: { plain: 'message/rfc822', utf8: 'message/global' },
  headers: { plain: 'text/rfc822-headers', utf8: 'message/global-headers' },
} as const;

/** The beginning of the message, with CRLF as line ends. */
async function readStart(
  source: MessageSource,
  wanted: 'headers' | 'full',
): Promise<{ readonly octets: Buffer; readonly complete: boolean }> {
  const writer = new ContentWriter('counted');
  let octets: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    octets = Buffer.concat([octets, ...writer.write(chunk)]);
    if (octets.length > HEADER_LIMIT) {
      return { octets: wholeLines(octets.subarray(0, HEADER_LIMIT)), complete: false };
    }
    const enough = wanted === 'headers' && headEnds(octets);
    if (enough) return { octets, complete: false };
  }
  return { octets: Buffer.concat([octets, writer.end()]), complete: true };
}

/**
 * Where a header section ends that is too much to be read as one: before the first line that is no
 * field and continues none. What could be the body never goes back as header (RFC 8689 §5).
 */
function endOfFields(octets: Buffer): number {
  const FIELD = /^[!-9;-~]+[ \t]*:/;
  let end = 0;
  for (const line of linesOf(octets)) {
    const isField = FIELD.test(line) || (end > 0 && /^[ \t]/.test(line));
    if (!isField) break;
    end += line.length + 2;
  }
  return Math.min(end, octets.length);
}

function headEnds(octets: Buffer): boolean {
  return octets.includes('\r\n\r\n') || octets.subarray(0, 2).toString('latin1') === '\r\n';
}

function wholeLines(octets: Buffer): Buffer {
  const end = octets.lastIndexOf('\r\n');
  return end === -1 ? Buffer.alloc(0) : octets.subarray(0, end + 2);
}

/** May it stand in another message unchanged? */
function isFit(octets: Buffer): boolean {
  return !octets.includes(0) && linesOf(octets).every((line) => line.length <= MAX_LINE);
}

/** The header section without its empty line; what cannot be sent is made so that it can. */
function tidy(head: Buffer): Buffer {
  const lines = linesOf(head)
    .filter((line) => line.length > 0)
    .flatMap((line) => cut(line.replaceAll('\0', '?')));
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
}

/** An over-long line goes on as a folded one. */
function cut(line: string): readonly string[] {
  const first = line.slice(0, MAX_LINE);
  const rest = line.slice(MAX_LINE).match(/.{1,990}/gs) ?? [];
  return [first, ...rest.map((piece) => ` ${piece}`)];
}

/** Lines, an octet a character. */
function linesOf(octets: Buffer): readonly string[] {
  const lines = octets.toString('latin1').split('\r\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Has it characters beyond ASCII, and is it UTF-8 (RFC 6532)? */
function isUtf8(octets: Buffer): boolean {
  if (!hasEightBit(octets)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}
