/**
 * Reports that are understood wait for others that soon will be: they are stored together.
 *
 * @module
 */

/** Who waits for whom. */
export interface Company {
  /** So many more are on their way. */
  readonly expect: (count: number) => void;
  /** They are there. Resolves when they are enough together with others, or nobody else is on the way. */
  readonly arrive: (count: number) => Promise<void>;
}

/** @param enough so many need no more company */
export function createCompany(enough: number): Company {
  let expected = 0;
  let arrived = 0;
  let together = Promise.withResolvers<void>();
  return {
    expect(count) {
      expected += count;
    },
    async arrive(count) {
      expected -= count;
      arrived += count;
      const { promise, resolve } = together;
      if (arrived >= enough || expected === 0) {
        arrived = 0;
        together = Promise.withResolvers();
        resolve();
      }
      await promise;
    },
  };
}
