import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { FakeClock, settle } from '../../clock.fixture.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { NOW } from '../../tls-policy/evidence.fixture.ts';
import {
  accept,
  fakeProcesses,
  messageTo,
  queueRig,
  takeDue,
  type QueueRig,
} from '../queue/queue.fixture.ts';
import { bench, type Bench } from './dispatcher.fixture.ts';

const FROM = { envelope: { from: 'alice@example.test' } };
const SECOND = 1_000;
/** One at a time: the others wait in memory. */
const ONE = { concurrencyPerHop: 1 };

interface Nodes {
  readonly store: Store;
  /** Delivers, and is stopped for a while. */
  readonly here: QueueRig;
  readonly it: Bench;
  readonly other: QueueRig;
}

async function twoNodes(t: TestContext): Promise<Nodes> {
  const store = await openStore('sqlite::memory:');
  const here = await queueRig({
    store,
    owner: 'here',
    clock: new FakeClock(NOW),
    processes: fakeProcesses('a', () => false),
  });
  const other = await queueRig({
    store,
    owner: 'other',
    clock: new FakeClock(NOW),
    processes: fakeProcesses('b', () => false),
  });
  const it = bench({ clock: here.clock, hang: true, relay: ONE, more: { queue: here.queue } });
  it.dispatcher.start();
  await settle();
  t.after(async () => {
    await it.stop();
    await here.close();
    await other.close();
    await store.close();
  });
  return { store, here, it, other };
}

async function acceptMany(queue: QueueRig['queue'], count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    await accept(queue, messageTo([`r${n}@example.test`], FROM));
  }
}

/** Group commits, questions and deliveries take a few turns. */
async function turns({ clock }: Bench): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await settle();
  await clock.advance(0);
}

const sent = (it: Bench): number => it.network.only('mail').length;

describe('a node that stood still', () => {
  it('delivers nothing that another node took over, but for what was under way', async (t) => {
    const { it, here, other } = await twoNodes(t);
    await acceptMany(here.queue, 10);
    await turns(it);
    assert.deepEqual([it.hanging(), it.dispatcher.stats().taken], [1, 10]);
    await other.clock.advance(40 * SECOND);
    const taken = await takeDue(other.queue, other.clock.now());
    assert.equal(taken.length, 10);
    // Its clock goes on at once by as much; its timers come afterwards.
    it.clock.setTo(NOW + 75 * SECOND);
    await it.letGo(1);
    await turns(it);
    for (let second = 0; second < 10; second += 1) {
      await it.clock.advance(SECOND);
      await it.letGo();
    }
    assert.equal(sent(it), 1);
    assert.equal(it.dispatcher.stats().taken, 0);
    assert.equal(it.logged('not-written').length, 1);
    assert.deepEqual(
      it.logged('jobs-lost').map(({ jobs }) => jobs),
      [9],
    );
  });

  it('goes on with what nobody took over, and with what it gets back', async (t) => {
    const { it, here, other } = await twoNodes(t);
    await acceptMany(here.queue, 6);
    await turns(it);
    await other.clock.advance(40 * SECOND);
    // All are given back, two are taken.
    const due = await other.queue.due({ now: other.clock.now(), limit: 10 });
    assert.equal((await other.queue.take(due.slice(-2))).length, 2);
    it.clock.setTo(NOW + 75 * SECOND);
    for (let second = 0; second < 70; second += 1) {
      await it.letGo();
      await it.clock.advance(SECOND);
      await other.clock.advance(SECOND);
    }
    // The one that was under way is not ours any more, and comes again.
    assert.equal(sent(it), 5);
    assert.equal(it.dispatcher.stats().taken, 0);
    assert.equal((await here.queue.numbers()).messages, 2);
  });

  it('by a clock that stood still too: the missing heartbeat shows it', async (t) => {
    const { it, here, other } = await twoNodes(t);
    await acceptMany(here.queue, 5);
    await turns(it);
    await other.clock.advance(40 * SECOND);
    assert.equal((await takeDue(other.queue, other.clock.now())).length, 5);
    await it.clock.advance(5 * SECOND);
    for (let second = 0; second < 10; second += 1) {
      await it.letGo();
      await it.clock.advance(SECOND);
    }
    assert.equal(sent(it), 1);
    assert.equal(it.dispatcher.stats().taken, 0);
  });

  it('asks nothing while its heartbeats are in time', async (t) => {
    const { it, here } = await twoNodes(t);
    const asked: unknown[] = [];
    const before = { ...here.queue };
    here.queue.stillOurs = async (keys) => {
      asked.push(keys);
      return await before.stillOurs(keys);
    };
    await acceptMany(here.queue, 20);
    for (let second = 0; second < 60; second += 1) {
      await it.letGo();
      await it.clock.advance(SECOND);
    }
    assert.deepEqual([sent(it), asked.length], [20, 0]);
  });

  it('a message that was promised before the stop is not delivered after it unasked', async (t) => {
    const { it, here, other, store } = await twoNodes(t);
    const sink = here.queue.open();
    await sink.write(Buffer.from('Subject: x\r\n\r\nx\r\n'));
    const committed = sink.commit(messageTo(['r@example.test'], FROM));
    it.clock.setTo(NOW + 75 * SECOND);
    await committed;
    await store.db.updateTable('queue_job').set({ taken_by: 'other' }).execute();
    await turns(it);
    await it.letGo();
    assert.equal(sent(it), 0);
    assert.equal(it.dispatcher.stats().taken, 0);
    assert.equal((await other.queue.numbers()).messages, 1);
  });
});

describe('jobs in doubt', () => {
  it('wait until somebody answers, and other mail of the hop behind them', async () => {
    const it = bench({ relay: ONE });
    it.queue.add({ id: 'a', destination: 'example.test' });
    it.queue.doubted.add('a example.test');
    const before = { ...it.queue };
    it.queue.stillOurs = async () => await Promise.reject(new Error('gone'));
    it.dispatcher.start();
    await it.clock.advance(30 * SECOND);
    assert.equal(it.network.only('mail').length, 0);
    it.queue.stillOurs = async (keys) => await before.stillOurs(keys);
    await it.clock.advance(SECOND);
    assert.equal(it.queue.settled.length, 1);
    await it.stop();
  });

  it('are given back where the service stops before that', async () => {
    const it = bench({ relay: ONE });
    it.queue.add({ id: 'a', destination: 'example.test' });
    it.queue.doubted.add('a example.test');
    it.queue.stillOurs = async () => await Promise.reject(new Error('gone'));
    it.dispatcher.start();
    await it.clock.advance(SECOND);
    await it.stop();
    assert.equal(it.queue.rows.get('a example.test')?.takenBy, undefined);
    assert.equal(it.dispatcher.stats().taken, 0);
    assert.equal(it.clock.waiting, 0);
  });
});
