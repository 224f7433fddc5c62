/**
 * The queue as a list, oldest message first, page by page: it may hold millions.
 *
 * @module
 */
import { type RawBuilder, sql } from 'kysely';
import type { Store } from '../../store/types.ts';
import type { JobKey } from '../queue/types.ts';
import { type Behind, behindReader } from './behind.ts';
import { condition, isAfter, type QueueFilter, type ShownState } from './filter.ts';

/** A job with what an operator wants to see of it at once. Times in milliseconds since the Unix epoch. */
export interface ListedJob extends JobKey {
  readonly state: ShownState;
  readonly acceptedAt: number;
  readonly size: number;
  /** '' is the null reverse-path. */
  readonly sender: string;
  /** Recipients that wait. */
  readonly recipients: number;
  /** The first of them. */
  readonly recipient: string;
  readonly attempts: number;
  readonly nextAt: number;
  /** What the newest attempt said; '' before the first. */
  readonly lastText: string;
  /** Its status code (RFC 3463) and the host, of which the same holds; 0: there was none. */
  readonly lastCode: string;
  readonly lastHost: string;
  readonly lastAt: number;
  /** Not tried yet, while others at its destination were: what the newest attempt said of them. */
  readonly behind?: Behind;
}

/** How much of the list. */
export interface ListOptions {
  readonly filter: QueueFilter;
  /** Where to go on: behind this job. */
  readonly after?: JobKey;
  /** Jobs at most; absent: all. */
  readonly limit?: number;
}

/** Rows read at a time. */
const PAGE = 500;

/** The jobs that fit, in the order of message id (hence of acceptance) and destination. */
export async function* listJobs(store: Store, options: ListOptions): AsyncGenerator<ListedJob> {
  let { after } = options;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const behind = behindReader(store);
  while (left > 0) {
    const limit = Math.min(PAGE, left);
    const page = await readPage(store, { filter: options.filter, limit, after });
    for (const job of page) {
      const others = job.lastAt === 0 ? await behind(job.destination) : undefined;
      yield others === undefined ? job : { ...job, behind: others };
    }
    left -= page.length;
    after = page.at(-1);
    if (page.length < limit) return;
  }
}

interface Page {
  readonly filter: QueueFilter;
  readonly limit: number;
  readonly after: JobKey | undefined;
}

async function readPage(
  { db }: Store,
  { filter, limit, after }: Page,
): Promise<readonly ListedJob[]> {
  const waiting = sql`r.message_id = queue_job.message_id
    and r.destination = queue_job.destination and r.state = 'waiting'`;
  const newest = <T>(column: RawBuilder<unknown>): RawBuilder<T | null> =>
    sql<T | null>`(select ${column} from queue_recipient r where ${waiting}
      order by r.last_at desc, r.number limit 1)`;
  const rows = await db
    .selectFrom('queue_job')
    .innerJoin('queue_message', 'queue_message.id', 'queue_job.message_id')
    .select([
      'queue_job.message_id',
      'queue_job.destination',
      'queue_job.state',
      'queue_job.taken_by',
      'queue_job.attempts',
      'queue_job.next_at',
      'queue_message.accepted_at',
      'queue_message.size',
      'queue_message.reverse_path',
      sql<number>`(select count(*) from queue_recipient r where ${waiting})`.as('recipients'),
      sql<string | null>`(select r.address from queue_recipient r where ${waiting}
        order by r.number limit 1)`.as('recipient'),
      newest<string>(sql`r.last_text`).as('last_text'),
      newest<string>(sql`r.last_code`).as('last_code'),
      newest<string>(sql`r.last_host`).as('last_host'),
      newest<number>(sql`r.last_at`).as('last_at'),
    ])
    .where(condition(filter))
    .$if(after !== undefined, (query) => query.where(isAfter(after!)))
    .orderBy('queue_job.message_id')
    .orderBy('queue_job.destination')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    messageId: row.message_id,
    destination: row.destination,
    state: row.taken_by === null ? row.state : 'delivering',
    acceptedAt: row.accepted_at,
    size: row.size,
    sender: row.reverse_path,
    recipients: row.recipients,
    recipient: row.recipient ?? '',
    attempts: row.attempts,
    nextAt: row.next_at,
    lastText: row.last_text ?? '',
    lastCode: row.last_code ?? '',
    lastHost: row.last_host ?? '',
    lastAt: row.last_at ?? 0,
  }));
}

/** What the list comes to. */
export interface Totals {
  readonly messages: number;
  readonly jobs: number;
  readonly waiting: number;
  readonly held: number;
  readonly delivering: number;
  /** Octets of the messages, each counted once. */
  readonly octets: number;
  /** When the oldest message was accepted. */
  readonly oldestAcceptedAt?: number;
}

/** Counts what a filter fits, without reading it. */
export async function totals({ db }: Store, filter: QueueFilter): Promise<Totals> {
  const where = condition(filter);
  const jobs = await db
    .selectFrom('queue_job')
    .select([
      sql<number>`count(*)`.as('jobs'),
      sql<number>`coalesce(sum(case when state = 'held' and taken_by is null then 1 else 0 end), 0)`.as(
        'held',
      ),
      sql<number>`coalesce(sum(case when taken_by is not null then 1 else 0 end), 0)`.as(
        'delivering',
      ),
    ])
    .where(where)
    .executeTakeFirstOrThrow();
  const messages = await db
    .selectFrom('queue_message')
    .select([
      sql<number>`count(*)`.as('messages'),
      sql<number>`cast(coalesce(sum(size), 0) as bigint)`.as('octets'),
      sql<number | null>`min(accepted_at)`.as('oldest'),
    ])
    .where(
      sql<boolean>`exists (select 1 from queue_job where queue_job.message_id = queue_message.id and ${where})`,
    )
    .executeTakeFirstOrThrow();
  return {
    messages: messages.messages,
    jobs: jobs.jobs,
    waiting: jobs.jobs - jobs.held - jobs.delivering,
    held: jobs.held,
    delivering: jobs.delivering,
    octets: messages.octets,
    ...(messages.oldest === null ? {} : { oldestAcceptedAt: messages.oldest }),
  };
}
