/**
 * One clock. Everything that waits, expires or dates takes the clock it is given,
 * so that a test can run a year in a millisecond.
 *
 * @module
 */
import { setTimeout as sleepFor } from 'node:timers/promises';

/** A timer that can be taken back. */
export interface Timer {
  cancel(): void;
}

/** Where time comes from. */
export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `task` once, `delayMs` milliseconds from now. Never keeps the process alive by itself. */
  after(delayMs: number, task: () => void): Timer;
  /** Resolves `delayMs` milliseconds from now; rejects with the signal's reason when it aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** The longest delay a Node.js timer can hold; longer ones are cut to this. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  async sleep(delayMs, signal) {
    const delay = Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS);
    await sleepFor(delay, undefined, signal === undefined ? {} : { signal });
  },
};
