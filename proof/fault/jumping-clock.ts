/**
 * A clock whose wall time jumps while its timers run on, as that of a machine that is put right.
 *
 * @module
 */
import type { Clock } from '../../src/clock.ts';
import { createShiftingClock } from '../../src/lab/shifting-clock.ts';

/** A {@link Clock} that can be set, and put forward together with its timers. */
export interface JumpingClock extends Clock {
  /** Sets the wall time forward or back; no timer notices. */
  jump(ms: number): void;
  /** Time passes: what falls due meanwhile runs now. */
  pass(ms: number): void;
  stop(): void;
}

/** Starts with the machine's time. */
export function createJumpingClock(): JumpingClock {
  const clock = createShiftingClock();
  let offset = 0;
  return {
    now: () => clock.now() + offset,
    after: (delayMs, task) => clock.after(delayMs, task),
    sleep: async (delayMs, signal) => await clock.sleep(delayMs, signal),
    jump(ms) {
      offset += ms;
    },
    pass: (ms) => clock.skip(ms),
    stop: () => clock.stop(),
  };
}
