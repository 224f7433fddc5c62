/**
 * Looks for jobs that are due, takes them and gives them back.
 *
 * @module
 */
import type {
  QueueJobTable,
  QueueMessageTable,
  QueueRecipientTable,
} from '../../store/queue-tables.ts';
import type { Store } from '../../store/types.ts';
import { timeOfMessageId } from './message-id.ts';
import { messageOf, recipientOf } from './rows.ts';
import { keyText } from './settle.ts';
import { forEngine, overRows, runText, type RunRows, type Value } from './statements.ts';
import type { DueCursor, DueJob, Job, JobKey, QueuedRecipient, Queue } from './types.ts';

/** A job as the tables have it. */
export type TakenJob = Omit<Job, 'content'>;

/** What was taken. */
export interface Taken {
  readonly jobs: readonly TakenJob[];
  /** Ours too, but without a recipient that waits: to be taken out of the tables. */
  readonly empty: readonly JobKey[];
}

/** Jobs in the tables. */
export interface DueJobs extends Pick<Queue, 'due' | 'dueFor' | 'nextDueAt'> {
  /** Those of the keys that were free are ours now. */
  take(keys: readonly JobKey[]): Promise<Taken>;
  giveBack(keys: readonly JobKey[]): Promise<void>;
  /** Keys of all that stands as taken by us. */
  taken(): Promise<readonly JobKey[]>;
  giveBackAll(): Promise<void>;
}

/** Before every job. */
const FROM_THE_START: DueCursor = { nextAt: -1, messageId: '', destination: '' };

type DueRow = Pick<QueueJobTable, 'next_at' | 'message_id' | 'destination'> & {
  /** {@link MARKS} of its message; absent where nobody asked, null where the message is gone. */
  readonly marks?: number | null;
};

/** What of a message is told with its due job, as one number. */
const ASKS_LESS = 1;
const NOTICE = 2;
const MARKS =
  `(select m.tls_required_no * ${ASKS_LESS} + case when m.reverse_path = '' then ${NOTICE} else 0 end ` +
  `from queue_message m where m.id = message_id) as marks`;

/** The jobs of a store, for one node. */
export function createDueJobs(store: Store, owner: string): DueJobs {
  const { db } = store;
  const sql = dueTexts(store);
  const rows = keyStatements(store);

  const assemble = async (taken: readonly QueueJobTable[]): Promise<Taken> => {
    const messages = await messagesOf(taken);
    const recipients = await recipientsOf(taken);
    const jobs: TakenJob[] = [];
    const empty: JobKey[] = [];
    for (const row of taken) {
      const key: JobKey = { messageId: row.message_id, destination: row.destination };
      const message = messages.get(row.message_id);
      const waiting = recipients.get(keyText(key)) ?? [];
      if (message === undefined || waiting.length === 0) {
        empty.push(key);
        continue;
      }
      jobs.push({
        ...key,
        message: messageOf(message),
        recipients: waiting,
        attempts: row.attempts,
        nextAt: row.next_at,
        delayNoticeSent: row.delay_notice_sent === 1,
      });
    }
    return { jobs, empty };
  };

  const messagesOf = async (
    taken: readonly QueueJobTable[],
  ): Promise<ReadonlyMap<string, QueueMessageTable>> => {
    const ids = new Set(taken.map((row) => row.message_id));
    const found = await rows.messages<QueueMessageTable>(
      db,
      [...ids].map((id) => [id]),
    );
    return new Map(found.map((row) => [row.id, row]));
  };

  const recipientsOf = async (
    taken: readonly QueueJobTable[],
  ): Promise<ReadonlyMap<string, QueuedRecipient[]>> => {
    const keys = taken.map((row) => [row.message_id, row.destination]);
    const recipients = new Map<string, QueuedRecipient[]>();
    for (const row of await rows.recipients<QueueRecipientTable>(db, keys)) {
      const key = keyText({ messageId: row.message_id, destination: row.destination });
      const list = recipients.get(key);
      if (list === undefined) recipients.set(key, [recipientOf(row)]);
      else list.push(recipientOf(row));
    }
    for (const list of recipients.values()) list.sort((a, b) => a.number - b.number);
    return recipients;
  };

  return {
    async due({ after = FROM_THE_START, now, limit }) {
      const values = [now, after.nextAt, after.messageId, after.destination, limit];
      return (await runText<DueRow>(db, sql.due, values)).rows.map(dueJob);
    },
    async dueFor(destination, { now, limit }) {
      return (await runText<DueRow>(db, sql.dueFor, [destination, now, limit])).rows.map(dueJob);
    },
    async nextDueAt() {
      return (await runText<DueRow>(db, sql.next)).rows[0]?.next_at;
    },
    async take(keys) {
      const wanted = keyRows(keys);
      if (wanted.length === 0) return { jobs: [], empty: [] };
      // One transaction: one wait for the disk.
      const taken = await db
        .transaction()
        .execute(
          async (transaction) =>
            await rows.take<QueueJobTable>(transaction, sortedRows(wanted), [owner]),
        );
      if (taken.length === 0) return { jobs: [], empty: [] };
      const order = new Map(keys.map((key, index) => [keyText(key), index]));
      const { jobs, empty } = await assemble(taken);
      const place = (job: TakenJob): number => order.get(keyText(job)) ?? 0;
      return { jobs: jobs.toSorted((a, b) => place(a) - place(b)), empty };
    },
    async giveBack(keys) {
      await rows.giveBack(db, sortedRows(keyRows(keys)), [owner]);
    },
    async taken() {
      const { rows: found } = await runText<DueRow>(db, sql.taken, [owner]);
      return found.map((row) => ({ messageId: row.message_id, destination: row.destination }));
    },
    async giveBackAll() {
      await runText(db, sql.giveBackAll, [owner]);
    },
  };
}

