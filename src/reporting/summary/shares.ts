/**
 * Who has how much of something.
 *
 * @module
 */
import type { Share } from './summary-types.ts';

/** Sums by name, the largest first. */
export function shares<T extends { readonly sessions: number }>(
  all: readonly T[],
  nameOf: (one: T) => string,
): readonly Share[] {
  const sums = new Map<string, number>();
  for (const one of all) {
    if (one.sessions === 0) continue;
    const name = nameOf(one);
    sums.set(name, (sums.get(name) ?? 0) + one.sessions);
  }
  return Array.from(sums, ([name, sessions]) => ({ name, sessions })).sort(
    (a, b) => b.sessions - a.sessions || (a.name < b.name ? -1 : 1),
  );
}

/** Compares for falling size. */
export function biggestFirst<T>(sizeOf: (one: T) => number): (a: T, b: T) => number {
  return (a, b) => sizeOf(b) - sizeOf(a);
}
