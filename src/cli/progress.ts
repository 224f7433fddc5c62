/**
 * How far a long command has come, on standard error of a terminal; silent anywhere else.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Io } from './io.ts';

/** A line that is written over and over. */
export interface Progress {
  /** Shows `done`, of `total` where that is known, and what else there is to say. */
  show(done: number, total: number | undefined, note: string): void;
  /** Removes the line. */
  end(): void;
}

/** A terminal shows no more than this many a second anyway, milliseconds between two. */
const STEP_MS = 100;
const BAR_WIDTH = 24;

/** A progress line for this command. */
export function createProgress(io: Io, clock: Clock): Progress {
  if (io.stderr.isTTY !== true) return { show: () => undefined, end: () => undefined };
  let shownAt = Number.NEGATIVE_INFINITY;
  let isThere = false;
  return {
    show(done, total, note) {
      const now = clock.now();
      if (now - shownAt < STEP_MS && done !== total) return;
      shownAt = now;
      isThere = true;
      io.stderr.write(`\r\u001b[K${progressText(done, total, note)}`);
    },
    end() {
      if (isThere) io.stderr.write('\r\u001b[K');
      isThere = false;
    },
  };
}

/** `[########                ] 120/360 some note`. */
export function progressText(done: number, total: number | undefined, note: string): string {
  if (total === undefined || total === 0) return `${done} ${note}`;
  const filled = Math.round((Math.min(done, total) / total) * BAR_WIDTH);
  return `[${'#'.repeat(filled).padEnd(BAR_WIDTH)}] ${done}/${total} ${note}`;
}
