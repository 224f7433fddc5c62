/**
 * Which messages of a Maildir need not be read again: those that were no reports stay there, and a
 * mailbox may hold tens of thousands of them.
 *
 * @module
 */

/** Left for as long as it is there. */
export const FOR_GOOD = Infinity;

/** Waits between tries of a message that may be taken later, milliseconds. */
const FIRST_WAIT_MS = 300_000;
const LONGEST_WAIT_MS = 4 * 3_600_000;

/** Keeps names only; forgotten when the process ends. */
export interface MaildirMemory {
  /** Was it left, and not for a time that is over? */
  isLeft(unique: string, now: number): boolean;
  /** Was it left at all? */
  knows(unique: string): boolean;
  /** @returns whether this is news: the same message was not left before */
  leave(unique: string, until: number): boolean;
  /** For some minutes; for longer each time, so that the same one does not hold others up. */
  leaveForAWhile(unique: string, now: number): boolean;
  /** Forgets what is there no more. */
  keepOnly(present: ReadonlySet<string>): void;
  clear(): void;
  readonly size: number;
}

interface Left {
  readonly until: number;
  readonly tries: number;
}

/** An empty memory. */
export function createMaildirMemory(): MaildirMemory {
  const left = new Map<string, Left>();
  const put = (unique: string, next: Left): boolean => {
    const isNews = !left.has(unique);
    left.set(unique, next);
    return isNews;
  };
  return {
    get size() {
      return left.size;
    },
    isLeft: (unique, now) => (left.get(unique)?.until ?? -Infinity) > now,
    knows: (unique) => left.has(unique),
    leave: (unique, until) => put(unique, { until, tries: 0 }),
    leaveForAWhile(unique, now) {
      const tries = left.get(unique)?.tries ?? 0;
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
      return put(unique, { until: now + wait, tries: tries + 1 });
    },
    keepOnly(present) {
      for (const unique of left.keys()) if (!present.has(unique)) left.delete(unique);
    },
    clear: () => left.clear(),
  };
}
