/**
 * The body of a request, read within limits of size, time and memory.
 *
 * @module
 */
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Clock, Timer } from '../../clock.ts';
import type { Budget } from './gate.ts';
import { createOctets } from './octets.ts';

/** What holds for a body. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly withinMs: number;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly pace?: Pace;
}

/** How fast a large body must go on coming: in each time of `everyMs` at least `octets`. */
export interface Pace {
  readonly everyMs: number;
  readonly octets: number;
  /** Bodies that have no more octets than this may come as slowly as they like. */
  readonly above: number;
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
    const pace = watchPace(limits, {
      length: () => octets.length,
      tooSlow: () => finish('too-slow'),
    });
    const finish = (kind: BodyReading['kind']): void => {
      timer.cancel();
      pace.cancel();
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

interface Watched {
  readonly length: () => number;
  readonly tooSlow: () => void;
}

/** Time after time, not on the whole: who sends all but the last octet at once must not hold it for long. */
function watchPace({ pace, clock }: BodyLimits, { length, tooSlow }: Watched): Timer {
  if (pace === undefined) return { cancel: () => undefined };
  let before = 0;
  let timer: Timer;
  const look = (): void => {
    const now = length();
    if (now > pace.above && now - before < pace.octets) {
      tooSlow();
      return;
    }
    before = now;
    timer = clock.after(pace.everyMs, look);
  };
  timer = clock.after(pace.everyMs, look);
  return { cancel: () => timer.cancel() };
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
