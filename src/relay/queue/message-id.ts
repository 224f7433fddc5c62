/**
 * Message ids: fourteen characters that sort by time and that people can read aloud.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import { base32, BASE32_DIGITS } from '../../base32.ts';
import type { Clock } from '../../clock.ts';

/** One step of the time in an id, milliseconds: 40 bits of these last until the 26th century. */
const TICK_MS = 16;
/** Ids of one process within a tick; more borrow from the next tick. */
const PER_TICK = 1024;
/** Tells processes apart: 20 bits. */
const TAGS = 2 ** 20;

/**
 * Makes ids: eight characters of time, four of the process, two that count. Ids of one process
 * rise, whatever the clock does; those of different processes differ unless both drew the same
 * tag, one in a million, and then the database refuses the second message of the same id.
 */
export function createMessageIds(clock: Clock, tag: number = randomInt(TAGS)): () => string {
  const mark = base32(tag, 4);
  let tick = 0;
  let count = 0;
  return () => {
    const now = Math.floor(clock.now() / TICK_MS);
    count += 1;
    if (now > tick) {
      tick = now;
      count = 0;
    } else if (count === PER_TICK) {
      tick += 1;
      count = 0;
    }
    return base32(tick, 8) + mark + base32(count, 2);
  };
}

/** Is this what {@link createMessageIds} makes? */
export function isMessageId(text: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{14}$/.test(text);
}

/**
 * When the id was made, to {@link TICK_MS}: at the beginning of the message's content, shortly
 * before it was accepted. Undefined for what is no id.
 */
export function timeOfMessageId(id: string): number | undefined {
  if (!isMessageId(id)) return undefined;
  let tick = 0;
  for (const digit of id.slice(0, 8)) tick = tick * 32 + BASE32_DIGITS.indexOf(digit);
  return tick * TICK_MS;
}
