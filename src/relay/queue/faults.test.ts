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
} from './queue.fixture.ts';
import { faultOf, failureOf } from './queue-error.ts';
import { PART_OCTETS } from './sink.ts';

describe('faults of the database', () => {
  it('SMTP-6.1-1: a full disk puts new mail off and loses none that was accepted', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const id = await accept(queue, messageTo(['bob@there.test']));
    const [job] = await takeDue(queue, clock.now());
    await sql`pragma max_page_count = 1`.execute(store.db);
    const outcomes = await Promise.all(
      [10, 200_000, 2 * PART_OCTETS].map(async (size) => {
        const sink = queue.open();
        await sink.write(Buffer.alloc(size));
        return await sink.commit(messageTo(['bob@there.test']));
      }),
    );
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.failure.code)),
      outcomes.map(() => 'QUEUE_FULL_DISK'),
    );
    const notifications = [
      { message: messageTo(['alice@here.test']), content: [Buffer.alloc(200_000)] },
    ];
    const failing = settlement(job!, 'failed', { at: clock.now(), notifications });
    await assert.rejects(queue.settle(job!, failing), /QUEUE_FULL_DISK/);
    await sql`pragma max_page_count = 100000`.execute(store.db);
    const rows = await store.db.selectFrom('queue_message').select('id').execute();
    assert.deepEqual(
      rows.map((row) => row.id),
      [id],
    );
    // The job stayed ours: the same again.
    assert.equal(await queue.settle(job!, failing), true);
    assert.equal((await takeDue(queue, clock.now()))[0]!.destination, 'here.test');
    await rig.close();
  });

  it('a long message whose disk runs full on the way leaves nothing', async () => {
    const rig = await queueRig();
    const { queue, store } = rig;
    const sink = queue.open();
    await sink.write(Buffer.alloc(PART_OCTETS));
    await sql`pragma max_page_count = 1`.execute(store.db);
    await sink.write(Buffer.alloc(PART_OCTETS));
    await sql`pragma max_page_count = 100000`.execute(store.db);
    await sink.write(Buffer.alloc(PART_OCTETS));
    const outcome = await sink.commit(messageTo(['bob@there.test']));
    assert.ok(!outcome.ok && outcome.failure.code === 'QUEUE_FULL_DISK');
    assert.deepEqual(await rowCounts(store), EMPTY);
    await rig.close();
  });

  it('a database that is gone is told as such, and the queue goes on when it is back', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    await accept(queue, messageTo(['bob@there.test']));
    const [job] = await takeDue(queue, clock.now());
    await sql`alter table queue_message rename to elsewhere`.execute(store.db);
    const sink = queue.open();
    const outcome = await sink.commit(messageTo(['bob@there.test']));
    assert.ok(!outcome.ok && outcome.failure.code === 'QUEUE_UNAVAILABLE');
    await assert.rejects(queue.settle(job!, settlement(job!, 'delivered', { at: 1 })));
    await sql`alter table elsewhere rename to queue_message`.execute(store.db);
    assert.equal(await queue.settle(job!, settlement(job!, 'delivered', { at: 1 })), true);
    await rig.close();
  });

  it('parts that another node removed fail their own message alone', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const sink = queue.open();
    await sink.write(Buffer.alloc(2 * PART_OCTETS));
    await store.db.deleteFrom('queue_upload').execute();
    await store.db.deleteFrom('queue_part').execute();
    const [lost] = await Promise.all([
      sink.commit(messageTo(['bob@there.test'])),
      accept(queue, messageTo(['carol@there.test'])),
      accept(queue, messageTo(['dave@there.test'])),
    ]);
    assert.ok(!lost.ok && lost.failure.code === 'QUEUE_UPLOAD_LOST');
    assert.equal((await takeDue(queue, clock.now())).length, 2);
    await rig.close();
  });

  it('jobs that a lost answer left as taken are given back after two looks', async () => {
    const rig = await queueRig();
    const { queue, clock, store, codes } = rig;
    await accept(queue, messageTo(['bob@there.test']));
    await accept(queue, messageTo(['bob@there.test']));
    const due = await queue.due({ now: clock.now(), limit: 9 });
    await queue.take(due.slice(0, 1));
    await store.db.updateTable('queue_job').set({ taken_by: 'me' }).execute();
    await clock.advance(10_000);
    assert.equal((await queue.numbers()).inDelivery, 2);
    await clock.advance(10_000);
    assert.equal((await queue.numbers()).inDelivery, 1);
    assert.deepEqual(codes, ['QUEUE_JOBS_STRAYED']);
    assert.deepEqual(
      (await takeDue(queue, clock.now())).map(({ messageId }) => messageId),
      [due[1]!.messageId],
    );
    await rig.close();
  });

  it('parts of this node that no message in progress wants are removed', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const sink = queue.open();
    await sink.write(Buffer.alloc(PART_OCTETS));
    await store.db.insertInto('queue_upload').values({ message_id: 'x', owner: 'me' }).execute();
    await store.db
      .insertInto('queue_part')
      .values({ message_id: 'x', number: 0, data: Buffer.from('x') })
      .execute();
    await clock.advance(10_000);
    const parts = await store.db.selectFrom('queue_part').select('message_id').execute();
    assert.deepEqual(
      parts.map((part) => part.message_id),
      [sink.id],
    );
    assert.ok((await sink.commit(messageTo(['bob@there.test']))).ok);
    await rig.close();
  });

  it('every kind of fault is told apart on both engines', () => {
    const sqlite = (errcode: number): Error => Object.assign(new Error('x'), { errcode });
    const postgres = (code: string): Error => Object.assign(new Error('x'), { code });
    const codes = [
      sqlite(13),
      sqlite(5),
      sqlite(517),
      sqlite(2067),
      sqlite(11),
      sqlite(10),
      postgres('53100'),
      postgres('23505'),
      postgres('22021'),
      postgres('40P01'),
      postgres('55P03'),
      postgres('XX001'),
      postgres('57P01'),
      postgres('ECONNREFUSED'),
      new Error('Connection terminated'),
    ].map((error) => `${faultOf(error)} ${failureOf(error).code}`);
    assert.deepEqual(codes, [
      'full QUEUE_FULL_DISK',
      'busy QUEUE_BUSY',
      'busy QUEUE_BUSY',
      'row QUEUE_MESSAGE_REFUSED',
      'damaged QUEUE_DAMAGED',
      'gone QUEUE_UNAVAILABLE',
      'full QUEUE_FULL_DISK',
      'row QUEUE_MESSAGE_REFUSED',
      'row QUEUE_MESSAGE_REFUSED',
      'again QUEUE_BUSY',
      'busy QUEUE_BUSY',
      'damaged QUEUE_DAMAGED',
      'gone QUEUE_UNAVAILABLE',
      'gone QUEUE_UNAVAILABLE',
      'gone QUEUE_UNAVAILABLE',
    ]);
  });
});
