/**
 * The body of a request, read within limits of size, time and memory.
 *
 * @module
 */
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock } from '../../clock.ts';
import type { Budget } from './gate.ts';
import { createOctets } from './octets.ts';

/** What holds for a body. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly withinMs: number;
  readonly budget: Budget;
  readonly clock: Clock;
}

/** What came of reading. `whole`: its octets count in the budget until they are given back. */
export type BodyReading =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** `gone`: the client went away. */
  | { readonly kind: 'too-large' | 'too-slow' | 'busy' | 'gone' };

/** Reads until the end or the first limit that is reached; never rejects, leaves the rest unread. */
export async function readBody(stream: Readable, limits: BodyLimits): Promise<BodyReading> {
  const { maxBytes, withinMs, budget, clock } = limits;
  const octets = createOctets();
  return await new Promise<BodyReading>((resolve) => {
    const timer = clock.after(withinMs, () => finish('too-slow'));
    const finish = (kind: BodyReading['kind']): void => {
      timer.cancel();
      stream.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
      // Without a listener an error of the connection would be one of the process.
      stream.on('error', () => undefined);
      if (kind === 'whole') {
        resolve({ kind, bytes: octets.bytes() });
        return;
      }
      budget.give(octets.length);
      stream.pause();
      resolve({ kind });
    };
    const onData = (piece: Buffer): void => {
      if (octets.length + piece.length > maxBytes) finish('too-large');
      else if (budget.take(piece.length)) octets.append(piece);
      else finish('busy');
    };
    const onEnd = (): void => finish('whole');
    const onGone = (): void => finish('gone');
    stream.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
}

const inflate = promisify(gunzip);

/** Takes one `Content-Encoding: gzip` off; undefined: it is none, damaged, or larger than allowed. */
export async function decodeOnce(
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  try {
    return await inflate(bytes, { maxOutputLength: maxBytes });
  } catch {
    return undefined;
  }
}
