/**
 * Numbers that look random and can be had again: a failure names its seed.
 *
 * @module
 */

/** A generator of numbers from 0 up to, not including, `limit`. */
export type Random = (limit: number) => number;

/** mulberry32: small, fast, good enough to make nonsense. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit);
  };
}

/** A seed that nobody chose. */
export function newSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000);
}
