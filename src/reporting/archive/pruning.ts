/**
 * Deletes old reports now and then, as long as the service runs.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import type { Log } from '../../log/log.ts';
import type { Archive } from './types.ts';

/** Not while everything else starts; milliseconds. */
const FIRST_MS = 5 * 60_000;
const EVERY_MS = 6 * 3_600_000;

/** What pruning needs. */
export interface PruningOptions {
  readonly archive: Pick<Archive, 'prune'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Prunes until it is closed. Several nodes may do it at once. */
export interface Pruning {
  /** Resolves when nothing runs any more. */
  close(): Promise<void>;
}

/** Starts it; what fails is tried again with the next turn. */
export function startPruning({ archive, clock, log }: PruningOptions): Pruning {
  let timer: Timer | undefined;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;
  const turn = async (): Promise<void> => {
    try {
      const { details, reports, daily } = await archive.prune();
      if (details + reports + daily > 0) {
        log.info({ details, reports, daily }, 'received reports that were old enough were deleted');
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ code: 'REPORT_ARCHIVE_FAILED', reason }, 'old reports could not be deleted');
    }
    if (!isClosed) wait(EVERY_MS);
  };
  const wait = (ms: number): void => {
    timer = clock.after(ms, () => {
      running = turn();
    });
  };
  wait(FIRST_MS);
  return {
    async close() {
      isClosed = true;
      timer?.cancel();
      await running;
    },
  };
}
