import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../../clock.fixture.ts';
import { clientKey, LOCAL_CLIENT } from './client-key.ts';
import { createBudget, createGate } from './gate.ts';
import { createRateLimit } from './rate-limit.ts';

describe('createRateLimit', () => {
  it('S11, RPT-7-3: each client has its own share, which comes back steadily', async () => {
    const clock = new FakeClock();
    const rate = createRateLimit({ clock, perMinute: () => 2 });
    assert.deepEqual([rate.take('a'), rate.take('a'), rate.take('a')], [0, 0, 30_000]);
    assert.equal(rate.take('b'), 0);
    await clock.advance(29_999);
    assert.equal(rate.take('a'), 1);
    await clock.advance(1);
    assert.deepEqual([rate.take('a'), rate.take('a')], [0, 30_000]);
  });

  it('S11, RPT-7-3: all together have a limit too, and being refused costs nothing', () => {
    const rate = createRateLimit({ clock: new FakeClock(), perMinute: () => 1 });
    const waits = Array.from({ length: 30 }, (_, index) => rate.take(`client ${index}`));
    assert.equal(waits.filter((wait) => wait === 0).length, 20);
    assert.equal(waits.at(-1), 3_000);
  });

  it('a clock that is set back gives nothing away, and none is locked out for good', async () => {
    const clock = new FakeClock();
    const rate = createRateLimit({ clock, perMinute: () => 1 });
    rate.take('a');
    clock.jumpTo(clock.now() - 3_600_000);
    assert.equal(rate.take('a'), 60_000);
    await clock.advance(60_000);
    assert.equal(rate.take('a'), 0);
  });

  it('follows the settings, and remembers a bounded number of clients', () => {
    const settings = { perMinute: 1 };
    const rate = createRateLimit({ clock: new FakeClock(), perMinute: () => settings.perMinute });
    for (let index = 0; index < 10_100; index += 1) rate.take(`client ${index}`);
    assert.equal(rate.size, 10_000);
    settings.perMinute = 1_000;
    assert.ok(rate.take('new') > 0, 'all together have used theirs up');
  });
});

describe('clientKey', () => {
  it('an IPv4 address is one client, an IPv6 /64 another', () => {
    assert.equal(clientKey('192.0.2.1'), '192.0.2.1');
    assert.equal(clientKey('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(clientKey('2001:db8::1'), clientKey('2001:db8:0:0:ffff::2'));
    assert.notEqual(clientKey('2001:db8::1'), clientKey('2001:db8:0:1::1'));
    assert.equal(clientKey(undefined), LOCAL_CLIENT);
  });
});

describe('createGate', () => {
  it('lets few in at once, in order, and gives the place back after a fault', async () => {
    const gate = createGate(2);
    const order: number[] = [];
    const doors = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const runs = doors.map(async ({ promise }, index) => {
      await gate
        .run(async () => {
          order.push(index);
          await promise;
          if (index === 0) throw new Error('boom');
        })
        .catch(() => undefined);
    });
    await settle();
    assert.deepEqual(order, [0, 1]);
    doors[0]!.resolve();
    await settle();
    assert.deepEqual(order, [0, 1, 2]);
    for (const { resolve } of doors) resolve();
    await Promise.all(runs);
    assert.deepEqual(order, [0, 1, 2, 3]);
  });
});

describe('createBudget', () => {
  it('one alone always finds room', () => {
    const budget = createBudget(10);
    assert.ok(budget.take(20));
    assert.ok(!budget.take(1));
    budget.give(20);
    assert.ok(budget.take(5));
    assert.ok(budget.take(5));
    assert.ok(!budget.take(1));
    assert.equal(budget.held, 10);
  });
});
