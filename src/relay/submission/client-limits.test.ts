import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientLimits, FORGIVEN_AFTER_MS, MAX_WRONG_PASSWORDS } from './client-limits.ts';

const LIMITS = { maxConnections: 3, maxConnectionsPerClient: 2, maxMessagesPerMinute: 60 };

describe('limits of clients', () => {
  it('count connections, all and each', () => {
    const limits = new ClientLimits();
    assert.equal(limits.enter('a', LIMITS, 0), 'served');
    assert.equal(limits.enter('a', LIMITS, 0), 'served');
    assert.equal(limits.enter('a', LIMITS, 0), 'client-full');
    assert.equal(limits.enter('b', LIMITS, 0), 'served');
    assert.equal(limits.enter('c', LIMITS, 0), 'full');
    limits.leave('a', 0);
    assert.equal(limits.enter('c', LIMITS, 0), 'served');
    assert.equal(limits.connections, 3);
  });

  it('refill messages with time, up to a minute of them', () => {
    const limits = new ClientLimits();
    const take = (now: number): boolean => limits.takeMessage('a', LIMITS, now);
    for (let count = 0; count < 60; count += 1) assert.ok(take(0));
    assert.ok(!take(0));
    assert.ok(!take(999));
    assert.ok(take(1_000));
    assert.ok(!take(1_000));
    assert.ok(!take(0), 'a clock that is set back gives nothing');
    let taken = 0;
    while (take(10_000_000)) taken += 1;
    assert.equal(taken, 60);
    assert.ok(limits.takeMessage('a', { ...LIMITS, maxMessagesPerMinute: 0 }, 10_000_000));
  });

  it('make each wrong password dearer, and forgive one a minute', () => {
    const limits = new ClientLimits();
    assert.deepEqual(
      [0, 0, 0, 0, 0, 0].map((now) => limits.wrongPassword('a', now)),
      [500, 1_000, 2_000, 4_000, 8_000, 8_000],
    );
    for (let more = 6; more < MAX_WRONG_PASSWORDS; more += 1) {
      assert.ok(limits.mayTryPassword('a', 0));
      limits.wrongPassword('a', 0);
    }
    assert.ok(!limits.mayTryPassword('a', FORGIVEN_AFTER_MS - 1));
    assert.ok(limits.mayTryPassword('b', 0));
    assert.ok(limits.mayTryPassword('a', FORGIVEN_AFTER_MS));
  });

  it('let no more passwords be tried at once than may be wrong; the next waits for how one ends', async () => {
    const limits = new ClientLimits();
    const now = (): number => 0;
    const tries = Array.from({ length: 95 }, async () => await limits.takeTry('a', now));
    const firsts = await Promise.all(tries.slice(0, MAX_WRONG_PASSWORDS));
    assert.ok(firsts.every(Boolean));
    let later = 0;
    for (const next of tries.slice(MAX_WRONG_PASSWORDS)) {
      void next.then((isTaken) => {
        later += isTaken ? 1 : 100;
      });
    }
    limits.endTry('a', 0);
    await new Promise(setImmediate);
    assert.equal(later, 1, 'one was right: one more is tried');
    for (let wrong = 0; wrong < MAX_WRONG_PASSWORDS; wrong += 1) {
      limits.wrongPassword('a', 0);
      limits.endTry('a', 0);
    }
    assert.deepEqual(
      await Promise.all(tries.slice(MAX_WRONG_PASSWORDS + 1)),
      Array(84).fill(false),
    );
    assert.equal(await limits.takeTry('b', now), true);
  });

  it('forget nobody whose password is being checked', async () => {
    const limits = new ClientLimits();
    limits.enter('a', LIMITS, 0);
    assert.ok(await limits.takeTry('a', () => 0));
    limits.leave('a', 0);
    assert.equal(limits.size, 1);
    limits.endTry('a', 0);
    assert.equal(limits.size, 0);
  });

  it('remember a bounded number of clients, and forget those that owe nothing', () => {
    const limits = new ClientLimits();
    const many = { ...LIMITS, maxConnections: 1_000_000 };
    for (let client = 0; client < 1_000; client += 1) {
      limits.enter(`c${client}`, many, 0);
      limits.leave(`c${client}`, 0);
    }
    assert.equal(limits.size, 0);
    limits.enter('stays', many, 0);
    for (let client = 0; client < 50_000; client += 1) limits.wrongPassword(`w${client}`, 0);
    assert.ok(limits.size <= 20_001);
    limits.leave('stays', 0);
    assert.equal(limits.connections, 0);
  });
});
