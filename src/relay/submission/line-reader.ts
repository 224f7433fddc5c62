/**
 * Command lines, read strictly: a line ends with CR LF and with nothing else (RFC 5321 §2.3.8).
 *
 * @module
 */

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = Buffer.alloc(0);

/**
 * Longest line that is read at all, without its end: an AUTH exchange may be so long (RFC 4954
 * §4). What other commands may have is {@link MAX_COMMAND}.
 */
export const MAX_LINE = 12_288;
/** RFC 5321 §4.5.3.1.4 wants 512, and the parameters of extensions add about 1,400 to that. */
export const MAX_COMMAND = 2_046;

/** What was found. `next` is where to go on in the octets that were given. */
export type LineResult =
  | { readonly kind: 'line'; readonly line: Buffer; readonly next: number }
  | { readonly kind: 'bare-end'; readonly next: number }
  | { readonly kind: 'too-long'; readonly next: number }
  /** All octets were used, the line is not at its end. */
  | { readonly kind: 'partial'; readonly next: number };

/** Cuts a stream of octets into lines; keeps the beginning of a line until its end comes. */
export class LineReader {
  #kept: Buffer = NOTHING;
  /** The line was too long; what is left of it is passed over. */
  #skipping = false;

  /** Has a line begun that is not at its end? */
  get isInside(): boolean {
    return this.#kept.length > 0 || this.#skipping;
  }

  /** Reads one line from `bytes`, beginning at `from`. */
  read(bytes: Buffer, from: number): LineResult {
    const end = bytes.indexOf(LF, from);
    const next = end === -1 ? bytes.length : end + 1;
    if (this.#skipping) {
      this.#skipping = end === -1;
      return end === -1 ? { kind: 'partial', next } : this.#afterSkipping(bytes, next);
    }
    const line = this.#join(bytes.subarray(from, next));
    if (line.length > MAX_LINE + 2) {
      this.#skipping = end === -1;
      this.#kept = NOTHING;
      return { kind: 'too-long', next };
    }
    if (end === -1) {
      // A copy: a slice would hold the whole buffer of the socket while the client is idle.
      this.#kept = Buffer.from(line);
      return { kind: 'partial', next };
    }
    this.#kept = NOTHING;
    // The first CR must be the one before the LF.
    if (line.length < 2 || line.indexOf(CR) !== line.length - 2) return { kind: 'bare-end', next };
    return { kind: 'line', line: line.subarray(0, -2), next };
  }

  #afterSkipping(bytes: Buffer, next: number): LineResult {
    return next < bytes.length ? this.read(bytes, next) : { kind: 'partial', next };
  }

  #join(piece: Buffer): Buffer {
    return this.#kept.length === 0 ? piece : Buffer.concat([this.#kept, piece]);
  }
}