function dueJob(row: DueRow): DueJob {
  const acceptedAt = timeOfMessageId(row.message_id);
  return {
    messageId: row.message_id,
    destination: row.destination,
    nextAt: row.next_at,
    ...(acceptedAt === undefined ? {} : { acceptedAt }),
    ...marksOf(row),
  };
}

function marksOf({ marks }: DueRow): Pick<DueJob, 'isNotice' | 'asksLess'> {
  if (marks === undefined || marks === null) return {};
  return { isNotice: (marks & NOTICE) !== 0, asksLess: (marks & ASKS_LESS) !== 0 };
}

function keyRows(keys: readonly JobKey[]): readonly (readonly string[])[] {
  return keys.map(({ messageId, destination }) => [messageId, destination]);
}

/** Locks taken in one order meet no deadlock. */
function sortedRows(rows: readonly (readonly string[])[]): readonly (readonly Value[])[] {
  return rows.toSorted((a, b) => {
    const [left, right] = [a.join(' '), b.join(' ')];
    if (left === right) return 0;
    return left < right ? -1 : 1;
  });
}

/** What the partial indexes are about; their text must stand in each query that is to use them. */
const FREE = `state = 'waiting' and taken_by is null`;

/**
 * The same in words that fit no partial index: PostgreSQL, whose statistics of a queue are always
 * out of date, would otherwise read all that is free to find a few keys.
 */
const FREE_BY_KEY = `state = 'waiting' and coalesce(taken_by, '') = ''`;

/** The statements that look; exported for the test that asks the database how it runs them. */
export function dueTexts({
  traits,
}: Pick<Store, 'traits'>): Readonly<
  Record<'due' | 'dueFor' | 'next' | 'taken' | 'giveBackAll', string>
> {
  const text = (written: string): string => forEngine(traits, written);
  return {
    due: text(
      `select next_at, message_id, destination, ${MARKS} from queue_job where ${FREE} and next_at <= ? ` +
        `and (next_at, message_id, destination) > (?, ?, ?) ` +
        `order by next_at, message_id, destination limit ?`,
    ),
    dueFor: text(
      `select next_at, message_id, destination from queue_job where ${FREE} and destination = ? ` +
        `and next_at <= ? order by next_at, message_id limit ?`,
    ),
    next: `select next_at from queue_job where ${FREE} order by next_at limit 1`,
    taken: text('select message_id, destination from queue_job where taken_by = ?'),
    giveBackAll: text('update queue_job set taken_by = null where taken_by = ?'),
  };
}

/** The statements over keys; exported for the same test. */
export function keyStatements({
  traits,
}: Pick<Store, 'traits'>): Readonly<
  Record<'take' | 'giveBack' | 'messages' | 'recipients', RunRows>
> {
  const among = (places: readonly string[]): string =>
    `(message_id, destination) in (values ${places.join(', ')})`;
  return {
    take: overRows(traits, {
      text: (places, more) =>
        traits.rowLocks
          ? `update queue_job as job set taken_by = ${more(0)} from (select message_id, destination ` +
            `from queue_job where ${among(places)} and ${FREE_BY_KEY} for update skip locked) as free ` +
            `where job.message_id = free.message_id and job.destination = free.destination returning job.*`
          : `update queue_job set taken_by = ${more(0)} ` +
            `where ${among(places)} and ${FREE} returning *`,
    }),
    giveBack: overRows(traits, {
      text: (places, more) =>
        `update queue_job set taken_by = null where ${among(places)} and taken_by = ${more(0)}`,
    }),
    messages: overRows(traits, {
      text: (places) => `select * from queue_message where id in (${places.join(', ')})`,
    }),
    recipients: overRows(traits, {
      text: (places) =>
        `select * from queue_recipient where state = 'waiting' and ${among(places)}`,
    }),
  };
}
