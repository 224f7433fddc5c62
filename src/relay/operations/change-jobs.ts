/**
 * What an operator does with jobs that no node works on: hold them, release them, try them now.
 *
 * @module
 */
import { type RawBuilder, sql } from 'kysely';
import type { Clock } from '../../clock.ts';
import { persistently } from '../../store/group-commit.ts';
import type { Store } from '../../store/types.ts';
import type { JobKey } from '../queue/types.ts';
import { condition, isAfter, isUpTo, type QueueFilter } from './filter.ts';

/** What is to be done. */
export type JobChange =
  /** Nobody tries until it is released. */
  | 'hold'
  /** A held job waits again, and is due now. */
  | 'release'
  /** A waiting job is due now. */
  | 'retry'
  /** The same, also for one that was held. */
  | 'retry-held';

/** What was done. */
export interface Changed {
  readonly changed: number;
  /** Jobs that a node works on: they are left alone. */
  readonly inDelivery: number;
  /** Jobs that the change means nothing to: held ones that are held already, and so on. */
  readonly unconcerned: number;
  /** Where changed jobs go; cut at {@link DESTINATIONS_KEPT}, `all` where there are more. */
  readonly destinations: readonly string[] | 'all';
}

/** Destinations that a service is told of one by one. */
export const DESTINATIONS_KEPT = 50;

/** What pauses. */
export type Sleeper = Pick<Clock, 'sleep'>;

/** Jobs changed in one transaction: the service must get its turn in between. */
const PAGE = 200;
/** On SQLite whoever waits for the lock looks every now and then: it must find it free, milliseconds. */
const PAUSE_MS = 20;

/** What to change, and who is told. */
export interface ChangeOptions {
  readonly clock: Sleeper;
  readonly filter: QueueFilter;
  readonly change: JobChange;
  readonly now: number;
  /** Told of what was changed, piece by piece. */
  readonly onChanged?: (jobs: readonly JobKey[]) => Promise<void>;
}

/** Changes the jobs that fit. Goes on where another one stopped: the same again does no harm. */
export async function changeJobs(
  store: Store,
  { filter, change, now, clock, onChanged }: ChangeOptions,
): Promise<Changed> {
  let changed = 0;
  let inDelivery = 0;
  let unconcerned = 0;
  const destinations = new Set<string>();
  for await (const page of pages(store, filter, { size: PAGE, clock })) {
    const done = await persistently(
      async () => await changePage(store, { filter, change, now, page }),
    );
    if (done.length > 0) await onChanged?.(done);
    for (const { destination } of done) {
      if (destinations.size <= DESTINATIONS_KEPT) destinations.add(destination);
    }
    const taken = page.jobs.filter((job) => job.isTaken).length;
    changed += done.length;
    inDelivery += taken;
    unconcerned += Math.max(0, page.jobs.length - taken - done.length);
  }
  const some = destinations.size <= DESTINATIONS_KEPT ? [...destinations] : 'all';
  return { changed, inDelivery, unconcerned, destinations: some };
}

/** Some jobs in a row. */
export interface JobPage {
  readonly jobs: readonly (JobKey & { readonly isTaken: boolean })[];
  /** Absent: from the first. */
  readonly after: JobKey | undefined;
  readonly last: JobKey;
}

/** The keys of the jobs that fit, some at a time, with a pause after each where others need it. */
export async function* pages(
  store: Store,
  filter: QueueFilter,
  { size, clock }: { readonly size: number; readonly clock: Sleeper },
): AsyncGenerator<JobPage> {
  let after: JobKey | undefined;
  for (;;) {
    const rows = await store.db
      .selectFrom('queue_job')
      .select(['message_id', 'destination', 'taken_by'])
      .where(condition(filter))
      .$if(after !== undefined, (query) => query.where(isAfter(after!)))
      .orderBy('message_id')
      .orderBy('destination')
      .limit(size)
      .execute();
    const jobs = rows.map((row) => ({
      messageId: row.message_id,
      destination: row.destination,
      isTaken: row.taken_by !== null,
    }));
    const last = jobs.at(-1);
    if (last === undefined) return;
    yield { jobs, after, last };
    after = last;
    if (jobs.length < size) return;
    if (store.traits.engine === 'sqlite') await clock.sleep(PAUSE_MS);
  }
}

const CONCERNED: Readonly<Record<JobChange, RawBuilder<boolean>>> = {
  hold: sql<boolean>`queue_job.state = 'waiting'`,
  release: sql<boolean>`queue_job.state = 'held'`,
  retry: sql<boolean>`queue_job.state = 'waiting'`,
  'retry-held': sql<boolean>`1 = 1`,
};

async function changePage(
  { db }: Store,
  options: {
    readonly filter: QueueFilter;
    readonly change: JobChange;
    readonly now: number;
    readonly page: JobPage;
  },
): Promise<readonly JobKey[]> {
  const { filter, change, page } = options;
  const { after, last } = page;
  const next_at = change === 'hold' ? undefined : await dueFrom(db, options);
  const rows = await db
    .updateTable('queue_job')
    .set(next_at === undefined ? { state: 'held' } : { state: 'waiting', next_at })
    .where('queue_job.taken_by', 'is', null)
    .where(CONCERNED[change])
    .where(condition(filter))
    .where(isUpTo(last))
    .$if(after !== undefined, (query) => query.where(isAfter(after!)))
    .returning(['queue_job.message_id', 'queue_job.destination'])
    .execute();
  return rows.map((row) => ({ messageId: row.message_id, destination: row.destination }));
}

/**
 * When they are due: now; those that an operator names before all others at their destinations, so
 * that the service tries them and not whoever waited longer.
 */
async function dueFrom(
  db: Store['db'],
  {
    filter,
    now,
    page,
  }: { readonly filter: QueueFilter; readonly now: number; readonly page: JobPage },
): Promise<number> {
  if (filter.ids === undefined) return now;
  let first = now;
  for (const destination of new Set(page.jobs.map((job) => job.destination))) {
    const row = await db
      .selectFrom('queue_job')
      .select('next_at')
      .where(sql<boolean>`state = 'waiting' and taken_by is null`)
      .where('destination', '=', destination)
      .orderBy('next_at')
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) first = Math.min(first, row.next_at - 1);
  }
  return first;
}
