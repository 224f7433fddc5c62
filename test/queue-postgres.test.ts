import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeClock } from '../src/clock.fixture.ts';
import { createQueue } from '../src/relay/queue/create-queue.ts';
import { PART_OCTETS } from '../src/relay/queue/sink.ts';
import {
  accept,
  codeLog,
  EMPTY,
  fakeProcesses,
  messageTo,
  rowCounts,
  settlement,
  takeDue,
  textOf,
} from '../src/relay/queue/queue.fixture.ts';
import type { DueJob, Job, Queue } from '../src/relay/queue/types.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/types.ts';
import { evaluate } from '../src/tls-policy/evaluate.ts';
import { hostEvidence, KNOBS, mxEvidence } from '../src/tls-policy/evidence.fixture.ts';
import type { PostgresPeer } from './peers/postgres.ts';
import { startPostgres } from './peers/postgres.ts';

let postgres: PostgresPeer;
let store: Store;

interface Node {
  readonly queue: Queue;
  readonly clock: FakeClock;
  readonly store: Store;
  readonly codes: string[];
  close(): Promise<void>;
}

/** A node with connections of its own. */
async function startNode(owner: string): Promise<Node> {
  const own = await openStore(postgres.url);
  const clock = new FakeClock();
  const codes: string[] = [];
  const queue = createQueue({
    store: own,
    clock,
    owner,
    log: codeLog(codes),
    settleWaitMs: 0,
    processes: fakeProcesses(owner, () => false),
  });
  await queue.start();
  const close = async (): Promise<void> => {
    await queue.close();
    await own.close();
  };
  return { queue, clock, store: own, codes, close };
}

/** The database answers on its own time: the clock is moved beat by beat. */
async function pass(clock: FakeClock, seconds: number): Promise<void> {
  for (let gone = 0; gone < seconds; gone += 5) {
    await clock.advance(5_000);
    await sleep(30);
  }
}

async function deliver(node: Node, job: Job): Promise<boolean> {
  return await node.queue.settle(job, settlement(job, 'delivered', { at: node.clock.now() }));
}

async function inParallel<T>(count: number, task: (index: number) => Promise<T>): Promise<T[]> {
  return await Promise.all(Array.from({ length: count }, async (_, index) => await task(index)));
}

