/**
 * What is done every few minutes: decisions nobody refers to go, waits of a clock that jumped end,
 * parts of no message go.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log/log.ts';
import type { Store } from '../../store/types.ts';
import { createOrphanSweep } from './orphans.ts';
import type { QueueLimits } from './limits.ts';
import { forEngine, runText } from './statements.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Clocks of nodes differ. */
const SLACK_MS = 5 * 60_000;
/** A decision that no attempt refers to is kept this long: it may be referred to again. */
const UNUSED_MS = 60 * 60_000;

/** What housekeeping stands on. */
export interface HousekeepingOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: () => QueueLimits;
}

/** Does it all once. */
export function createHousekeeping(options: HousekeepingOptions): () => Promise<void> {
  const { store, clock, log, limits } = options;
  const endWaits = forEngine(
    store.traits,
    `update queue_job set next_at = ? where state = 'waiting' and taken_by is null and next_at > ?`,
  );
  const prune = forEngine(
    store.traits,
    'delete from queue_decision where last_used_at < ? and not exists ' +
      '(select 1 from queue_attempt where decision_digest = digest)',
  );
  const clearOrphans = createOrphanSweep(store);
  return async () => {
    await clearOrphans();
    const now = clock.now();
    const beyond = now + longestWait(limits()) + SLACK_MS;
    const ended = await runText(store.db, endWaits, [now, beyond]);
    const jobs = Number(ended.numAffectedRows ?? 0n);
    if (jobs > 0) {
      log.warn(
        { code: 'QUEUE_CLOCK_JUMPED', event: 'queue', jobs },
        `${jobs} jobs were due beyond any wait: the clock had jumped, or relay.retry_waits became shorter; they are due now`,
      );
    }
    await runText(store.db, prune, [now - UNUSED_MS]);
  };
}

/** The look for a newer policy may put off the end of a message by a day (RFC 8461 §5.1 step 3). */
function longestWait({ longestWaitMs, giveUpAfterMs }: QueueLimits): number {
  return Math.min(longestWaitMs, giveUpAfterMs + DAY_MS);
}
