import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Held } from './life-cycle-types.ts';
import { DAY, held, HOUR, NO_FETCH, NO_RECORD, T0 } from './life-cycle.fixture.ts';
import type { CacheEntry } from './memory-cache.ts';
import { survey } from './survey.ts';
import type { StsSurvey } from './types.ts';

const WEEK_S = 604_800;

function entry(state: Held, lastUsedAt = T0): [string, CacheEntry] {
  return ['d.test', { state, lastUsedAt, storedUseAt: lastUsedAt }];
}

async function surveyOf(
  entries: readonly [string, CacheEntry][],
  onPause: () => void = () => undefined,
): Promise<StsSurvey> {
  return await survey({
    entries,
    now: T0,
    unusedAfterMs: 30 * DAY,
    pause: async () => {
      onPause();
      await Promise.resolve();
    },
  });
}

describe('the survey of the policy cache', () => {
  it('ages count up to each bound; what is unused or run out is left out', async () => {
    const found = await surveyOf([
      entry(held('enforce', WEEK_S, T0 - HOUR)),
      entry(held('testing', WEEK_S, T0 - 30 * HOUR)),
      entry(held('none', 60 * 86_400, T0 - 50 * DAY)),
      entry(held('enforce', WEEK_S, T0 - 8 * DAY)),
      entry(held('enforce', 90 * 86_400, T0 - 60 * DAY), T0 - 31 * DAY),
    ]);
    assert.deepEqual(
      found.ages.map(({ count }) => count),
      [1, 2, 2, 2, 3],
    );
    assert.equal(found.oldestAgeMs, 50 * DAY);
  });

  it('failing refreshes, vanished records, and those that are about to be lost', async () => {
    const failing = { failures: 3, fetchFailure: NO_FETCH };
    const vanished = { recordFailure: NO_RECORD };
    const found = await surveyOf([
      entry({ ...held('enforce', WEEK_S, T0 - DAY), ...failing }),
      entry({ ...held('enforce', WEEK_S, T0 - 6.5 * DAY), ...failing }),
      entry({ ...held('testing', WEEK_S, T0 - DAY), ...vanished }),
      entry({ ...held('none', WEEK_S, T0 - DAY), ...vanished }),
      entry(held('enforce', 3_600, T0 - HOUR / 2)),
    ]);
    const { refreshFailing, expiringSoon, recordMissing } = found;
    assert.deepEqual([refreshFailing, expiringSoon, recordMissing], [2, 1, 1]);
  });

  it('I10: a large cache is walked in steps', async () => {
    let pauses = 0;
    const many = Array.from({ length: 10_000 }, () => entry(held('enforce', WEEK_S, T0)));
    await surveyOf(many, () => (pauses += 1));
    assert.equal(pauses, 5);
  });
});