describe('a queue that nodes share on PostgreSQL', () => {
  before(async () => {
    postgres = await startPostgres();
    store = await openStore(postgres.url);
  });
  after(async () => {
    await store.close();
    await postgres.stop();
  });
  beforeEach(async () => {
    for (const table of [...Object.keys(EMPTY), 'queue_decision', 'queue_node']) {
      await store.db.deleteFrom(table as 'queue_message').execute();
    }
  });

  it('SMTP-6.1-1: each job is taken by one node, and all are delivered once', async () => {
    const nodes = await inParallel(2, async (index) => await startNode(`node-${index}`));
    const ids = await inParallel(400, async (index) =>
      accept(nodes[index % 2]!.queue, messageTo([`a@d${index % 7}.test`, `b@e${index % 5}.test`])),
    );
    assert.equal(new Set(ids).size, 400);
    const delivered: string[] = [];
    const work = async (node: Node): Promise<void> => {
      for (;;) {
        const due: readonly DueJob[] = await node.queue.due({ now: node.clock.now(), limit: 50 });
        if (due.length === 0) return;
        const jobs = await node.queue.take(due);
        await Promise.all(
          jobs.map(async (job) => {
            assert.equal(await textOf(job), 'Subject: hello\r\n\r\nwords\r\n');
            assert.equal(await deliver(node, job), true);
            delivered.push(`${job.messageId} ${job.destination}`);
          }),
        );
      }
    };
    await Promise.all(nodes.flatMap((node) => [work(node), work(node)]));
    assert.equal(delivered.length, 800);
    assert.equal(new Set(delivered).size, 800);
    // Both settled the last jobs of the same messages at the same time: none was left over.
    assert.deepEqual(await rowCounts(store), EMPTY);
    await Promise.all(nodes.map(async (node) => await node.close()));
  });

  it("a dead node's jobs are taken over; what it says later counts for nothing", async () => {
    const [dead, alive] = [await startNode('dead'), await startNode('alive')];
    await inParallel(20, async (index) => accept(dead.queue, messageTo([`a@d${index}.test`])));
    const jobs = await takeDue(dead.queue, dead.clock.now());
    assert.equal(jobs.length, 20);
    const upload = dead.queue.open();
    await upload.write(Buffer.alloc(2 * PART_OCTETS));
    await pass(alive.clock, 25);
    assert.deepEqual(await takeDue(alive.queue, alive.clock.now()), []);
    await pass(alive.clock, 15);
    assert.deepEqual(alive.codes, ['QUEUE_NODE_DEAD']);
    const taken = await takeDue(alive.queue, alive.clock.now());
    assert.equal(taken.length, 20);
    assert.deepEqual(
      await Promise.all(jobs.map(async (job) => await deliver(dead, job))),
      jobs.map(() => false),
    );
    const lost = await upload.commit(messageTo(['bob@there.test']));
    assert.ok(!lost.ok && lost.failure.code === 'QUEUE_UPLOAD_LOST');
    await Promise.all(taken.map(async (job) => assert.ok(await deliver(alive, job))));
    assert.deepEqual(await rowCounts(store), EMPTY);
    await dead.close();
    await alive.close();
  });

  it('what is kept, retried and told comes back as it was; decisions are stored once', async () => {
    const node = await startNode('node');
    const { queue, clock } = node;
    const at = clock.now();
    const evidence = mxEvidence([hostEvidence('mx1.example.test', 'usable')]);
    const decision = {
      version: 1,
      evidence,
      knobs: KNOBS,
      policy: evaluate(evidence, KNOBS),
    } as const;
    await inParallel(90, async () =>
      accept(queue, messageTo(['b@example.test', 'c@example.test'], { messageIdHeader: 'a\0b' })),
    );
    const jobs = await takeDue(queue, at);
    await Promise.all(
      jobs.map(async (job) => {
        const outcome = settlement(job, 'waiting', {
          at,
          retryAt: at + 1_000,
          evidence: { startedAt: at, endedAt: at + 1, decision, events: [] },
          notifications: [
            { message: messageTo(['alice@here.test']), content: [Buffer.from('dsn')] },
          ],
        });
        const [first, second] = outcome.recipients;
        const recipients = [{ ...first!, state: 'delivered' as const, text: '\0ok' }, second!];
        assert.equal(await queue.settle(job, { ...outcome, recipients }), true);
      }),
    );
    const decisions = await store.db.selectFrom('queue_decision').select('digest').execute();
    assert.equal(decisions.length, 1);
    assert.deepEqual(await queue.numbers(), {
      messages: 180,
      waiting: 180,
      held: 0,
      inDelivery: 0,
      oldestAcceptedAt: at,
    });
    assert.equal(await queue.nextDueAt(), at);
    const again = await queue.take(
      await queue.dueFor('example.test', { now: at + 1_000, limit: 500 }),
    );
    assert.equal(again.length, 90);
    assert.deepEqual(
      again[0]!.recipients.map(({ number, lastText, lastAt }) => [number, lastText, lastAt]),
      [[1, 'it is waiting', at]],
    );
    assert.equal(again[0]!.attempts, 1);
    await node.close();
    const taken = await store.db
      .selectFrom('queue_job')
      .select('destination')
      .where('taken_by', 'is not', null)
      .execute();
    assert.deepEqual(taken, []);
  });

  it('a database that goes away puts mail off; when it is back nothing is lost', async () => {
    const node = await startNode('node');
    const { queue, clock } = node;
    const long = Buffer.alloc(3 * PART_OCTETS + 5, 'x');
    const kept = await accept(queue, messageTo(['bob@there.test']), long);
    const [job] = await takeDue(queue, clock.now());
    await postgres.halt();
    const sink = queue.open();
    await sink.write(Buffer.from('x'));
    const refused = await sink.commit(messageTo(['bob@there.test']));
    assert.ok(!refused.ok && refused.failure.code === 'QUEUE_UNAVAILABLE');
    await assert.rejects(deliver(node, job!), /QUEUE_UNAVAILABLE/);
    await postgres.resume();
    assert.equal((await textOf(job!)).length, long.length);
    const rows = await store.db.selectFrom('queue_message').select('id').execute();
    assert.deepEqual(rows, [{ id: kept }]);
    assert.equal(await deliver(node, job!), true);
    assert.deepEqual(await rowCounts(store), EMPTY);
    await node.close();
  });
});
