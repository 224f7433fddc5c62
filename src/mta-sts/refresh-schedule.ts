/**
 * When each domain is due, in buckets of a minute: no timer for each entry, and no sorting.
 *
 * @module
 */

/** Which domains are due. */
export interface RefreshSchedule {
  /** A domain may be set again; whoever takes it checks whether it is still due. */
  set(domain: string, at: number): void;
  /** Takes out all whose minute has passed. */
  takeDue(now: number): readonly string[];
  /** How many wait, counting repeats. */
  readonly size: number;
}

const BUCKET_MS = 60_000;

/** An empty schedule. */
export function createRefreshSchedule(): RefreshSchedule {
  const buckets = new Map<number, string[]>();
  let size = 0;
  return {
    set(domain, at) {
      // Upwards: when a bucket is due, so is everything in it.
      const number = Math.ceil(at / BUCKET_MS);
      const bucket = buckets.get(number);
      if (bucket === undefined) buckets.set(number, [domain]);
      else bucket.push(domain);
      size += 1;
    },
    takeDue(now) {
      const due = [...buckets.keys()].filter((number) => number * BUCKET_MS <= now);
      const domains = due.toSorted((a, b) => a - b).flatMap((number) => buckets.get(number)!);
      for (const number of due) buckets.delete(number);
      size -= domains.length;
      return domains;
    },
    get size() {
      return size;
    },
  };
}
