/**
 * The nearest known word to one that is not known.
 *
 * @module
 */

/** The known word that is most like `word`; undefined if none is like it. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = fold(word);
  const ranked = known
    .map((candidate) => ({ candidate, steps: distance(plain, fold(candidate)) }))
    .toSorted((a, b) => a.steps - b.steps);
  const best = ranked[0];
  const allowed = Math.max(1, Math.floor(plain.length / 3));
  return best !== undefined && best.steps <= allowed ? best.candidate : undefined;
}

/** `refreshJitter`, `refresh-jitter` and `refresh_jitter` are the same word to a person. */
function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, '');
}

/** How many letters must be put in, left out or changed. */
function distance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const change = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(change, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[to.length]!;
}
