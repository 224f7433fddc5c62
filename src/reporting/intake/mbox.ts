/**
 * Mailbox files: many mails in one file, each begins with a line `From …` (RFC 4155). Reads the
 * variants mboxrd and mboxo; line ends stay as they are.
 *
 * @module
 */
import { createOctets, type Octets } from './octets.ts';

/** What limits it. */
export interface MboxOptions {
  /** Octets of one mail; larger ones are passed over. */
  readonly maxBytes?: number;
  /** Hears of one that was passed over. */
  readonly onTooLarge?: (fact: { readonly index: number; readonly octets: number }) => void;
}

const DEFAULT_MAX_BYTES = 64 * 1_048_576;
/** Octets of a line by which it is told whether it is one between mails. */
const LOOK = 512;
const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x3e;
const FROM = Buffer.from('From ');
/** A line between mails has a time in it; a sentence that begins with "From" does not. */
const HAS_TIME = /^From .*\d\d:\d\d/;

/**
 * The mails of a mailbox file, one at a time; never more than one is in memory. A file that is no
 * mailbox is one mail.
 */
export async function* splitMbox(
  stream: AsyncIterable<Uint8Array>,
  options: MboxOptions = {},
): AsyncIterable<Uint8Array> {
  const mails = createMails(options);
  for await (const chunk of stream) {
    for (const mail of mails.feed(chunk)) yield mail;
  }
  for (const mail of mails.end()) yield mail;
}

interface Mails {
  feed(chunk: Uint8Array): Iterable<Uint8Array>;
  end(): Iterable<Uint8Array>;
}

function createMails({ maxBytes = DEFAULT_MAX_BYTES, onTooLarge }: MboxOptions): Mails {
  /** The beginning of a line whose end has not come. */
  let held: Buffer = Buffer.alloc(0);
  /** The line was too long to be held: its beginning is in the mail already. */
  let isInside = false;
  let isAfterEmpty = true;
  let isFirst = true;
  let mail = createMail(maxBytes);
  let index = 0;

  function* line(bytes: Buffer): Iterable<Uint8Array> {
    if (isAfterEmpty && isBetween(bytes, isFirst)) {
      yield* finish(true);
      isFirst = false;
      return;
    }
    const isEmpty = isEmptyLine(bytes);
    // Lines before the first mail are no mail.
    if (isFirst && isEmpty) return;
    isFirst = false;
    isAfterEmpty = isEmpty;
    mail.append(isQuoted(bytes) ? bytes.subarray(1) : bytes);
  }

  function* finish(isFollowed: boolean): Iterable<Uint8Array> {
    isAfterEmpty = false;
    const { octets, bytes } = mail.finish(isFollowed);
    mail = createMail(maxBytes);
    if (octets === 0) return;
    if (bytes === undefined) onTooLarge?.({ index, octets });
    else yield bytes;
    index += 1;
  }

  return {
    *feed(chunk) {
      // Nearly always a line begins or goes on with the chunk: then nothing is copied.
      const bytes =
        held.length === 0
          ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
          : Buffer.concat([held, chunk]);
      let at = 0;
      for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, at)) {
        const one = bytes.subarray(at, end + 1);
        if (isInside) mail.append(one);
        else yield* line(one);
        isInside = false;
        at = end + 1;
      }
      held = bytes.subarray(at);
      if (held.length < LOOK) return;
      // Long enough to know what it is; it need not be held until its end comes.
      if (isInside) mail.append(held);
      else yield* line(held);
      isInside = true;
      held = Buffer.alloc(0);
    },
    *end() {
      if (held.length > 0 && isInside) mail.append(held);
      else if (held.length > 0) yield* line(held);
      yield* finish(false);
    },
  };
}

/** The first line of a file needs no time to be one between mails. */
function isBetween(line: Buffer, isFirst: boolean): boolean {
  if (!FROM.equals(line.subarray(0, FROM.length))) return false;
  return isFirst || HAS_TIME.test(line.toString('latin1', 0, LOOK));
}

/** `>From `, `>>From `: one `>` was put before it when it was written. */
function isQuoted(line: Buffer): boolean {
  if (line[0] !== QUOTE) return false;
  let at = 1;
  while (line[at] === QUOTE) at += 1;
  return FROM.equals(line.subarray(at, at + FROM.length));
}

function isEmptyLine(line: Buffer): boolean {
  return line[0] === LF || (line[0] === CR && line[1] === LF);
}

interface Mail {
  append(line: Buffer): void;
  /**
   * @param isFollowed by another: the empty line before it belongs to neither
   * @returns how long it was, 0 if it was nothing but empty lines; its octets unless there were too many
   */
  finish(isFollowed: boolean): { readonly octets: number; readonly bytes?: Uint8Array };
}

function createMail(maxBytes: number): Mail {
  let kept: Octets | undefined = createOctets();
  let octets = 0;
  let isBlank = true;
  return {
    append(line) {
      isBlank &&= isEmptyLine(line);
      octets += line.length;
      if (octets > maxBytes) kept = undefined;
      kept?.append(line);
    },
    finish(isFollowed) {
      if (isBlank) return { octets: 0 };
      if (kept === undefined) return { octets };
      const bytes = kept.bytes();
      const whole = isFollowed ? withoutLastLine(bytes) : bytes;
      return { octets: whole.length, bytes: whole };
    },
  };
}

function withoutLastLine(bytes: Buffer): Buffer {
  const end = bytes.length - 1;
  return bytes.subarray(0, bytes[end - 1] === CR ? end - 1 : end);
}
