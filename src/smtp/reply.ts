/**
 * Reads replies from bytes as they come (RFC 5321 §4.2), without a socket.
 *
 * @module
 */
import { fail, ok } from '../failure.ts';
import type { Failure, Outcome } from '../failure.ts';
import { printable } from '../printable.ts';
import type { Reply } from './types.ts';

/** Longest reply line in octets with its line end; RFC 5321 §4.5.3.1.5 asks for 512. */
export const MAX_REPLY_LINE = 2048;
/** Longest reply in octets, all lines. */
export const MAX_REPLY_OCTETS = 65_536;
/** Most lines in one reply. */
export const MAX_REPLY_LINES = 512;
/** Most octets of whole replies that wait to be taken: a server may not fill our memory unasked. */
export const MAX_UNREAD_OCTETS = 1_048_576;

const CR = 0x0d;
const LF = 0x0a;
const REPLY_LINE = /^([2-5]\d\d)(?:([ -])(.*))?$/s;
const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/;

interface Whole {
  readonly reply: Reply;
  readonly octets: number;
}

/**
 * An incremental reply parser. Lines may end in CRLF or LF; other control bytes than tab are
 * refused. Once something is wrong, everything after it is ignored: a dialogue that is out of
 * step cannot be mended. The same bytes give the same replies however they are cut into chunks.
 */
export class ReplyParser {
  readonly #line = Buffer.alloc(MAX_REPLY_LINE);
  readonly #onLine: ((line: string) => void) | undefined;
  #lineLength = 0;
  #code: string | undefined;
  #texts: string[] = [];
  #octets = 0;
  #ready: Whole[] = [];
  /** How many of `#ready` have been taken. */
  #taken = 0;
  #unread = 0;
  #failure: Failure | undefined;

  /** @param onLine called with each whole line, made printable */
  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** True while anything is there that nobody has taken: a reply, part of one, or a fault. */
  get unread(): boolean {
    return (
      this.#ready.length > 0 || this.#octets + this.#lineLength > 0 || this.#failure !== undefined
    );
  }

  /** True if `take` has something to give. */
  get ready(): boolean {
    return this.#ready.length > 0 || this.#failure !== undefined;
  }

  /** Takes in what arrived. */
  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    while (start < bytes.length && this.#failure === undefined) {
      const lineFeed = bytes.indexOf(LF, start);
      const end = lineFeed === -1 ? bytes.length : lineFeed + 1;
      const length = this.#lineLength + end - start;
      if (length > MAX_REPLY_LINE || (lineFeed === -1 && length === MAX_REPLY_LINE)) {
        this.#refuse('SMTP_REPLY_TOO_LONG', `a reply line is longer than ${MAX_REPLY_LINE} octets`);
        return;
      }
      bytes.copy(this.#line, this.#lineLength, start, end);
      this.#lineLength = length;
      start = end;
      if (lineFeed !== -1) this.#endLine();
    }
  }

  /** The next whole reply; the fault if one comes next; undefined if more bytes are needed. */
  take(): Outcome<Reply> | undefined {
    const whole = this.#ready[this.#taken];
    if (whole !== undefined) {
      // Not shift(): on a long list that would move all the rest each time.
      this.#taken += 1;
      this.#unread -= whole.octets;
      if (this.#taken === this.#ready.length) {
        this.#ready = [];
        this.#taken = 0;
      }
      return ok(whole.reply);
    }
    return this.#failure === undefined ? undefined : { ok: false, failure: this.#failure };
  }

  #refuse(code: 'SMTP_REPLY_TOO_LONG' | 'SMTP_REPLY_MALFORMED', detail: string): void {
    this.#failure = { code, detail };
  }

  #endLine(): void {
    const raw = this.#line.subarray(0, this.#lineLength - 1);
    const bytes = raw.at(-1) === CR ? raw.subarray(0, -1) : raw;
    const text = bytes.toString('utf8');
    this.#octets += this.#lineLength;
    this.#lineLength = 0;
    const match = bytes.some(isRefused) ? null : REPLY_LINE.exec(text);
    this.#onLine?.(printable(text, MAX_REPLY_LINE));
    if (match === null || (this.#code !== undefined && match[1] !== this.#code)) {
      this.#refuse(
        'SMTP_REPLY_MALFORMED',
        `not a line of an SMTP reply: "${printable(text, 100)}"`,
      );
      return;
    }
    this.#addLine(match[1]!, match[3] ?? '', match[2] === '-');
  }

  #addLine(code: string, text: string, more: boolean): void {
    this.#code = code;
    this.#texts.push(text);
    if (this.#octets > MAX_REPLY_OCTETS || this.#texts.length > MAX_REPLY_LINES) {
      this.#refuse(
        'SMTP_REPLY_TOO_LONG',
        `a reply ${code} does not end (${this.#texts.length} lines, ${this.#octets} octets)`,
      );
      return;
    }
    if (more) return;
    this.#ready.push({ reply: replyOf(code, this.#texts), octets: this.#octets });
    this.#unread += this.#octets;
    this.#code = undefined;
    this.#texts = [];
    this.#octets = 0;
    if (this.#unread > MAX_UNREAD_OCTETS) {
      this.#refuse(
        'SMTP_REPLY_TOO_LONG',
        `more than ${MAX_UNREAD_OCTETS} octets of replies were sent unasked`,
      );
    }
  }
}

function isRefused(byte: number): boolean {
  return (byte < 0x20 && byte !== 0x09) || byte === 0x7f;
}

/** An enhanced code counts only if its class is that of the reply (RFC 2034 §4). */
function enhancedOf(code: string, text: string): string | undefined {
  const found = ENHANCED.exec(text)?.[1];
  return found !== undefined && found[0] === code[0] ? found : undefined;
}

function replyOf(code: string, texts: readonly string[]): Reply {
  const enhanced = enhancedOf(code, texts[0] ?? '');
  const lines = texts.map((text) => {
    const prefix = enhancedOf(code, text);
    return prefix === undefined ? text : text.slice(prefix.length + 1);
  });
  return { code: Number(code), ...(enhanced === undefined ? {} : { enhanced }), lines };
}

/** Reads bytes that must be exactly one reply; for tests and fixtures. */
export function parseReply(text: string): Outcome<Reply> {
  const parser = new ReplyParser();
  parser.push(Buffer.from(text));
  const reply = parser.take();
  if (reply === undefined) return fail('SMTP_REPLY_MALFORMED', 'the reply is not complete');
  if (reply.ok && parser.unread) return fail('SMTP_REPLY_MALFORMED', 'text follows the reply');
  return reply;
}

/** The reply on one line, bounded and printable: `550 5.1.1 No such user`. */
export function replyText(reply: Reply): string {
  const head = reply.enhanced === undefined ? `${reply.code}` : `${reply.code} ${reply.enhanced}`;
  // Joined lines are cut at once: a reply may have hundreds.
  return printable(`${head} ${reply.lines.slice(0, 20).join(' / ')}`.trimEnd());
}
