import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY, HOUR, MARCH_1, MIDNIGHT } from './sender.fixture.ts';
import { deadlineOf, delayOf, dueAt, nextAttempt, nextLookUp } from './send-time.ts';

const MINUTE = 60_000;
const SPREAD = 4 * HOUR;

describe('when reports leave', () => {
  it('S11, RPT-4.1-2: 1,000 domains leave evenly within the window, none at midnight', () => {
    const delays = Array.from({ length: 1_000 }, (_, index) =>
      delayOf(`d${index}.test`, 'sender.test', SPREAD),
    );
    assert.ok(delays.every((delay) => delay >= 1_000 && delay <= SPREAD));
    const quarters = [0, 0, 0, 0];
    for (const delay of delays) quarters[Math.min(3, Math.floor((delay / SPREAD) * 4))]! += 1;
    assert.ok(
      quarters.every((count) => count > 180 && count < 320),
      quarters.join(' '),
    );
  });

  it('S11: the same domain has the same time each day, another sender another one', () => {
    assert.equal(delayOf('a.test', 's.test', SPREAD), delayOf('a.test', 's.test', SPREAD));
    assert.notEqual(delayOf('a.test', 's.test', SPREAD), delayOf('a.test', 't.test', SPREAD));
  });

  it('a spread of nothing is still not midnight sharp', () => {
    assert.equal(delayOf('a.test', 's.test', 0), 1_000);
    assert.ok(delayOf('a.test', 's.test', 2_000) >= 1_000);
  });

  it('RPT-AGG-6: what is long overdue leaves soon, but not all at once', () => {
    const now = MIDNIGHT + 20 * HOUR;
    const how = { submitter: 's.test', spreadMs: SPREAD, now };
    const times = Array.from({ length: 100 }, (_, index) =>
      dueAt({ day: MARCH_1, domain: `d${index}.test` }, how),
    );
    assert.ok(times.every((at) => at > now && at <= now + 10 * MINUTE));
    assert.ok(new Set(times).size > 90);
  });

  it('RPT-5.5-2: waits double from 5 min to 4 h', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(
      (attempts) => nextAttempt({ attempts, now: 0, deadline: 99 * DAY, random: 0.5 })! / MINUTE,
    );
    assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 240, 240, 240]);
  });

  it('RPT-5.5-1: the last attempt is at the deadline, and after it there is none', () => {
    const facts = { attempts: 9, deadline: 24 * HOUR, random: 0.5 };
    assert.equal(nextAttempt({ ...facts, now: 23 * HOUR }), 24 * HOUR);
    assert.equal(nextAttempt({ ...facts, now: 24 * HOUR }), undefined);
  });

  it('S5: Retry-After is honoured, never for longer than 6 h', () => {
    const facts = { attempts: 1, now: 0, deadline: 24 * HOUR, random: 0.5 };
    assert.equal(nextAttempt({ ...facts, retryAfterMs: HOUR }), HOUR);
    assert.equal(nextAttempt({ ...facts, retryAfterMs: 1 }), 5 * MINUTE);
    assert.equal(nextAttempt({ ...facts, retryAfterMs: 99 * DAY }), 6 * HOUR);
  });

  it('S9: whatever is tried, a report of three days ago is given up', () => {
    const target = { day: MARCH_1, firstAt: MIDNIGHT + 60 * HOUR };
    assert.equal(deadlineOf(target, 24 * HOUR), MIDNIGHT + 72 * HOUR);
    assert.equal(deadlineOf({ ...target, firstAt: MIDNIGHT }, 24 * HOUR), MIDNIGHT + 24 * HOUR);
  });

  it('look-ups without an answer wait longer each time, an hour at most', () => {
    assert.equal(nextLookUp(1, 0), 5 * MINUTE);
    assert.equal(nextLookUp(99, 0), HOUR);
  });
});
