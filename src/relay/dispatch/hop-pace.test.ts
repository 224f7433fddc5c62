import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createHopPace, type HopPace, type HopSign, type PaceSettings } from './hop-pace.ts';

const SETTINGS: PaceSettings = {
  most: 4,
  perMinute: 0,
  firstBackoffMs: 30_000,
  longestBackoffMs: 300_000,
};

/** How many may run at once now. */
function limit(pace: HopPace, now: number): number {
  let running = 0;
  while (pace.mayStart(running, now)) running += 1;
  return running;
}

describe('the pace of a hop', () => {
  it('full at first, one after a failure, one more for each answer', () => {
    const pace = createHopPace(SETTINGS);
    assert.equal(limit(pace, 0), 4);
    pace.ended('failed', 0);
    assert.equal(limit(pace, 29_999), 0);
    const seen = [limit(pace, 30_000)];
    for (let answer = 0; answer < 4; answer += 1) {
      pace.ended('answered', 30_000);
      seen.push(limit(pace, 30_000));
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 4]);
  });

  it('left alone for longer each time, and not without end', () => {
    const pace = createHopPace(SETTINGS);
    const waits: number[] = [];
    let now = 0;
    for (let failure = 0; failure < 6; failure += 1) {
      pace.ended('failed', now);
      waits.push(pace.nextChangeAt(now)! - now);
      now = pace.nextChangeAt(now)!;
    }
    assert.deepEqual(waits, [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  it('those that began together fail together: that is one failure', () => {
    const pace = createHopPace(SETTINGS);
    for (let failure = 0; failure < 4; failure += 1) pace.ended('failed', failure);
    assert.equal(pace.nextChangeAt(10), 30_000);
  });

  it('a clock that goes back does not prolong it', () => {
    const pace = createHopPace(SETTINGS);
    pace.ended('failed', 1_000_000);
    assert.equal(pace.isBackingOff(0), false);
  });

  it('so many a minute, a second of them at once', () => {
    const pace = createHopPace({ ...SETTINGS, perMinute: 120 });
    let sent = 0;
    for (let now = 0; now < 60_000; now += 50) {
      while (pace.mayStart(0, now)) {
        pace.started(now);
        sent += 1;
      }
    }
    assert.ok(sent >= 120 && sent <= 122, `${sent}`);
  });

  it('other settings count at once', () => {
    const pace = createHopPace(SETTINGS);
    pace.configure({ ...SETTINGS, most: 9 });
    assert.equal(limit(pace, 0), 9);
    pace.ended('failed', 0);
    pace.configure({ ...SETTINGS, most: 2 });
    assert.equal(limit(pace, 30_000), 1);
    pace.forgive();
    assert.equal(limit(pace, 0), 1);
  });

  it('fuzz: never more than the settings say, and always something in the end', () => {
    const sign = fc.constantFrom<HopSign>('answered', 'failed', 'none');
    fc.assert(
      fc.property(fc.array(fc.tuple(sign, fc.nat(400_000))), (steps) => {
        const pace = createHopPace(SETTINGS);
        let now = 0;
        for (const [ended, later] of steps) {
          pace.ended(ended, now);
          now += later;
          assert.ok(limit(pace, now) <= SETTINGS.most);
          assert.ok(limit(pace, now + SETTINGS.longestBackoffMs) >= 1);
        }
      }),
      { numRuns: 200 },
    );
  });
});
