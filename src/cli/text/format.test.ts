import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { duration, shown, relativeTime, shorten, timeLeft, timeText } from './format.ts';

describe('texts for people', () => {
  it('durations have one unit', () => {
    assert.deepEqual([12, 1234, 61_000, 3 * 3_600_000, 31_557_600_000].map(duration), [
      '12 ms',
      '1.2 s',
      '1 min',
      '3 h',
      '365 d',
    ]);
  });

  it('what is left is never rounded up', () => {
    assert.deepEqual([6.9 * 86_400_000, 47.9 * 3_600_000, 61_000, -5].map(timeLeft), [
      '6 d 21 h',
      '47 h 54 min',
      '1 min',
      '0 ms',
    ]);
  });

  it('times are UTC, and relative ones say in which direction', () => {
    assert.equal(timeText(Date.UTC(2026, 2, 1, 12, 0, 7)), '2026-03-01 12:00:07 UTC');
    assert.equal(relativeTime(0, 7_200_000), '2 h ago');
    assert.equal(relativeTime(300_000, 0), 'in 5 min');
    assert.equal(relativeTime(1, 2), 'just now');
  });

  it('fuzz: nothing that a stranger wrote keeps a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        assert.doesNotMatch(shown(text), /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  it('long texts are cut with a mark', () => {
    assert.equal(shorten('abcdef', 4), 'abc…');
    assert.equal(shorten('abcd', 4), 'abcd');
  });
});
