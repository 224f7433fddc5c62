import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FakeClock } from '../../clock.fixture.ts';
import { createMessageIds, isMessageId, timeOfMessageId } from './message-id.ts';

describe('message ids', () => {
  it('fourteen characters that nobody mistakes for others', () => {
    const id = createMessageIds(new FakeClock(), 7)();
    assert.equal(id, '36vpvam0000700');
    assert.ok(isMessageId(id));
    for (const wrong of [
      '',
      id.toUpperCase(),
      `${id}0`,
      id.slice(1),
      `${id.slice(1)}l`,
      `${id}\n`,
    ]) {
      assert.equal(isMessageId(wrong), false, wrong);
    }
  });

  it('tell when they were made', () => {
    const clock = new FakeClock();
    const time = timeOfMessageId(createMessageIds(clock)());
    assert.ok(time !== undefined && clock.now() - time >= 0 && clock.now() - time < 16);
    assert.equal(timeOfMessageId('m1'), undefined);
  });

  it('fuzz: they rise and differ, whatever the clock does and however many are made', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -100, max: 100 }), fc.nat(1_500)), { maxLength: 8 }),
        (steps) => {
          const clock = new FakeClock();
          const next = createMessageIds(clock);
          let last = '';
          for (const [jump, count] of steps) {
            clock.jumpTo(clock.now() + jump);
            for (let made = 0; made < count; made += 1) {
              const id = next();
              assert.ok(id > last && isMessageId(id));
              last = id;
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('two processes make different ids at the same time', () => {
    const clock = new FakeClock();
    const [one, other] = [createMessageIds(clock, 1), createMessageIds(clock, 2)];
    const ids = Array.from({ length: 3_000 }, () => [one(), other()]).flat();
    assert.equal(new Set(ids).size, ids.length);
  });
});
