import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { QueueError } from '../queue/queue-error.ts';
import { bench, type Bench } from './dispatcher.fixture.ts';

const SECOND = 1_000;

/** Another program holds the database until `free`: it can be read, and takes nothing. */
function heldDatabase(): { readonly it: Bench; readonly free: () => void } {
  const it = bench({ relay: { concurrencyPerHop: 2 } });
  const before = { ...it.queue };
  let isHeld = true;
  const check = (): void => {
    if (isHeld) throw new QueueError({ code: 'QUEUE_BUSY', detail: 'database is locked' });
  };
  it.queue.settle = async (job, settlement) => {
    check();
    return await before.settle(job, settlement);
  };
  it.queue.giveBack = async (keys) => {
    check();
    await before.giveBack(keys);
  };
  return {
    it,
    free: () => {
      isHeld = false;
    },
  };
}

describe('a database that another program holds', () => {
  it('for a moment: new deliveries begin meanwhile, and all is written afterwards', async () => {
    const { it, free } = heldDatabase();
    it.queue.add({ id: 'a', destination: 'example.test' });
    it.dispatcher.start();
    await it.clock.advance(SECOND);
    it.queue.add({ id: 'b', destination: 'other.test' });
    it.dispatcher.wake();
    await it.clock.advance(0);
    assert.equal(it.network.only('mail').length, 2);
    free();
    await it.clock.advance(SECOND);
    assert.equal(it.queue.settled.length, 2);
    assert.equal(it.logged('queue-database').length, 0);
    assert.ok(it.logged('queue-write-failed').every(({ database }) => database === 'busy'));
    await it.stop();
  });

  it('without end: it counts as gone, and nothing new begins', async () => {
    const { it, free } = heldDatabase();
    it.queue.add({ id: 'a', destination: 'example.test' });
    it.dispatcher.start();
    await it.clock.advance(30 * SECOND);
    assert.deepEqual(
      it.logged('queue-database').map(({ state }) => state),
      ['down'],
    );
    it.queue.add({ id: 'b', destination: 'other.test' });
    it.dispatcher.wake();
    await it.clock.advance(SECOND);
    assert.equal(it.network.only('mail').length, 1);
    free();
    await it.clock.advance(60 * SECOND);
    assert.equal(it.queue.settled.length, 2);
    // A refusal for that is none: the settlement is the one that was made.
    assert.ok(it.queue.settled.every(({ settlement }) => settlement.retryAt === undefined));
    await it.stop();
  });
});
