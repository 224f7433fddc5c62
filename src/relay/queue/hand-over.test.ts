import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from 'kysely';
import {
  accept,
  EMPTY,
  messageTo,
  queueRig,
  rowCounts,
  settlement,
  takeDue,
  textOf,
} from './queue.fixture.ts';
import type { HandOver, Job } from './types.ts';

interface Seen extends HandOver {
  readonly jobs: Job[];
  readonly lines: string[];
}

/** Has room for destinations that the test names. */
function handOver(room: (destination: string) => boolean): Seen {
  const jobs: Job[] = [];
  const lines: string[] = [];
  return {
    jobs,
    lines,
    hasRoom: room,
    accepted(destination, job) {
      lines.push(`${destination} ${job === undefined ? 'failed' : 'accepted'}`);
      if (job !== undefined) jobs.push(job);
    },
    left(destination) {
      lines.push(`${destination} left`);
    },
  };
}

describe('handing over fresh jobs', () => {
  it('those that there is room for come at once, as taken; the others wait in the database', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const seen = handOver((destination) => destination === 'one.test');
    queue.handOver = seen;
    await accept(queue, messageTo(['a@one.test', 'b@two.test', 'c@one.test']), 'abc');
    assert.deepEqual(seen.lines, ['one.test accepted', 'two.test left']);
    const [job] = seen.jobs;
    assert.deepEqual(
      job!.recipients.map(({ address, number }) => [address, number]),
      [
        ['a@one.test', 0],
        ['c@one.test', 2],
      ],
    );
    const [other, ...more] = await takeDue(queue, clock.now());
    assert.deepEqual([other!.destination, more.length], ['two.test', 0]);
    // As the database would have given it.
    await queue.giveBack([job!]);
    const [again] = await takeDue(queue, clock.now());
    assert.deepEqual({ ...again, content: null }, { ...job, content: null });
    for (const one of [again!, other!]) {
      assert.equal(await textOf(one), 'abc');
      await queue.settle(one, settlement(one, 'delivered', { at: clock.now() }));
    }
    assert.deepEqual(await rowCounts(store), EMPTY);
    await rig.close();
  });

  it('small contents come from memory, as long as there is room for them', async () => {
    const rig = await queueRig({ contentMemory: 100_000 });
    const { queue, clock, store } = rig;
    const seen = handOver(() => true);
    queue.handOver = seen;
    await accept(queue, messageTo(['a@one.test', 'b@two.test']), Buffer.alloc(60_000, 'm'));
    await accept(queue, messageTo(['a@one.test']), Buffer.alloc(60_000, 'd'));
    await accept(queue, messageTo(['a@one.test']), Buffer.alloc(70_000, 'd'));
    const [first, second, third, fourth] = seen.jobs;
    await store.db.deleteFrom('queue_part').execute();
    assert.equal((await textOf(first!)).length, 60_000);
    await assert.rejects(textOf(third!), /QUEUE_CONTENT_DAMAGED/);
    await assert.rejects(textOf(fourth!), /QUEUE_CONTENT_DAMAGED/);
    await queue.settle(first!, settlement(first!, 'delivered', { at: clock.now() }));
    assert.equal((await textOf(second!)).length, 60_000);
    await queue.settle(second!, settlement(second!, 'delivered', { at: clock.now() }));
    await accept(queue, messageTo(['a@one.test']), Buffer.alloc(60_000, 'n'));
    await store.db.deleteFrom('queue_part').execute();
    assert.equal((await textOf(seen.jobs[4]!)).length, 60_000);
    await rig.close();
  });

  it('a commit that fails ends the promise, and nothing of the message remains', async () => {
    const rig = await queueRig();
    const { queue, store } = rig;
    const seen = handOver((destination) => destination === 'one.test');
    queue.handOver = seen;
    await sql`pragma max_page_count = 1`.execute(store.db);
    const sink = queue.open();
    await sink.write(Buffer.alloc(200_000));
    const outcome = await sink.commit(messageTo(['a@one.test', 'b@two.test']));
    assert.ok(!outcome.ok && outcome.failure.code === 'QUEUE_FULL_DISK');
    assert.deepEqual(seen.lines, ['one.test failed']);
    await sql`pragma max_page_count = 100000`.execute(store.db);
    assert.deepEqual(await rowCounts(store), EMPTY);
    await rig.close();
  });

  it('notifications are handed over too, but not those of a settlement that came too late', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    await accept(queue, messageTo(['b@two.test', 'b@three.test']));
    const jobs = await takeDue(queue, clock.now());
    const seen = handOver(() => true);
    queue.handOver = seen;
    const [lost, kept] = jobs;
    await store.db
      .updateTable('queue_job')
      .set({ taken_by: 'another' })
      .where('destination', '=', lost!.destination)
      .execute();
    const notifications = [
      { message: messageTo(['alice@here.test']), content: [Buffer.from('dsn')] },
    ];
    for (const job of [lost!, kept!]) {
      await queue.settle(job, settlement(job, 'failed', { at: clock.now(), notifications }));
    }
    assert.deepEqual(seen.lines, ['here.test failed', 'here.test accepted']);
    assert.equal(await textOf(seen.jobs[0]!), 'dsn');
    await rig.close();
  });
});
