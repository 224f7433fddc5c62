/**
 * The content of a message on its way in: dots unstuffed, and its end found, strictly. Only CR LF
 * ends a line and only CR LF "." CR LF the message; whatever a laxer server could take for an end
 * is found out (RFC 5321 §2.3.8, §4.1.1.4).
 *
 * @module
 */

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

  /** The hot loop: two searches a line, and a piece for each run of lines without a leading dot. */
  #feedLines(bytes: Buffer, from: number): number {
    let runStart = from;
    let lineStart = from;
    for (let end = bytes.indexOf(LF, from); end !== -1; end = bytes.indexOf(LF, lineStart)) {
      const isDotted = bytes[lineStart] === DOT;
      const length = end - 1 - lineStart - (isDotted ? 1 : 0);
      const isStrict = end > lineStart && bytes.indexOf(CR, lineStart) === end - 1;
      if (!isStrict || length > this.#maxLine) {
        return this.#giveUp(isStrict ? 'long' : 'bare', bytes, lineStart);
      }
      if (isDotted) {
        this.#emit(bytes, runStart, lineStart);
        if (length === 0) {
          this.#ended = true;
          return end + 1;
        }
        runStart = lineStart + 1;
      } else if (length === 0 && this.#bodyStart === undefined) {
        this.#bodyStart = this.#taken + lineStart - runStart;
      }
      lineStart = end + 1;
    }
    this.#emit(bytes, runStart, lineStart);
    return lineStart + this.#keep(bytes.subarray(lineStart));
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
    } else if (loose.sawBare && this.#fault === 'long') this.#fault = 'bare';
    return used;
  }
}

type LineEnd = 'strict' | 'bare';

/**
 * Looks for the end as the laxest server would, octet by octet. Begins at the start of a line that
 * comes after CR LF.
 */
class LooseScanner {
  found: 'end' | 'smuggling' | undefined;
  sawBare = false;
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
