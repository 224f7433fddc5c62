/**
 * Walks over what is due in the database, in the order of its time, and takes what there is room for.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { DueCursor, DueJob, Queue } from '../queue/types.ts';

/** Jobs looked at with one question. */
const BATCH = 500;
/** A walk begins anew at least so often: other nodes put jobs in behind it. Milliseconds. */
const NEW_PASS_MS = 60_000;
/** Part of the time that walking may take, where there is very much to walk over. */
const DUTY = 20;

/** What the walk needs. */
export interface DueScanOptions {
  readonly queue: Pick<Queue, 'due'>;
  readonly clock: Clock;
  /** Chooses among due jobs, and takes what it chose. */
  readonly offer: (jobs: readonly DueJob[]) => Promise<void>;
  /** Nothing more can be taken now. */
  readonly isFull: () => boolean;
}

/** How a stretch of the walk ended. */
export type ScanEnd =
  /** Everything that is due was looked at. */
  | 'end'
  /** There was no more room: to be called again when there is. */
  | 'full';

/** The walk. */
export interface DueScan {
  /** Walks on from where it stopped. Rejects where the database is gone. */
  go(): Promise<ScanEnd>;
  /** The next walk begins at the start. */
  restart(): void;
}

/** Makes one that begins at the start. */
export function createDueScan({ queue, clock, offer, isFull }: DueScanOptions): DueScan {
  let cursor: DueCursor | undefined;
  let passBeganAt: number | undefined;
  let restFor = NEW_PASS_MS;

  const beginPass = (now: number): void => {
    const age = passBeganAt === undefined ? restFor : now - passBeganAt;
    // A clock that went back is a reason to begin anew as well.
    if (age < restFor && age >= 0) return;
    cursor = undefined;
    passBeganAt = now;
  };

  return {
    async go() {
      beginPass(clock.now());
      const wasWhole = cursor === undefined;
      for (;;) {
        if (isFull()) return 'full';
        const now = clock.now();
        const after = cursor === undefined ? {} : { after: cursor };
        const jobs = await queue.due({ ...after, now, limit: BATCH });
        const last = jobs.at(-1);
        if (last !== undefined) {
          const { nextAt, messageId, destination } = last;
          cursor = { nextAt, messageId, destination };
          await offer(jobs);
        }
        if (jobs.length < BATCH) {
          if (wasWhole) restFor = Math.max(NEW_PASS_MS, DUTY * (now - (passBeganAt ?? now)));
          return 'end';
        }
        // The database may answer without leaving the thread: others must have their turn.
        await setImmediate();
      }
    },
    restart() {
      cursor = undefined;
      passBeganAt = undefined;
    },
  };
}
