import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openStore } from '../../store/open-store.ts';
import { timeOfMessageId } from './message-id.ts';
import {
  accept,
  EMPTY,
  fakeProcesses,
  messageTo,
  queueRig,
  rowCounts,
  settlement,
  takeDue,
  textOf,
} from './queue.fixture.ts';
import { PART_OCTETS } from './sink.ts';
import type { NewMessage } from './types.ts';

const folder = mkdtempSync(join(tmpdir(), 'sts-queue-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const MINUTE = 60_000;

describe('the queue', () => {
  it('SMTP-6.1-1: a message is due at once, is taken once, and leaves when it is delivered', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const id = await accept(queue, messageTo(['bob@There.test']));
    const due = await queue.due({ now: clock.now(), limit: 10 });
    const acceptedAt = timeOfMessageId(id)!;
    const marks = { isNotice: false, asksLess: false };
    assert.deepEqual(due, [
      { messageId: id, destination: 'there.test', nextAt: clock.now(), acceptedAt, ...marks },
    ]);
    assert.equal(await queue.nextDueAt(), clock.now());
    const [job, ...others] = await queue.take(due);
    assert.deepEqual(others, []);
    assert.deepEqual(await queue.take(due), []);
    assert.equal(await queue.nextDueAt(), undefined);
    assert.equal(await textOf(job!), 'Subject: hello\r\n\r\nwords\r\n');
    assert.deepEqual(await queue.numbers(), {
      messages: 1,
      waiting: 0,
      held: 0,
      inDelivery: 1,
      oldestAcceptedAt: clock.now(),
    });
    assert.equal(
      await queue.settle(job!, settlement(job!, 'delivered', { at: clock.now() })),
      true,
    );
    assert.deepEqual(await rowCounts(store), EMPTY);
    await rig.close();
  });

  it('RT-4.1-1, RT-4.1-2: everything that was said with the message is there at its delivery', async () => {
    const rig = await queueRig();
    const message: NewMessage = {
      envelope: {
        from: '',
        ret: 'HDRS',
        envid: 'QQ 314159',
        body: '8BITMIME',
        smtpUtf8: true,
        requireTls: true,
      },
      origin: { via: 'submission', user: 'alice', clientAddress: '192.0.2.7', heloName: 'pc' },
      tlsRequiredNo: true,
      messageIdHeader: '<1@here.test>',
      recipients: [
        { address: 'bob@there.test', notify: ['FAILURE', 'DELAY'], orcpt: 'rfc822;bob@old.test' },
        { address: 'carol@there.test', notify: [] },
        { address: 'dörte@[192.0.2.1]' },
      ],
    };
    const id = await accept(rig.queue, message, 'abc');
    const jobs = await takeDue(rig.queue, rig.clock.now());
    const { recipients, ...rest } = message;
    assert.deepEqual(
      jobs.map(({ message: queued }) => queued),
      [0, 1].map(() => ({ ...rest, id, acceptedAt: rig.clock.now(), size: 3 })),
    );
    const fresh = { state: 'waiting', lastText: '', lastCode: '', lastHost: '', lastAt: 0 };
    const expected = recipients.map((recipient, number) => ({ ...recipient, number, ...fresh }));
    assert.deepEqual(Object.fromEntries(jobs.map((job) => [job.destination, job.recipients])), {
      'there.test': expected.slice(0, 2),
      '[192.0.2.1]': expected.slice(2),
    });
    await rig.close();
  });

  it('SMTP-4.5.4.1-1, STS-5-5: what waits is due again at its time, with what was said last', async () => {
    const rig = await queueRig();
    const { queue, clock } = rig;
    await accept(queue, messageTo(['bob@there.test', 'carol@there.test']));
    const [job] = await takeDue(queue, clock.now());
    const outcome = settlement(job!, 'waiting', {
      at: clock.now(),
      retryAt: clock.now() + MINUTE,
      delayNoticeSent: true,
    });
    const [first, second] = outcome.recipients;
    await queue.settle(job!, {
      ...outcome,
      recipients: [{ ...first!, state: 'delivered' }, second!],
    });
    assert.deepEqual(await takeDue(queue, clock.now()), []);
    assert.equal(await queue.nextDueAt(), clock.now() + MINUTE);
    const due = await queue.dueFor('there.test', { now: clock.now() + MINUTE, limit: 9 });
    const [again] = await queue.take(due);
    assert.equal(again!.attempts, 1);
    assert.equal(again!.delayNoticeSent, true);
    assert.deepEqual(
      again!.recipients.map(({ address, lastText, lastAt }) => [address, lastText, lastAt]),
      [['carol@there.test', 'it is waiting', clock.now()]],
    );
    await queue.giveBack([again!]);
    assert.equal((await takeDue(queue, clock.now() + MINUTE))[0]!.attempts, 1);
    await rig.close();
  });

  it('SMTP-4.5.4.1-2: recipients of one domain are one job; a message stays until the last is done', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    await accept(queue, messageTo(['a@one.test', 'b@two.test', 'c@ONE.test', 'no address']));
    const jobs = await takeDue(queue, clock.now());
    assert.deepEqual(
      jobs.map(({ destination, recipients }) => [
        destination,
        recipients.map(({ number }) => number),
      ]),
      [
        ['no address', [3]],
        ['one.test', [0, 2]],
        ['two.test', [1]],
      ],
    );
    const at = clock.now();
    await queue.settle(jobs[1]!, settlement(jobs[1]!, 'delivered', { at }));
    assert.equal((await rowCounts(store))['queue_recipient'], 4);
    await Promise.all(
      [jobs[0]!, jobs[2]!].map(async (job) =>
        assert.ok(await queue.settle(job, settlement(job, 'failed', { at }))),
      ),
    );
    assert.deepEqual(await rowCounts(store), EMPTY);
    await rig.close();
  });

  it('a cursor goes on where the last look ended', async () => {
    const rig = await queueRig();
    const { queue, clock } = rig;
    const to = Array.from({ length: 7 }, (_, index) => `x@d${index}.test`);
    await accept(queue, messageTo(to));
    await clock.advance(1);
    await accept(queue, messageTo(to.slice(0, 3)));
    const seen: string[] = [];
    let last: Awaited<ReturnType<typeof queue.due>>[number] | undefined;
    for (;;) {
      const after = last === undefined ? {} : { after: last };
      const page = await queue.due({ ...after, now: clock.now(), limit: 3 });
      seen.push(...page.map(({ messageId, destination }) => messageId + destination));
      last = page.at(-1);
      if (last === undefined) break;
    }
    assert.equal(seen.length, 10);
    assert.equal(new Set(seen).size, 10);
    await rig.close();
  });

  it('a long message is written in parts as it comes, and read back one by one', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const sink = queue.open();
    const piece = Buffer.alloc(100_000, 'x');
    for (let count = 0; count < 10; count += 1) await sink.write(piece);
    const before = await rowCounts(store);
    assert.deepEqual([before['queue_part'], before['queue_upload']], [3, 1]);
    assert.ok((await sink.commit(messageTo(['bob@there.test']))).ok);
    const [job] = await takeDue(queue, clock.now());
    assert.equal(job!.message.size, 1_000_000);
    const sizes: number[] = [];
    const source = job!.content();
    for await (const part of source) sizes.push(part.byteLength);
    assert.deepEqual(sizes, [PART_OCTETS, PART_OCTETS, PART_OCTETS, 1_000_000 - 3 * PART_OCTETS]);
    assert.equal((await textOf({ content: () => source })).length, 1_000_000);
    assert.equal((await rowCounts(store))['queue_upload'], 0);
    await store.db.deleteFrom('queue_part').where('number', '=', 2).execute();
    await assert.rejects(textOf(job!), /QUEUE_CONTENT_DAMAGED.* has 524288 octets/);
    await rig.close();
  });

  it('one chunk may be longer than a part; an empty message is a message', async () => {
    const rig = await queueRig();
    await accept(rig.queue, messageTo(['bob@there.test']), Buffer.alloc(PART_OCTETS * 2, 'y'));
    await accept(rig.queue, messageTo(['bob@there.test']), '');
    const texts = await Promise.all((await takeDue(rig.queue, rig.clock.now())).map(textOf));
    assert.deepEqual(
      texts.map(({ length }) => length),
      [PART_OCTETS * 2, 0],
    );
    await rig.close();
  });

  it('of an aborted message nothing remains, and nothing of one without recipients', async () => {
    const rig = await queueRig();
    for (const size of [10, PART_OCTETS * 2]) {
      const sink = rig.queue.open();
      await sink.write(Buffer.alloc(size));
      await sink.abort();
      await assert.rejects(sink.write(Buffer.alloc(1)), /committed or aborted already/);
      const other = rig.queue.open();
      await other.write(Buffer.alloc(size));
      const outcome = await other.commit(messageTo([]));
      assert.ok(!outcome.ok && outcome.failure.code === 'QUEUE_MESSAGE_REFUSED');
    }
    assert.deepEqual(await rowCounts(rig.store), EMPTY);
    await rig.close();
  });

  it('held jobs are not due, and stay held when their attempt ends', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    await accept(queue, messageTo(['bob@there.test']));
    const [job] = await takeDue(queue, clock.now());
    await store.db.updateTable('queue_job').set({ state: 'held' }).execute();
    await queue.settle(job!, settlement(job!, 'waiting', { at: clock.now() }));
    assert.deepEqual(await takeDue(queue, clock.now() + MINUTE), []);
    assert.equal((await queue.numbers()).held, 1);
    await rig.close();
  });

  it('a job whose recipients were taken out meanwhile leaves the queue when it is taken', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    await accept(queue, messageTo(['bob@there.test']));
    await store.db.updateTable('queue_recipient').set({ state: 'dropped' }).execute();
    assert.deepEqual(await takeDue(queue, clock.now()), []);
    assert.deepEqual(await rowCounts(store), EMPTY);
    await rig.close();
  });

  it('SMTP-6.1-1: a process that was killed and starts again goes on at once', async () => {
    const url = `sqlite:${join(folder, 'killed.sqlite')}`;
    const dead = await queueRig({ url, owner: 'dead', processes: fakeProcesses('h', () => false) });
    await accept(dead.queue, messageTo(['bob@there.test']));
    assert.equal((await takeDue(dead.queue, dead.clock.now())).length, 1);
    const upload = dead.queue.open();
    await upload.write(Buffer.alloc(PART_OCTETS * 2));
    // Killed: nothing is given back.
    await dead.store.close();
    const store = await openStore(url);
    const rig = await queueRig({ store, processes: fakeProcesses('h', () => true) });
    assert.deepEqual(rig.codes, ['QUEUE_NODE_DEAD']);
    const [job] = await takeDue(rig.queue, rig.clock.now());
    assert.equal(await textOf(job!), 'Subject: hello\r\n\r\nwords\r\n');
    await rig.queue.settle(job!, settlement(job!, 'delivered', { at: rig.clock.now() }));
    assert.deepEqual(await rowCounts(store), EMPTY);
    await rig.close();
    assert.deepEqual(await store.db.selectFrom('queue_node').selectAll().execute(), []);
    await store.close();
  });

  it('a queue that is closed gives back what it had taken, and takes no more', async () => {
    const rig = await queueRig();
    const { queue, clock, store } = rig;
    const id = await accept(queue, messageTo(['bob@there.test']));
    const [job] = await takeDue(queue, clock.now());
    const sink = queue.open();
    await queue.close();
    const outcome = await sink.commit(messageTo(['bob@there.test']));
    assert.ok(!outcome.ok && outcome.failure.code === 'QUEUE_CLOSED');
    assert.deepEqual(await queue.take([job!]), []);
    assert.equal(await queue.settle(job!, settlement(job!, 'delivered', { at: 1 })), false);
    const rows = await store.db.selectFrom('queue_job').selectAll().execute();
    assert.deepEqual(
      rows.map((row) => [row.message_id, row.taken_by]),
      [[id, null]],
    );
    assert.equal(clock.waiting, 0);
    await store.close();
  });
});
