/**
 * Counts the queue.
 *
 * @module
 */
import type { Store } from '../../store/types.ts';
import { runText } from './statements.ts';
import type { QueueNumbers } from './types.ts';

const FREE = `select count(*) as number from queue_job where state = 'waiting' and taken_by is null`;
const TAKEN = 'select count(*) as number from queue_job where taken_by is not null';
const HELD = `select count(*) as number from queue_job where state = 'held'`;
const MESSAGES = 'select count(*) as number from queue_message';
/** Ids sort by time. */
const OLDEST = 'select accepted_at as number from queue_message order by id limit 1';

/** The numbers of a store's queue. */
export async function queueNumbers({ db }: Store): Promise<QueueNumbers> {
  const one = async (text: string): Promise<number | undefined> =>
    (await runText<{ number: number }>(db, text)).rows[0]?.number;
  return {
    messages: (await one(MESSAGES)) ?? 0,
    waiting: (await one(FREE)) ?? 0,
    held: (await one(HELD)) ?? 0,
    inDelivery: (await one(TAKEN)) ?? 0,
    oldestAcceptedAt: await one(OLDEST),
  };
}
