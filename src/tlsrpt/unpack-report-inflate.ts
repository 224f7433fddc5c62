/**
 * Inflating without ever holding more than was allowed.
 *
 * @module
 */
import { promisify } from 'node:util';
import { inflateRaw, type InflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib';

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

/** Up to this size the thread pool costs more than it spares: real reports have less than 3 kB. */
const SMALL = 16_384;

/** Inflates one raw deflate stream (RFC 1951) at the beginning of `bytes`. */
export async function inflate(bytes: Uint8Array, limit: number): Promise<Inflated> {
  const options = { maxOutputLength: limit, info: true, chunkSize: chunkSize(bytes.length) };
  try {
    const result =
      bytes.length <= SMALL ? inflateRawSync(bytes, options) : await pooled(bytes, options);
    // With `info` it is not the octets alone, whatever the types say.
    const { buffer, engine } = result as unknown as { buffer: Buffer; engine: InflateRaw };
    return { kind: 'done', content: buffer, taken: engine.bytesWritten };
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    return isTooLarge ? { kind: 'too-large' } : { kind: 'damaged', why: (error as Error).message };
  }
}

/** Room for what becomes of it, mostly in one piece: to get a large piece takes longer than to fill a small one. */
function chunkSize(packed: number): number {
  return Math.min(LARGEST_CHUNK, SMALLEST_CHUNK + packed * COMMON_RATIO);
}

const SMALLEST_CHUNK = 512;
const LARGEST_CHUNK = 16_384;
const COMMON_RATIO = 4;

const pooled = promisify<Uint8Array, ZlibOptions, Buffer>(inflateRaw);
