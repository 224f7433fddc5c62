import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CompiledQuery } from 'kysely';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { createDueJobs } from './due-jobs.ts';
import { accept, messageTo, queueRig, settlement, takeDue, textOf } from './queue.fixture.ts';

/** A store that notes the text of every statement. */
function noting(store: Store, texts: Set<string>): Store {
  const note = <T extends object>(db: T): T =>
    new Proxy(db, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        if (name === 'executeQuery') {
          return async (query: CompiledQuery) => {
            texts.add(query.sql);
            return await (target as unknown as Store['db']).executeQuery(query);
          };
        }
        if (name === 'transaction') {
          return () => ({
            execute: async <R>(task: (transaction: object) => Promise<R>): Promise<R> =>
              await (target as unknown as Store['db'])
                .transaction()
                .execute(async (transaction) => await task(note(transaction))),
          });
        }
        return value.bind(target) as unknown;
      },
    });
  return { ...store, db: note(store.db) };
}

/** How SQLite runs a statement. */
async function planOf(store: Store, text: string): Promise<string> {
  const plan = await store.db.executeQuery<{ detail: string }>(
    CompiledQuery.raw(`explain query plan ${text}`),
  );
  return plan.rows.map(({ detail }) => detail).join('; ');
}

describe('how the database runs the statements of the queue', () => {
  it('no statement looks at every job or message, and none sorts', async () => {
    const store = await openStore('sqlite::memory:');
    const texts = new Set<string>();
    const rig = await queueRig({ store: noting(store, texts) });
    const { queue, clock } = rig;
    const sink = queue.open();
    await sink.write(Buffer.alloc(600_000));
    await sink.abort();
    await accept(queue, messageTo(['a@one.test', 'b@two.test']));
    await queue.due({ now: clock.now(), limit: 1 });
    await queue.dueFor('one.test', { now: clock.now(), limit: 1 });
    await queue.nextDueAt();
    const [first, second] = await takeDue(queue, clock.now());
    const at = clock.now();
    const evidence = { startedAt: at, endedAt: at, events: [] };
    const notifications = [{ message: messageTo(['x@y.test']), content: [] }];
    await queue.settle(first!, settlement(first!, 'waiting', { at, evidence, notifications }));
    await queue.giveBack([second!]);
    for (const job of await takeDue(queue, clock.now())) {
      await textOf(job);
      await queue.settle(job, settlement(job, 'delivered', { at }));
    }
    await clock.advance(10 * 60_000);
    await queue.close();
    assert.ok(texts.size >= 30, `only ${texts.size} statements`);
    const slow: string[] = [];
    for (const text of texts) {
      const plan = await planOf(store, text);
      // The rows that came with the statement, and the few nodes, uploads and decisions, may be scanned.
      const scans = plan.matchAll(
        /SCAN (?!v\b|\d|CONSTANT|queue_(?:node|upload|decision)\b)[^;]*/g,
      );
      const bad = [...scans].map(([scan]) => scan).filter((scan) => !isFlat(scan));
      if (bad.length > 0 || plan.includes('TEMP B-TREE FOR ORDER BY'))
        slow.push(`${text}: ${plan}`);
    }
    assert.deepEqual(slow, []);
    await store.close();
  });

  it('what is due is found by the index that holds only what is due', async () => {
    const store = await openStore('sqlite::memory:');
    const texts = new Set<string>();
    const jobs = createDueJobs(noting(store, texts), 'me');
    await jobs.due({ now: 1, limit: 1 });
    await jobs.dueFor('x', { now: 1, limit: 1 });
    await jobs.nextDueAt();
    const plans: string[] = [];
    for (const text of texts) plans.push(await planOf(store, text));
    assert.deepEqual(
      plans.map((plan) => /queue_job_\w+/.exec(plan)?.[0]),
      ['queue_job_due', 'queue_job_due_for', 'queue_job_due'],
    );
    await store.close();
  });
});

/** In the order of an index, until the limit: the next job, the oldest message; or the few taken jobs. */
function isFlat(scan: string): boolean {
  return /USING (?:COVERING )?INDEX queue_job_(?:due|taken)\b/.test(scan);
}
