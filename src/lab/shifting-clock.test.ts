import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createShiftingClock } from './shifting-clock.ts';

describe('shifting clock', () => {
  it('runs in order what falls due when it is put forward, and keeps the rest', () => {
    const clock = createShiftingClock();
    const ran: string[] = [];
    clock.after(2000, () => ran.push('two seconds'));
    clock.after(1000, () => ran.push('one second'));
    clock.after(60_000, () => ran.push('a minute'));
    clock.after(1500, () => ran.push('never')).cancel();
    const before = clock.now();
    clock.skip(30_000);
    assert.deepEqual(ran, ['one second', 'two seconds']);
    assert.ok(clock.now() >= before + 30_000);
    clock.skip(30_000);
    assert.deepEqual(ran, ['one second', 'two seconds', 'a minute']);
    clock.stop();
  });

  it('passes faster than real time', async () => {
    const clock = createShiftingClock(10_000);
    await clock.sleep(60_000);
    clock.stop();
  });

  it('stops a sleep by its signal', async () => {
    const clock = createShiftingClock();
    const stop = new AbortController();
    const asleep = clock.sleep(60_000, stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(asleep, /enough/);
    await assert.rejects(clock.sleep(1, stop.signal), /enough/);
  });
});
