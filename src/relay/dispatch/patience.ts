/**
 * Writing to a queue that may be gone for a while.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log/log.ts';
import { printable } from '../../printable.ts';
import { failureOf, QueueError } from '../queue/queue-error.ts';
import type { Job, Queue, Settlement } from '../queue/types.ts';

/** What writing stands on. */
export interface PatienceOptions {
  readonly queue: Queue;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when there is no more time to wait. */
  readonly signal: AbortSignal;
  /** Whether the database answers. */
  readonly onState: (state: 'up' | 'down') => void;
}

/** Waits between tries: doubled, up to the second. Milliseconds. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;
/** Refusals of one settlement by a database that answers, before it is written without its notifications. */
const REFUSALS = 3;
/** So often in a row may another program hold the database before it counts as gone. */
const BUSY_TRIES = 4;

/** `busy`: another program holds it for a moment, and everything else goes on. */
type DatabaseState = 'up' | 'busy' | 'down';

/** How the writing ended. */
export type Written = 'done' | 'not-ours' | 'given-up';

/**
 * Writes a settlement, however long the database is away: the job stays ours meanwhile. A
 * settlement that a healthy database refuses is written so that its recipients wait: nobody is
 * forgotten, and no other job is held up.
 */
export async function settlePatiently(
  job: Job,
  settlement: Settlement,
  options: PatienceOptions,
): Promise<Written> {
  let refusals = 0;
  return await persist(`settlement of ${job.messageId}`, options, {
    write: async () => {
      const worth = refusals < REFUSALS ? settlement : withoutNotifications(settlement);
      return (await options.queue.settle(job, worth)) ? 'done' : 'not-ours';
    },
    onFault: (state) => {
      if (state === 'up') refusals += 1;
    },
  });
}

/** Gives jobs back, however long the database is away. */
export async function giveBackPatiently(
  jobs: readonly Job[],
  options: PatienceOptions,
): Promise<Written> {
  const keys = jobs.map(({ messageId, destination }) => ({ messageId, destination }));
  return await persist(`return of ${keys.length} jobs`, options, {
    write: async () => {
      await options.queue.giveBack(keys);
      return 'done';
    },
    onFault: () => undefined,
  });
}

interface Attempting {
  readonly write: () => Promise<Written>;
  readonly onFault: (state: DatabaseState) => void;
}

async function persist(
  what: string,
  { queue, clock, log, signal, onState }: PatienceOptions,
  { write, onFault }: Attempting,
): Promise<Written> {
  let busy = 0;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(LONGEST_WAIT_MS, wait * 2)) {
    try {
      const written = await write();
      onState('up');
      return written;
    } catch (error) {
      const why = printable(error instanceof Error ? error.message : String(error));
      const seen = await stateOf(queue, error);
      busy = seen === 'busy' ? busy + 1 : 0;
      const state = busy >= BUSY_TRIES ? 'down' : seen;
      if (state !== 'busy') onState(state);
      onFault(state);
      const fields = { event: 'queue-write-failed', what, database: state, error: why };
      log[state === 'busy' ? 'warn' : 'error'](fields, `${what} could not be written: ${why}`);
    }
    try {
      await clock.sleep(wait, signal);
    } catch {
      return 'given-up';
    }
  }
}

/** Those that failed would be returned unheard: they wait for another attempt instead. */
function withoutNotifications(settlement: Settlement): Settlement {
  if (settlement.notifications.length === 0) return settlement;
  const recipients = settlement.recipients.map((recipient) =>
    recipient.state === 'failed' ? ({ ...recipient, state: 'waiting' } as const) : recipient,
  );
  const waits = recipients.some(({ state }) => state === 'waiting');
  const retryAt = settlement.retryAt ?? settlement.at + LATER_MS;
  return { ...settlement, recipients, ...(waits ? { retryAt } : {}), notifications: [] };
}

const LATER_MS = 3_600_000;

/**
 * A database that can be read may yet take nothing: a full disk. Only where one row is at fault are
 * the others worth trying.
 */
async function stateOf(queue: Queue, error: unknown): Promise<DatabaseState> {
  const { code } = failureOf(error);
  if (code === 'QUEUE_BUSY') return 'busy';
  if (error instanceof QueueError) return code === 'QUEUE_MESSAGE_REFUSED' ? 'up' : 'down';
  try {
    await queue.nextDueAt();
    return 'up';
  } catch {
    return 'down';
  }
}
