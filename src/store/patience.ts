/**
 * Waiting for a lock without holding up the process: SQLite's own wait would stand still with it.
 *
 * @module
 */
import type { Clock } from '../clock.ts';

/** The first wait, and the longest; each is twice the one before, milliseconds. */
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 100;

/** How to wait. */
export interface PatienceOptions {
  readonly clock: Clock;
  /** All waits together, milliseconds; then the error counts. */
  readonly totalMs: number;
  /** Is this error worth another try? */
  readonly isBusy: (error: unknown) => boolean;
}

/** Runs the task again and again while others hold what it needs. Rejects as its last try does. */
export async function patiently<T>(
  task: () => Promise<T>,
  { clock, totalMs, isBusy }: PatienceOptions,
): Promise<T> {
  let waited = 0;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await task();
    } catch (error) {
      if (!isBusy(error) || waited >= totalMs) throw error;
    }
    await clock.sleep(wait);
    // Counted, not read off the clock: that may jump.
    waited += wait;
  }
}

/** Lets one at a time go on, in the order in which they came. */
export interface Turns {
  /** Resolves when it is one's turn, with what ends it. */
  take(): Promise<() => void>;
}

/** Nobody's turn yet. */
export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  return {
    async take() {
      const before = last;
      const turn = Promise.withResolvers<void>();
      last = turn.promise;
      await before;
      return turn.resolve;
    },
  };
}
