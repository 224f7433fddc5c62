/**
 * The whole queue in a few numbers.
 *
 * @module
 */
import { sql } from 'kysely';
import type { Store } from '../../store/types.ts';
import { totals, type Totals } from './list-jobs.ts';

/** A destination with its numbers. */
export interface DestinationNumbers {
  readonly destination: string;
  readonly jobs: number;
  readonly held: number;
  readonly delivering: number;
  /** When a message for it is due next; milliseconds since the Unix epoch; absent where all are held. */
  readonly nextAt?: number;
}

/** Messages by age. */
export interface AgeBucket {
  /** Milliseconds; infinity for the last one. */
  readonly belowMs: number;
  readonly messages: number;
}

/** The queue at a moment. */
export interface QueueSurvey extends Totals {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly ages: readonly AgeBucket[];
  /** The largest ones. */
  readonly top: readonly DestinationNumbers[];
  readonly destinations: number;
  /** Messages that came in since the survey before; absent in the first. */
  readonly arrived?: number;
  /** The newest message; '' where there is none. For the next survey. */
  readonly newestId: string;
}

/** Destinations shown. */
const TOP = 15;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Limits of the ages, milliseconds. */
const AGES = [5 * MINUTE, HOUR, 4 * HOUR, 24 * HOUR] as const;

/** Looks at the queue; `before` is the survey to compare with. */
export async function surveyQueue(
  store: Store,
  { now, before }: { now: number; before?: QueueSurvey },
): Promise<QueueSurvey> {
  const all = await totals(store, {});
  const { db } = store;
  const { destinations } = await db
    .selectFrom('queue_job')
    .select(sql<number>`count(distinct destination)`.as('destinations'))
    .executeTakeFirstOrThrow();
  const { newest, arrived } = await newcomers(store, before?.newestId ?? '');
  return {
    ...all,
    at: now,
    ages: await ages(store, now),
    top: await top(store),
    destinations,
    newestId: newest ?? before?.newestId ?? '',
    ...(before === undefined ? {} : { arrived }),
  };
}

/** Ids sort by time. What came and went between two looks is not seen. */
async function newcomers(
  { db }: Store,
  after: string,
): Promise<{ readonly newest: string | null; readonly arrived: number }> {
  const row = await db
    .selectFrom('queue_message')
    .select([sql<string | null>`max(id)`.as('newest'), sql<number>`count(*)`.as('arrived')])
    .where('id', '>', after)
    .executeTakeFirstOrThrow();
  return { newest: row.newest, arrived: row.arrived };
}

async function top({ db }: Store): Promise<readonly DestinationNumbers[]> {
  const rows = await db
    .selectFrom('queue_job')
    .select([
      'destination',
      sql<number>`count(*)`.as('jobs'),
      sql<number>`sum(case when state = 'held' and taken_by is null then 1 else 0 end)`.as('held'),
      sql<number>`sum(case when taken_by is not null then 1 else 0 end)`.as('delivering'),
      sql<number | null>`min(case when state = 'waiting' then next_at end)`.as('next'),
    ])
    .groupBy('destination')
    .orderBy(sql`count(*)`, 'desc')
    .orderBy('destination')
    .limit(TOP)
    .execute();
  return rows.map((row) => ({
    destination: row.destination,
    jobs: row.jobs,
    held: row.held,
    delivering: row.delivering,
    ...(row.next === null ? {} : { nextAt: row.next }),
  }));
}

async function ages({ db }: Store, now: number): Promise<readonly AgeBucket[]> {
  const [a, b, c, d] = AGES;
  const younger = (age: number): ReturnType<typeof sql<number>> =>
    sql<number>`coalesce(sum(case when accepted_at > ${now - age} then 1 else 0 end), 0)`;
  const row = await db
    .selectFrom('queue_message')
    .select([
      younger(a).as('a'),
      younger(b).as('b'),
      younger(c).as('c'),
      younger(d).as('d'),
      sql<number>`count(*)`.as('all'),
    ])
    .executeTakeFirstOrThrow();
  const upTo = [row.a, row.b, row.c, row.d, row.all];
  return upTo.map((count, index) => ({
    belowMs: AGES[index] ?? Number.POSITIVE_INFINITY,
    messages: count - (upTo[index - 1] ?? 0),
  }));
}
