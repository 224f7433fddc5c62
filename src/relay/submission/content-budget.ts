/**
 * Memory for contents that are under way, over all connections: whoever wants more waits.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';

/** Octets for all contents together, as long as nobody says otherwise. */
export const CONTENT_BUDGET = 128 * 1_048_576;
/** Milliseconds a client is left waiting; then it is told to come back, and what it holds is free for others. */
export const ROOM_WAIT_MS = 10_000;

/** Counts what contents hold. */
export class ContentBudget {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #held = 0;

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Octets held now. */
  get held(): number {
    return this.#held;
  }

  /** Contents that wait for room. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Nobody should take more. */
  get isOver(): boolean {
    return this.#held > this.#limit;
  }

  /** A content holds so many octets more, or fewer. */
  change(octets: number): void {
    this.#held += octets;
    if (octets >= 0 || this.isOver) return;
    // All of them: what they go on with has been read from their sockets already.
    for (const wake of this.#waiting) wake();
  }

  /** @returns false where no room came in time */
  async room(): Promise<boolean> {
    if (!this.isOver) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const deadline = this.#clock.after(ROOM_WAIT_MS, () => {
      this.#waiting.delete(wake);
      resolve(false);
    });
    const wake = (): void => {
      this.#waiting.delete(wake);
      deadline.cancel();
      resolve(true);
    };
    this.#waiting.add(wake);
    return await promise;
  }
}
