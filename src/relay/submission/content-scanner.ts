/**
 * The content of a message on its way in: dots unstuffed, and its end found, strictly. Only CR LF
 * ends a line and only CR LF "." CR LF the message; whatever a laxer server could take for an end
 * is found out (RFC 5321 §2.3.8, §4.1.1.4).
 *
 * @module
 */

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;
const NOTHING = Buffer.alloc(0);

/** What is wrong with a content. */
export type ContentFault =
  /** A CR or LF stands alone. */
  | 'bare'
  /** The same beside a lone dot: a second message may be hidden behind it. */
  | 'smuggling'
  /** NUL, which no text has (RFC 2045 §2.8); programs in C take it for the end of a line. */
  | 'nul'
  /** A line is longer than it may be. */
  | 'long';

/** Takes the pieces of a content. They are views of the octets that were fed. */
export type TakePiece = (piece: Buffer) => void;

/** How to scan. */
export interface ScanOptions {
  readonly take: TakePiece;
  /** Longest line without its end, in octets. */
  readonly maxLine: number;
}

/** Scans one content. After a fault nothing more is taken, but the end is still looked for. */
export class ContentScanner {
  readonly #take: TakePiece;
  readonly #maxLine: number;
  /** The beginning of a line whose end has not come. */
  #kept: Buffer = NOTHING;
  #loose: LooseScanner | undefined;
  #fault: ContentFault | undefined;
  #ended = false;
  #taken = 0;
  #bodyStart: number | undefined;

  constructor({ take, maxLine }: ScanOptions) {
    this.#take = take;
    this.#maxLine = maxLine;
  }

  /** The final dot has come. */
  get ended(): boolean {
    return this.#ended;
  }

  get fault(): ContentFault | undefined {
    return this.#fault;
  }

  /** Octets taken so far. */
  get size(): number {
    return this.#taken;
  }

  /** Where the empty line behind the header begins; undefined while it has not come. */
  get bodyStart(): number | undefined {
    return this.#bodyStart;
  }

