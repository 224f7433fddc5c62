/**
 * One timer of a connection: what it is in the midst of must come to an end, octet by octet or not.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import { contentDeadline } from './patience.ts';

/** How far a content has come. */
export interface ContentProgress {
  readonly startedAt: number;
  readonly received: number;
  /** It waits for us. */
  readonly isOurs: boolean;
}

/** At most one thing is watched at a time. */
export class Watch {
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  off(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Runs `task` unless it is turned off before. */
  after(ms: number, task: () => void): void {
    this.off();
    this.#timer = this.#clock.after(ms, () => {
      this.#timer = undefined;
      task();
    });
  }

  /** A content has a floor of speed; `task` runs when it falls below. */
  content(progress: () => ContentProgress, task: () => void): void {
    this.after(deadline(progress()) - this.#clock.now(), () => {
      const now = progress();
      if (now.isOurs || deadline(now) > this.#clock.now()) this.content(progress, task);
      else task();
    });
  }
}

function deadline({ startedAt, received }: ContentProgress): number {
  return contentDeadline(startedAt, received);
}
