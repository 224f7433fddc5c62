/**
 * Inflating without ever holding more than was allowed.
 *
 * @module
 */
import { inflateRaw, type InflateRaw } from 'node:zlib';

/** What came of it. */
export type Inflated =
  | {
      readonly kind: 'done';
      readonly content: Uint8Array;
      /** How many octets of the input the stream took; what follows is not part of it. */
      readonly taken: number;
    }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'damaged'; readonly why: string };

/** Inflates one raw deflate stream (RFC 1951) at the beginning of `bytes`. */
export function inflate(bytes: Uint8Array, limit: number): Promise<Inflated> {
  return new Promise((resolve) => {
    inflateRaw(bytes, { maxOutputLength: limit, info: true }, (error, result) => {
      if (error !== null) {
        const code = (error as NodeJS.ErrnoException).code;
        const isTooLarge = code === 'ERR_BUFFER_TOO_LARGE';
        resolve(isTooLarge ? { kind: 'too-large' } : { kind: 'damaged', why: error.message });
        return;
      }
      const { buffer, engine } = result as unknown as { buffer: Buffer; engine: InflateRaw };
      resolve({ kind: 'done', content: buffer, taken: engine.bytesWritten });
    });
  });
}
