/**
 * Message content on its way to the wire: line ends made CRLF, and dots doubled for DATA.
 *
 * @module
 */

/** How content is framed. */
export type Framing =
  /** Dots at line starts are doubled; ends in `.` CRLF (RFC 5321 §4.5.2). */
  | 'dot'
  /** As it is; BDAT counts octets (RFC 3030 §2). */
  | 'counted';

/** Pieces are cut to this before they are worked on, so that memory stays bounded. */
const PIECE_OCTETS = 65_536;

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;
const CRLF = [CR, LF] as const;

/**
 * What has to be changed behind the first octet of a piece. Octets looked at one by one take ten
 * times as long as the search of a regular expression.
 */
const FAULTS: Readonly<Record<Framing, RegExp>> = {
  dot: /\r(?!\n)|(?<!\r)\n|\n\./,
  counted: /\r(?!\n)|(?<!\r)\n/,
};

/**
 * A streaming writer of message content. A bare CR and a bare LF become CRLF: whatever the next
 * server thinks of bare line ends, it cannot see an end of data that we did not mean (SMTP
 * smuggling). State is two booleans, whatever the size of the message.
 */
export class ContentWriter {
  readonly #framing: Framing;
  #atLineStart = true;
  #afterCr = false;

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /**
   * What goes on the wire for this chunk, in bounded pieces. They may be views of the chunk, which
   * must not be written to afterwards.
   */
  *write(chunk: Uint8Array): Generator<Uint8Array, void, void> {
    for (let start = 0; start < chunk.length; start += PIECE_OCTETS) {
      const piece = this.#piece(chunk.subarray(start, start + PIECE_OCTETS));
      if (piece.length > 0) yield piece;
    }
  }

  /** What ends the content: a CRLF if the last line has none, and the final dot. */
  end(): Uint8Array {
    const lineEnd = this.#atLineStart ? [] : CRLF;
    return Uint8Array.from(this.#framing === 'dot' ? [...lineEnd, DOT, ...CRLF] : lineEnd);
  }

  #piece(input: Uint8Array): Uint8Array {
    return this.#isClean(input) ? this.#asItIs(input) : this.#mended(input);
  }

  /** Most of what comes in is as it must go out. */
  #isClean(input: Uint8Array): boolean {
    // The LF of a CRLF that was cut in two has been written; a CR at the end may be half of one.
    if (this.#afterCr || input.at(-1) === CR) return false;
    if (this.#framing === 'dot' && this.#atLineStart && input[0] === DOT) return false;
    const { buffer, byteOffset, length } = input;
    return !FAULTS[this.#framing].test(Buffer.from(buffer, byteOffset, length).toString('latin1'));
  }

  #asItIs(input: Uint8Array): Uint8Array {
    this.#atLineStart = input.at(-1) === LF;
    return input;
  }

  // An indexed loop over locals: this runs once for every octet of a piece that must be changed.
  #mended(input: Uint8Array): Uint8Array {
    const stuff = this.#framing === 'dot';
    const output = Buffer.allocUnsafe(input.length * 2);
    let atLineStart = this.#atLineStart;
    let afterCr = this.#afterCr;
    let length = 0;
    for (let at = 0; at < input.length; at += 1) {
      const byte = input[at]!;
      if (byte === CR || byte === LF) {
        // The CRLF was written when its CR was seen.
        if (byte === CR || !afterCr) {
          output[length++] = CR;
          output[length++] = LF;
        }
        afterCr = byte === CR;
        atLineStart = true;
        continue;
      }
      if (atLineStart && stuff && byte === DOT) output[length++] = DOT;
      output[length++] = byte;
      afterCr = false;
      atLineStart = false;
    }
    this.#atLineStart = atLineStart;
    this.#afterCr = afterCr;
    return output.subarray(0, length);
  }
}
