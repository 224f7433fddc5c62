/**
 * Counts the queue. Only whole tables and small indexes are counted: SQLite counts those without
 * looking at a row, a million in some 40 ms.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store/types.ts';
import { runText } from './statements.ts';
import type { QueueNumbers } from './types.ts';

const JOBS = 'select count(*) as number from queue_job';
const TAKEN = 'select count(*) as number from queue_job where taken_by is not null';
const HELD = `select count(*) as number from queue_job where state = 'held'`;
const HELD_AND_TAKEN = `select count(*) as number from queue_job where state = 'held' and taken_by is not null`;
const MESSAGES = 'select count(*) as number from queue_message';
/** Ids sort by time. */
const OLDEST = 'select accepted_at as number from queue_message order by id limit 1';

/** A count that took a while is good for this many times as long: at most a fiftieth goes into counting. */
const REST = 50;

/** Counts the queue of a store. */
export function createNumbers(store: Store, clock: Clock): () => Promise<QueueNumbers> {
  let last:
    { readonly numbers: QueueNumbers; readonly from: number; readonly cost: number } | undefined;
  return async () => {
    const from = clock.now();
    if (last !== undefined && from >= last.from && from - last.from < REST * last.cost) {
      return last.numbers;
    }
    const numbers = await count(store);
    last = { numbers, from, cost: clock.now() - from };
    return numbers;
  };
}

async function count({ db }: Store): Promise<QueueNumbers> {
  const one = async (text: string): Promise<number | undefined> =>
    (await runText<{ number: number }>(db, text)).rows[0]?.number;
  const jobs = (await one(JOBS)) ?? 0;
  const held = (await one(HELD)) ?? 0;
  const taken = (await one(TAKEN)) ?? 0;
  const both = held === 0 || taken === 0 ? 0 : ((await one(HELD_AND_TAKEN)) ?? 0);
  return {
    messages: (await one(MESSAGES)) ?? 0,
    // Counted one after another: a job may have moved between.
    waiting: Math.max(0, jobs - held - taken + both),
    held,
    inDelivery: taken,
    oldestAcceptedAt: await one(OLDEST),
  };
}
