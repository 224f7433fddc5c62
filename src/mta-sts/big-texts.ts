/**
 * Which domains hold large policies, the largest first: they are the first to go when all texts
 * together get too large.
 *
 * @module
 */

/** Up to this weight a policy is like any other; nearly all are far below. */
export const SMALL_WEIGHT = 2_048;

/** How many are looked at for one that may go. */
const SAMPLE = 64;

/** Domains by the size class of their policies, classes of powers of two. */
export interface BigTexts {
  /** Small ones are not noted. */
  add(domain: string, weight: number): void;
  remove(domain: string, weight: number): void;
  /** A domain of the highest class above that of `weight`, the longest noted first. */
  above(weight: number, mayGo: (domain: string) => boolean): string | undefined;
}

/** None yet. */
export function createBigTexts(): BigTexts {
  const classes = new Map<number, Set<string>>();
  return {
    add(domain, weight) {
      if (weight <= SMALL_WEIGHT) return;
      const number = classOf(weight);
      const domains = classes.get(number);
      if (domains === undefined) classes.set(number, new Set([domain]));
      else domains.add(domain);
    },
    remove(domain, weight) {
      classes.get(classOf(weight))?.delete(domain);
    },
    above(weight, mayGo) {
      const numbers = [...classes.keys()].filter((number) => number > classOf(weight));
      for (const number of numbers.toSorted((a, b) => b - a)) {
        let seen = 0;
        for (const domain of classes.get(number)!) {
          if (mayGo(domain)) return domain;
          seen += 1;
          if (seen >= SAMPLE) break;
        }
      }
      return undefined;
    },
  };
}

function classOf(weight: number): number {
  return Math.floor(Math.log2(Math.max(1, weight)));
}
