import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from './limits.ts';
import {
  accept,
  messageTo,
  queueRig,
  settlement,
  takeDue,
  type QueueRig,
} from './queue.fixture.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A job whose next attempt is so far off. */
async function waiting(rig: QueueRig, waitMs: number): Promise<void> {
  const { queue, clock } = rig;
  await accept(queue, messageTo(['bob@there.test']));
  const [job] = await takeDue(queue, clock.now());
  const at = clock.now();
  await queue.settle(job!, settlement(job!, 'waiting', { at, retryAt: at + waitMs }));
}

async function dueIn(rig: QueueRig): Promise<number> {
  return (await rig.queue.nextDueAt())! - rig.clock.now();
}

describe('housekeeping: what is due beyond any wait is due now', () => {
  it('a clock that ran a few hours ahead for a moment does not put mail off for days', async () => {
    const limits = { ...DEFAULT_LIMITS, longestWaitMs: 4 * HOUR };
    const rig = await queueRig({ limits: () => limits });
    await waiting(rig, 4 * HOUR + 11 * MINUTE);
    await rig.clock.advance(5 * MINUTE);
    assert.equal(await dueIn(rig), 0);
    assert.deepEqual(rig.codes, ['QUEUE_CLOCK_JUMPED']);
    await rig.close();
  });

  it('the longest wait of the settings is waited for', async () => {
    const limits = { ...DEFAULT_LIMITS, longestWaitMs: 4 * HOUR };
    const rig = await queueRig({ limits: () => limits });
    await waiting(rig, 4 * HOUR);
    await rig.clock.advance(5 * MINUTE);
    assert.equal(await dueIn(rig), 4 * HOUR - 5 * MINUTE);
    assert.deepEqual(rig.codes, []);
    await rig.close();
  });

  it('nothing waits longer than messages live, and settings count as they are now', async () => {
    let limits = { ...DEFAULT_LIMITS, giveUpAfterMs: 5 * DAY };
    const rig = await queueRig({ limits: () => limits });
    await waiting(rig, 3 * DAY);
    await rig.clock.advance(5 * MINUTE);
    assert.equal(await dueIn(rig), 3 * DAY - 5 * MINUTE);
    limits = { ...limits, giveUpAfterMs: DAY };
    await rig.clock.advance(5 * MINUTE);
    assert.equal(await dueIn(rig), 0);
    await rig.close();
  });
});
