/**
 * A clock for tests: time stands still until the test moves it.
 *
 * @module
 */
import type { Clock, Timer } from './clock.ts';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/** A {@link Clock} that the test moves by hand. Tasks run in the order of their due time. */
export class FakeClock implements Clock {
  #now: number;
  #order = 0;
  #pending: Pending[] = [];

  /** @param start the first value of `now()`, in milliseconds since the Unix epoch */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): Timer {
    const pending = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#pending.push(pending);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter(({ order }) => order !== pending.order);
      },
    };
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const timer = this.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#pending.length;
  }

  /** Moves time forward, running what falls due, and lets promises settle after each task. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    for (;;) {
      await settle();
      const due = this.#pending
        .filter((pending) => pending.at <= target)
        .toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.#pending = this.#pending.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.task();
    }
    this.#now = target;
    await settle();
  }

  /** Sets the wall clock without running anything: a clock that jumps. */
  jumpTo(now: number): void {
    this.#now = now;
  }

  /** Sets the wall clock as an operator would: timers know nothing of it and have as long to wait. */
  setTo(now: number): void {
    const shift = now - this.#now;
    this.#pending = this.#pending.map((pending) => ({ ...pending, at: pending.at + shift }));
    this.#now = now;
  }
}

/** Lets everything that is ready to run do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
