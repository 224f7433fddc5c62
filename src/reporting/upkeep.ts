/**
 * What is older than the settings keep goes, on one node, several times a day.
 *
 * @module
 */
import type { Clock, Timer } from '../clock.ts';
import type { ReportingSettings } from '../config/reporting-types.ts';
import type { Log } from '../log/log.ts';
import { releaseLease, takeLease } from '../store/lease.ts';
import { reasonOf } from '../store/store-error.ts';
import type { Store } from '../store/types.ts';
import type { Archive } from './archive/types.ts';
import { dropTally } from './tally/read-tally.ts';
import { DAY_MS, dayOf } from './day.ts';

/** What upkeep stands on. */
export interface UpkeepOptions {
  readonly store: Store;
  readonly archive: Pick<Archive, 'prune'>;
  readonly settings: () => ReportingSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
}

/** Upkeep under way. */
export interface Upkeep {
  /** Does it now. */
  run(): Promise<void>;
  /** Lets another node do it. */
  close(): Promise<void>;
}

const LEASE = 'report-upkeep';
const EVERY_MS = 3_600_000;

/** Starts it; the first time comes after an hour. */
export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { clock, log } = options;
  let timer: Timer | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  const run = async (): Promise<void> => {
    running = running.then(async () => {
      try {
        await upkeep(options);
      } catch (error) {
        log.warn({ event: 'report-upkeep', reason: reasonOf(error) }, 'old reports stay for now');
      }
    });
    await running;
  };
  const schedule = (): void => {
    if (closed) return;
    timer = clock.after(EVERY_MS, () => {
      void run().finally(schedule);
    });
  };
  schedule();
  return {
    run,
    async close() {
      closed = true;
      timer?.cancel();
      await running;
      await releaseLease(options.store, { name: LEASE, owner: options.node }).catch(
        () => undefined,
      );
    },
  };
}

async function upkeep(options: UpkeepOptions): Promise<void> {
  const { store, archive, settings, clock, log, node } = options;
  const now = clock.now();
  const claim = { name: LEASE, owner: node, now, holdMs: 2 * EVERY_MS };
  if (!(await takeLease(store, claim))) return;
  const keptDays = Math.ceil(settings().tally.keepMs / DAY_MS);
  const counts = await dropTally(store, dayOf(now) - keptDays);
  const reports = await archive.prune();
  log.debug({ event: 'report-upkeep', counts, ...reports }, 'what was too old is gone');
}
