/**
 * Takes a mail apart (RFC 2046 §5.1) without copying what need not be decoded: time and memory stay
 * within a small multiple of its size.
 *
 * @module
 */
import { fail, ok, type Outcome } from '../../failure.ts';
import {
  firstOf,
  type MailField,
  parameterText,
  readFields,
  readStructured,
  type StructuredValue,
} from './mime-header.ts';
import { decodeBody } from './mime-body.ts';
import { endOfHeader, endOfPartHeader } from './scan-mail.ts';
import type { MailLimits, PartPlace } from './types.ts';

/** A part that holds no others. */
export interface MimeLeaf {
  /** Decoded; of a text as it stands: nobody reads it. */
  readonly bytes: Uint8Array;
  readonly fileName?: string;
  /** Lower case. */
  readonly mediaType: string;
  /** Text to be read by a person, not handed over as a file. */
  readonly isText: boolean;
  readonly place: PartPlace;
}

/** A mail in its parts. */
export interface MimeMail {
  readonly fields: readonly MailField[];
  readonly contentType: StructuredValue;
  readonly leaves: readonly MimeLeaf[];
  /** Every multipart has its closing delimiter. */
  readonly isClosed: boolean;
}

interface Walk {
  readonly limits: MailLimits;
  headerBytes: number;
  readonly leaves: MimeLeaf[];
  isClosed: boolean;
}

/** Takes it apart: `REPORT_MAIL_TOO_DEEP`, `REPORT_MAIL_TOO_MANY_PARTS`, `REPORT_MAIL_HEADER_TOO_LONG`. */
export function readMime(message: Uint8Array, limits: MailLimits): Outcome<MimeMail> {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const walk: Walk = { limits, headerBytes: 0, leaves: [], isClosed: true };
  const top = readPart(bytes, 0, walk);
  if (!top.ok) return top;
  return ok({ ...top.value, leaves: walk.leaves, isClosed: walk.isClosed });
}

type PartHead = Pick<MimeMail, 'fields' | 'contentType'>;

function readPart(bytes: Buffer, depth: number, walk: Walk): Outcome<PartHead> {
  const { limits, leaves } = walk;
  if (depth > limits.maxDepth) {
    return fail('REPORT_MAIL_TOO_DEEP', `parts are nested deeper than ${limits.maxDepth}`);
  }
  const headerEnd = depth === 0 ? endOfHeader(bytes) : endOfPartHeader(bytes);
  walk.headerBytes += headerEnd;
  if (walk.headerBytes > limits.maxHeaderBytes) {
    return fail(
      'REPORT_MAIL_HEADER_TOO_LONG',
      `the headers of the mail and its parts are longer than ${limits.maxHeaderBytes} octets`,
    );
  }
  const fields = readFields(bytes.subarray(0, headerEnd));
  const contentType = readStructured(firstOf(fields, 'content-type') ?? 'text/plain');
  const body = bytes.subarray(startOfBody(bytes, headerEnd));
  const boundary = boundaryOf(contentType);
  if (boundary !== undefined) {
    const { parts, isClosed } = splitParts(body, boundary);
    walk.isClosed &&= isClosed;
    for (const part of parts) {
      const inner = readPart(part, depth + 1, walk);
      if (!inner.ok) return inner;
    }
    return ok({ fields, contentType });
  }
  if (leaves.length >= limits.maxParts) {
    return fail('REPORT_MAIL_TOO_MANY_PARTS', `the mail has more than ${limits.maxParts} parts`);
  }
  const place = depth <= 1 ? 'outer' : 'inner';
  leaves.push({ ...toLeaf(fields, contentType, body), place });
  return ok({ fields, contentType });
}

/** What its parts are told apart by, where it has parts. */
export function boundaryOf({ value, parameters }: StructuredValue): string | undefined {
  const boundary = parameters.get('boundary') ?? '';
  return value.startsWith('multipart/') && boundary !== '' ? boundary : undefined;
}

