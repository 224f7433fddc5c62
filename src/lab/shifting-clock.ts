/**
 * A clock that runs with the machine's, but can be put forward and sped up: days pass in a scene
 * between two moments of real network traffic.
 *
 * @module
 */
import { systemClock } from '../clock.ts';
import type { Clock, Timer } from '../clock.ts';

interface Pending {
  readonly due: number;
  readonly task: () => void;
  timer: Timer | undefined;
}

/** A {@link Clock} for scenes. */
export interface ShiftingClock extends Clock {
  /** Puts the clock forward; what falls due meanwhile runs now, in order. */
  skip(ms: number): void;
  /** Takes back every timer. */
  stop(): void;
}

/** @param speed how many milliseconds pass in one of the machine's, for timers and for `now()` alike */
export function createShiftingClock(speed = 1): ShiftingClock {
  const started = systemClock.now();
  let shift = 0;
  const pending = new Set<Pending>();

  const now = (): number => started + (systemClock.now() - started) * speed + shift;
  const arm = (entry: Pending): void => {
    entry.timer?.cancel();
    entry.timer = systemClock.after((entry.due - now()) / speed, () => run(entry));
  };
  const run = (entry: Pending): void => {
    if (pending.delete(entry)) entry.task();
  };
  const after = (delayMs: number, task: () => void): Timer => {
    const entry: Pending = { due: now() + Math.max(0, delayMs), task, timer: undefined };
    pending.add(entry);
    arm(entry);
    return {
      cancel() {
        entry.timer?.cancel();
        pending.delete(entry);
      },
    };
  };

  return {
    now,
    after,
    async sleep(delayMs, signal) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          timer.cancel();
          reject(signal?.reason as Error);
        };
        const timer = after(delayMs, () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },
    skip(ms) {
      shift += ms;
      const due = [...pending].filter((entry) => entry.due <= now()).sort((a, b) => a.due - b.due);
      for (const entry of due) {
        entry.timer?.cancel();
        run(entry);
      }
      for (const entry of pending) arm(entry);
    },
    stop() {
      for (const entry of pending) entry.timer?.cancel();
      pending.clear();
    },
  };
}
