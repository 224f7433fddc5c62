/**
 * Runs a bounded number of tasks at once; the others wait their turn, first come, first served.
 *
 * @module
 */

/** A bounded number of tasks at once, and a bounded number that wait. */
export class Limiter {
  readonly #limit: number;
  readonly #maxWaiting: number;
  #running = 0;
  /** A `Set` keeps the order of arrival and gives up its first entry in O(1). */
  readonly #waiting = new Set<() => void>();

  /** @param maxWaiting beyond it {@link run} gives undefined at once, so that a flood cannot fill the memory */
  constructor(limit: number, maxWaiting: number) {
    this.#limit = Math.max(1, limit);
    this.#maxWaiting = maxWaiting;
  }

  /** How many run. */
  get running(): number {
    return this.#running;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs `task` when its turn comes. */
  run<T>(task: () => Promise<T>): Promise<T> | undefined {
    if (this.#running < this.#limit) return this.#start(task);
    if (this.#waiting.size >= this.#maxWaiting) return undefined;
    return new Promise((resolve) => {
      this.#waiting.add(() => {
        resolve(this.#start(task));
      });
    });
  }

  async #start<T>(task: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await task();
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }

  #next(): void {
    const next = this.#waiting.values().next();
    if (next.done === true) return;
    this.#waiting.delete(next.value);
    next.value();
  }
}