/** Is the first line of a body, empty ones apart, the delimiter that opens the first part? */
export function opensWith(body: Buffer, boundary: string): boolean {
  let start = 0;
  while (body[start] === CR || body[start] === LF) start += 1;
  const delimiter = Buffer.from(`--${boundary}`);
  const isThere = startsWith(body.subarray(start), delimiter);
  return isThere && kindOfLine(body, start + delimiter.length) === 'open';
}

function toLeaf(
  fields: readonly MailField[],
  contentType: StructuredValue,
  body: Buffer,
): Omit<MimeLeaf, 'place'> {
  const disposition = readStructured(firstOf(fields, 'content-disposition') ?? '');
  const fileName = parameterText(disposition, 'filename') ?? parameterText(contentType, 'name');
  const hasName = fileName !== undefined && fileName !== '';
  const isText =
    /^text\/(?:plain|html)$/.test(contentType.value) &&
    !hasName &&
    disposition.value !== 'attachment';
  return {
    bytes: isText ? body : decodeBody(body, firstOf(fields, 'content-transfer-encoding') ?? ''),
    ...(hasName ? { fileName } : {}),
    mediaType: contentType.value,
    isText,
  };
}

const LF = 0x0a;
const CR = 0x0d;

/** Behind the empty line. */
function startOfBody(bytes: Buffer, headerEnd: number): number {
  const lineFeed = bytes.indexOf(LF, headerEnd);
  return lineFeed === -1 ? bytes.length : lineFeed + 1;
}

interface Split {
  readonly parts: readonly Buffer[];
  readonly isClosed: boolean;
}

/** What stands between the delimiter lines; the last part goes to the end where nothing closes it. */
function splitParts(body: Buffer, boundary: string): Split {
  const delimiter = Buffer.from(`\n--${boundary}`);
  const parts: Buffer[] = [];
  let start: number | undefined;
  // Where nothing stands before it, the first one has no line end.
  const first = startsWith(body, delimiter.subarray(1)) ? 0 : nextDelimiter(body, delimiter, 0);
  for (let at = first; at !== -1; at = nextDelimiter(body, delimiter, at)) {
    const kind = kindOfLine(body, at + delimiter.length - 1);
    if (kind === 'text') continue;
    // The line end before a delimiter belongs to it (RFC 2046 §5.1.1).
    if (start !== undefined)
      parts.push(body.subarray(start, Math.max(start, lineEndBefore(body, at))));
    if (kind === 'close') return { parts, isClosed: true };
    const lineFeed = body.indexOf(LF, at);
    start = lineFeed === -1 ? body.length : lineFeed + 1;
  }
  if (start !== undefined) parts.push(body.subarray(start));
  return { parts, isClosed: start === undefined };
}

function startsWith(body: Buffer, start: Buffer): boolean {
  return body.subarray(0, start.length).equals(start);
}

function nextDelimiter(body: Buffer, delimiter: Buffer, from: number): number {
  const lineFeed = body.indexOf(delimiter, from);
  return lineFeed === -1 ? -1 : lineFeed + 1;
}

/** What follows the boundary says what the line is; blanks at its end do not count. */
function kindOfLine(body: Buffer, after: number): 'open' | 'close' | 'text' {
  const lineFeed = body.indexOf(LF, after);
  const end = lineFeed === -1 ? body.length : lineFeed;
  // No line end is searched for behind an ordinary delimiter: a few octets tell.
  const rest = body.toString('latin1', after, Math.min(end, after + 100));
  if (/^[ \t\r]*$/.test(rest)) return 'open';
  return /^--[ \t\r]*$/.test(rest) ? 'close' : 'text';
}

function lineEndBefore(body: Buffer, at: number): number {
  if (body[at - 1] !== LF) return at;
  return body[at - 2] === CR ? at - 2 : at - 1;
}