  /** @returns how many of the octets belong to this content; all of them until it has ended */
  feed(bytes: Buffer): number {
    if (this.#loose !== undefined) return this.#feedLoosely(this.#loose, bytes);
    if (this.#kept.length === 0) return this.#feedLines(bytes, 0);
    const end = bytes.indexOf(LF);
    const before = this.#kept.length;
    const line = Buffer.concat([this.#kept, end === -1 ? bytes : bytes.subarray(0, end + 1)]);
    this.#kept = NOTHING;
    if (end === -1) return this.#keep(line) - before;
    const used = this.#feedLines(line, 0);
    if (this.#ended) return used - before;
    if (this.#loose !== undefined) {
      return end + 1 + this.#feedLoosely(this.#loose, bytes.subarray(end + 1));
    }
    return this.#feedLines(bytes, end + 1);
  }

  /** The hot loop: one search for what is out of the ordinary, and a piece for all before it. */
  #feedLines(bytes: Buffer, from: number): number {
    const end = bytes.lastIndexOf(LF) + 1;
    const text = end > from ? bytes.toString('latin1', 0, end) : '';
    // One look is cheaper than one more thing that every search looks for.
    const odd = bytes.includes(NUL, from) ? OR_NUL : OUT_OF_THE_ORDINARY;
    let runStart = from;
    let at = from;
    while (at < end) {
      const plain = plainEnd(text, at, odd);
      const long = longLine(bytes, { from: at, end: plain, maxLine: this.#maxLine });
      if (long !== undefined) return this.#giveUp('long', bytes, long);
      this.#lookForBody(text, { from: at, end: plain, runStart });
      at = plain;
      if (at === end) break;
      const next = text.indexOf('\n', at) + 1;
      if (odd === OR_NUL && text.slice(at, next).includes('\0')) {
        return this.#giveUp('nul', bytes, at);
      }
      if (text[at] !== '.' || text.indexOf('\r', at) !== next - 2) {
        return this.#giveUp('bare', bytes, at);
      }
      const length = next - 3 - at;
      if (length > this.#maxLine) return this.#giveUp('long', bytes, at);
      this.#emit(bytes, runStart, at);
      if (length === 0) {
        this.#ended = true;
        return next;
      }
      runStart = at + 1;
      at = next;
    }
    this.#emit(bytes, runStart, at);
    return at + this.#keep(bytes.subarray(at));
  }

  #lookForBody(
    text: string,
    {
      from,
      end,
      runStart,
    }: { readonly from: number; readonly end: number; readonly runStart: number },
  ): void {
    if (this.#bodyStart !== undefined || from === end) return;
    const empty = emptyLine(text, from);
    if (empty !== undefined && empty < end) this.#bodyStart = this.#taken + empty - runStart;
  }

  #emit(bytes: Buffer, start: number, end: number): void {
    if (end <= start) return;
    this.#taken += end - start;
    this.#take(bytes.subarray(start, end));
  }

  /** @returns how many octets of the unfinished line are used: all, unless a hidden end is in it */
  #keep(rest: Buffer): number {
    const cr = rest.indexOf(CR);
    if (cr !== -1 && cr < rest.length - 1) return this.#giveUp('bare', rest, 0);
    if (rest.includes(NUL)) return this.#giveUp('nul', rest, 0);
    // With its dot and its CR.
    if (rest.length > this.#maxLine + 2) return this.#giveUp('long', rest, 0);
    if (rest.length > 0) this.#kept = Buffer.from(rest);
    return rest.length;
  }

  #giveUp(fault: ContentFault, bytes: Buffer, lineStart: number): number {
    this.#fault = fault;
    this.#loose = new LooseScanner();
    return lineStart + this.#feedLoosely(this.#loose, bytes.subarray(lineStart));
  }

  #feedLoosely(loose: LooseScanner, bytes: Buffer): number {
    const used = loose.feed(bytes);
    if (loose.found === 'end') this.#ended = true;
    if (loose.found === 'smuggling') {
      this.#fault = 'smuggling';
      this.#ended = true;
    } else if (loose.sawBare) this.#fault = 'bare';
    else if (loose.sawNul && this.#fault === 'long') this.#fault = 'nul';
    return used;
  }
}

/** A CR or LF that stands alone, or a dot that begins a line. */
const OUT_OF_THE_ORDINARY = /\r(?!\n)|(?<!\r)\n|\n\./;
const OR_NUL = new RegExp(`${OUT_OF_THE_ORDINARY.source}|\\0`);

/** Where the first line begins that has a dot at its start, a line end that is none, or else what is `odd`. */
function plainEnd(text: string, from: number, odd: RegExp): number {
  if (text[from] === '.') return from;
  const found = text.slice(from).search(odd);
  if (found === -1) return text.length;
  const at = from + found;
  if (text[at] === '\n' && text[at - 1] === '\r') return at + 1;
  return found === 0 ? from : Math.max(from, text.lastIndexOf('\n', at - 1) + 1);
}

/** @param from the start of a line */
function emptyLine(text: string, from: number): number | undefined {
  if (text.startsWith('\r\n', from)) return from;
  const found = text.indexOf('\r\n\r\n', from);
  return found === -1 ? undefined : found + 2;
}

/** Where the first line begins that is too long; leaps from line end to line end as far as lines may be long. */
function longLine(
  bytes: Buffer,
  { from, end, maxLine }: { readonly from: number; readonly end: number; readonly maxLine: number },
): number | undefined {
  let at = from;
  while (end - at > maxLine + 2) {
    const lineEnd = bytes.lastIndexOf(LF, at + maxLine + 1);
    if (lineEnd < at) return at;
    at = lineEnd + 1;
  }
  return undefined;
}

type LineEnd = 'strict' | 'bare';

/**
 * Looks for the end as the laxest server would, octet by octet. Begins at the start of a line that
 * comes after CR LF.
 */
class LooseScanner {
  found: 'end' | 'smuggling' | undefined;
  sawBare = false;
  sawNul = false;
  #before: LineEnd = 'strict';
  /** The line so far: nothing, one dot, anything else. */
  #line: 'empty' | 'dot' | 'other' = 'empty';
  #afterCr = false;

  feed(bytes: Buffer): number {
    for (let at = 0; at < bytes.length; at += 1) {
      this.#octet(bytes[at]!);
      if (this.found !== undefined) return at + 1;
    }
    return bytes.length;
  }

  #octet(octet: number): void {
    if (this.#afterCr) {
      this.#afterCr = false;
      this.#lineEnds(octet === LF ? 'strict' : 'bare');
      if (octet === LF || this.found !== undefined) return;
    }
    if (octet === NUL) this.sawNul = true;
    if (octet === CR) this.#afterCr = true;
    else if (octet === LF) this.#lineEnds('bare');
    else this.#line = this.#line === 'empty' && octet === DOT ? 'dot' : 'other';
  }

  #lineEnds(end: LineEnd): void {
    if (end === 'bare') this.sawBare = true;
    if (this.#line === 'dot') {
      this.found = end === 'strict' && this.#before === 'strict' ? 'end' : 'smuggling';
    }
    this.#before = end;
    this.#line = 'empty';
  }
}
