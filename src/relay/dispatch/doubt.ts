/**
 * Jobs that were taken before a gap in this node's life: another node may have them by now, so that
 * they are asked about before they are delivered.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import type { Log } from '../../log/log.ts';
import { printable } from '../../printable.ts';
import type { Job, Queue } from '../queue/types.ts';
import type { HopTable } from './hop-table.ts';

/** What doubt stands on. */
export interface DoubtOptions {
  readonly queue: Pick<Queue, 'isSurelyOurs' | 'stillOurs'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly table: Pick<HopTable, 'known' | 'count'>;
  /** Destinations of jobs that were another's, and are not in memory any more. */
  readonly onLost: (destinations: ReadonlySet<string>) => void;
  /** All that waits is ours: deliveries may begin. */
  readonly onSure: () => void;
}

/** Asks about jobs when there is reason to. */
export interface Doubt {
  /** May the job be delivered? False where it must be asked about, which then begins. */
  clears(job: Job): boolean;
  /** Nothing is asked any more; resolves when no question is on its way. */
  close(): Promise<void>;
}

/** After a question that nobody answered. Milliseconds. */
const AGAIN_MS = 1_000;

/** No doubt yet. */
export function createDoubt(options: DoubtOptions): Doubt {
  const { queue, clock, log, table, onLost, onSure } = options;
  let asking: Promise<void> | undefined;
  let timer: Timer | undefined;
  let isClosed = false;

  const doubted = (): readonly Job[] =>
    [...table.known()].flatMap(({ waiting }) => waiting.filter((job) => !queue.isSurelyOurs(job)));

  const ask = async (): Promise<void> => {
    const jobs = doubted();
    const ours = new Set((await queue.stillOurs(jobs)).map(keyText));
    const lost = new Set(jobs.filter((job) => !ours.has(keyText(job))));
    if (lost.size > 0) drop(lost);
  };

  /** By the object: the same job may have been taken anew meanwhile. */
  const drop = (lost: ReadonlySet<Job>): void => {
    for (const hop of table.known()) {
      const kept = hop.waiting.filter((job) => !lost.has(job));
      table.count(kept.length - hop.waiting.length);
      hop.waiting = kept;
    }
    log.warn(
      { event: 'jobs-lost', jobs: lost.size },
      `this node was silent for too long: ${lost.size} jobs that waited here are another's now`,
    );
    onLost(new Set([...lost].map(({ destination }) => destination)));
  };

  const begin = (): void => {
    if (asking !== undefined || timer !== undefined || isClosed) return;
    asking = ask().then(
      () => {
        asking = undefined;
        onSure();
      },
      (error: unknown) => {
        asking = undefined;
        const why = printable(error instanceof Error ? error.message : String(error));
        log.debug({ event: 'queue-read-failed', error: why }, `waiting jobs: ${why}`);
        if (isClosed) return;
        timer = clock.after(AGAIN_MS, () => {
          timer = undefined;
          begin();
        });
      },
    );
  };

  return {
    clears(job) {
      if (queue.isSurelyOurs(job)) return true;
      begin();
      return false;
    },
    async close() {
      isClosed = true;
      timer?.cancel();
      await asking;
    },
  };
}

function keyText({ messageId, destination }: Pick<Job, 'messageId' | 'destination'>): string {
  return `${messageId} ${destination}`;
}
