/**
 * Octets that come in pieces of any size.
 *
 * @module
 */

const FIRST_CAPACITY = 16_384;

/** Gathers pieces in one buffer: a client that sends octet by octet must not make us keep millions of them. */
export interface Octets {
  append(piece: Uint8Array): void;
  readonly length: number;
  /** What was gathered; valid until the next {@link append}. */
  bytes(): Buffer;
}

/** Holds at most twice what was appended. */
export function createOctets(): Octets {
  let buffer = Buffer.alloc(0);
  let length = 0;
  return {
    get length() {
      return length;
    },
    append(piece) {
      const needed = length + piece.length;
      if (needed > buffer.length) {
        const larger = Buffer.allocUnsafe(Math.max(FIRST_CAPACITY, needed, buffer.length * 2));
        buffer.copy(larger, 0, 0, length);
        buffer = larger;
      }
      buffer.set(piece, length);
      length = needed;
    },
    bytes: () => buffer.subarray(0, length),
  };
}
