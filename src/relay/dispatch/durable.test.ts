import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { FakeClock, settle } from '../../clock.fixture.ts';
import { NOW } from '../../tls-policy/evidence.fixture.ts';
import { greylisted, type FakeServer } from '../../tls-policy/network.fixture.ts';
import { notificationsFor } from '../bounce/notices.ts';
import { GOOD } from '../deliver.fixture.ts';
import { accept, messageTo, queueRig, type QueueRig } from '../queue/queue.fixture.ts';
import { bench, type Bench, type BenchOptions } from './dispatcher.fixture.ts';

const FROM = { envelope: { from: 'alice@example.test' } };

async function rig(
  t: TestContext,
  options: BenchOptions = {},
): Promise<{ readonly durable: QueueRig; readonly it: Bench }> {
  const clock = new FakeClock(NOW);
  const durable = await queueRig({ clock });
  const it = bench({
    clock,
    ...options,
    more: { queue: durable.queue, notify: notificationsFor, ...options.more },
  });
  it.dispatcher.start();
  t.after(async () => {
    await it.stop();
    await durable.close();
  });
  return { durable, it };
}

/** Group commits and deliveries take a few turns. */
async function untilIdle({ clock, dispatcher }: Bench): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await settle();
  await clock.advance(0);
  assert.equal(dispatcher.stats().taken, 0);
}

describe('dispatcher over the durable queue', () => {
  it('fresh messages are delivered without a look for them, and leave nothing behind', async (t) => {
    const { durable, it } = await rig(t);
    await settle();
    await Promise.all(
      ['a@example.test', 'b@example.test', 'c@other.test'].map(
        async (to) => await accept(durable.queue, messageTo([to], FROM)),
      ),
    );
    await untilIdle(it);
    assert.equal(it.network.only('mail').length, 3);
    assert.equal((await durable.queue.numbers()).messages, 0);
  });

  it('those of before the start are found; what is deferred comes again', async (t) => {
    let answer: FakeServer['answer'] = greylisted;
    const { durable, it } = await rig(t, {
      servers: { '2001:db8::1': { ...GOOD, answer: (recipient) => answer?.(recipient) as never } },
    });
    await accept(durable.queue, messageTo(['a@example.test', 'b@example.test'], FROM));
    await untilIdle(it);
    const { messages, waiting } = await durable.queue.numbers();
    assert.deepEqual([messages, waiting], [1, 1]);
    answer = undefined;
    await it.clock.advance(60_000);
    await untilIdle(it);
    assert.equal((await durable.queue.numbers()).messages, 0);
    assert.equal(it.network.only('mail').length, 2);
  });

  it('a short wait is kept although nothing was due when it was last looked', async (t) => {
    let answer: FakeServer['answer'] = greylisted;
    const { durable, it } = await rig(t, {
      servers: { '2001:db8::1': { ...GOOD, answer: (recipient) => answer?.(recipient) as never } },
      relay: { retryWaitsMs: [2_000] },
    });
    await settle();
    await accept(durable.queue, messageTo(['a@example.test'], FROM));
    await untilIdle(it);
    answer = undefined;
    for (let second = 0; second < 8; second += 1) await it.clock.advance(1_000);
    await untilIdle(it);
    assert.equal((await durable.queue.numbers()).messages, 0);
  });

  it('SMTP-4.5.4.1-1: one that fails is returned: its notification is queued and delivered', async (t) => {
    const { durable, it } = await rig(t);
    await accept(durable.queue, messageTo(['a@null.test'], FROM));
    await untilIdle(it);
    assert.deepEqual(it.network.only('mail'), ['mail 2001:db8::1 tls alice@example.test']);
    assert.equal((await durable.queue.numbers()).messages, 0);
  });

  it('more than there is room for: the rest waits in the database and follows', async (t) => {
    const { durable, it } = await rig(t, { relay: { concurrency: 2, concurrencyPerHop: 2 } });
    await Promise.all(
      Array.from(
        { length: 60 },
        async (_, index) =>
          await accept(durable.queue, messageTo([`r${index}@example.test`], FROM)),
      ),
    );
    for (let round = 0; round < 5; round += 1) await it.clock.advance(1_000);
    await untilIdle(it);
    assert.equal(it.network.only('mail').length, 60);
    assert.equal((await durable.queue.numbers()).messages, 0);
  });
});
