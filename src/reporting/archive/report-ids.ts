/**
 * Ids of received reports: sixteen characters that sort by time and that people can read aloud.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import { base32 } from '../../base32.ts';
import type { Clock } from '../../clock.ts';

/** Ten characters of time last until the 37th millennium. */
const TIME_DIGITS = 10;
const TAIL_DIGITS = 6;
const TAILS = 32 ** TAIL_DIGITS;

/** Makes ids; those of one process rise, whatever the clock does. Processes differ by what they draw. */
export function createReportIds(
  clock: Clock,
  draw: (below: number) => number = randomInt,
): () => string {
  let at = 0;
  let tail = 0;
  return () => {
    const now = clock.now();
    // A step that is drawn anew each time keeps two processes within a millisecond apart.
    tail += 1 + draw(1024);
    if (now > at || tail >= TAILS) {
      at = Math.max(now, at + 1);
      tail = draw(TAILS / 2);
    }
    return base32(at, TIME_DIGITS) + base32(tail, TAIL_DIGITS);
  };
}

/** Is this what {@link createReportIds} makes? */
export function isReportId(text: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{16}$/.test(text);
}
