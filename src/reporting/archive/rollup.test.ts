import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY_MS, detail, MONDAY, policyResult } from './archive.fixture.ts';
import { monthOf } from '../day.ts';
import { countingDay, kindsOf, sessionsByType, sessionsOf } from './rollup.ts';

const HOUR = 3_600_000;
const dayText = (start: number, end: number): string =>
  new Date(countingDay({ start, end }) * DAY_MS).toISOString().slice(0, 10);

describe('the day of a report', () => {
  it('is that of its range, to the second or to the next midnight', () => {
    assert.equal(dayText(MONDAY, MONDAY + DAY_MS), '2026-03-02');
    assert.equal(dayText(MONDAY, MONDAY + DAY_MS - 1_000), '2026-03-02');
  });

  it('is the one meant by a clock that is off, or by a day of another zone', () => {
    assert.equal(dayText(MONDAY - 1_000, MONDAY + DAY_MS - 2_000), '2026-03-02');
    assert.equal(dayText(MONDAY - 2 * HOUR, MONDAY + DAY_MS - 2 * HOUR), '2026-03-02');
    assert.equal(dayText(MONDAY + 5 * HOUR, MONDAY + DAY_MS + 5 * HOUR), '2026-03-02');
  });

  it('is one day for a range of an hour or a week: nothing is spread', () => {
    assert.equal(dayText(MONDAY + 23 * HOUR, MONDAY + DAY_MS), '2026-03-02');
    assert.equal(dayText(MONDAY, MONDAY + 7 * DAY_MS), '2026-03-02');
  });

  it('has a month', () => {
    assert.equal(monthOf(countingDay({ start: MONDAY, end: MONDAY + DAY_MS })), 202_603);
    assert.equal(monthOf(Math.floor(Date.UTC(2026, 11, 31) / DAY_MS)), 202_612);
  });
});

describe('sessions of a report', () => {
  it('P8: sessions that stand under two policies are counted once', () => {
    const both = [policyResult([4, 0]), policyResult([4, 0], { type: 'tlsa' })];
    assert.deepEqual(sessionsOf(both), { successes: 4, failures: 0 });
    assert.deepEqual(
      [...sessionsByType(both)],
      [
        ['sts', { successes: 4, failures: 0 }],
        ['tlsa', { successes: 4, failures: 0 }],
      ],
    );
  });

  it('a session that failed one of two policies has failed', () => {
    const both = [policyResult([3, 1]), policyResult([4, 0], { type: 'tlsa' })];
    assert.deepEqual(sessionsOf(both), { successes: 3, failures: 1 });
  });

  it('sessions without a policy are others, and are added', () => {
    const all = [policyResult([4, 1]), policyResult([2, 1], { type: 'no-policy-found' })];
    assert.deepEqual(sessionsOf(all), { successes: 6, failures: 2 });
  });

  it('P12: successes and failures of the same policy in two entries are one policy', () => {
    assert.deepEqual(sessionsOf([policyResult([12, 0]), policyResult([0, 2])]), {
      successes: 12,
      failures: 2,
    });
  });

  it('numbers that nobody can have are cut, so that sums stay whole numbers', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const { successes, failures } = sessionsOf([
      policyResult([most, most]),
      policyResult([most, 0]),
    ]);
    assert.ok(successes <= 1e9 && failures <= 1e9);
  });
});

describe('kinds of failure', () => {
  it('are told apart by type, host and reason, and not by address', () => {
    const details = [
      detail(2, { receivingIp: '192.0.2.1' }),
      detail(3, { receivingIp: '192.0.2.2' }),
      detail(1, { resultType: 'unknown', rawResultType: 'Testing' }),
    ];
    const kinds = kindsOf([policyResult([0, 6], { details })]);
    assert.deepEqual(
      kinds.map(({ resultType, rawType, sessions }) => `${resultType}:${rawType} ${sessions}`),
      ['certificate-expired: 5', 'unknown:Testing 1'],
    );
  });

  it('Q8: the same kind under two policies is counted once, as sessions are', () => {
    const details = [detail(2)];
    const both = [
      policyResult([0, 2], { details }),
      policyResult([0, 2], { type: 'tlsa', details }),
    ];
    assert.deepEqual(
      kindsOf(both).map(({ sessions }) => sessions),
      [2],
    );
  });

  it('of thousands the most frequent are kept and the rest is counted without host and reason', () => {
    const details = Array.from({ length: 3_000 }, (_, index) =>
      detail(index < 5 ? 100 : 1, { reasonCode: `reason ${index}` }),
    );
    const kinds = kindsOf([policyResult([0, 3_495], { details })]);
    assert.ok(kinds.length <= 101, `${kinds.length}`);
    assert.equal(
      kinds.reduce((sum, { sessions }) => sum + sessions, 0),
      3_495,
    );
    assert.ok(kinds.some(({ reason, sessions }) => reason === 'reason 4' && sessions === 100));
  });

  it('texts are cut to what a key holds, without what a database refuses', () => {
    const details = [detail(1, { reasonCode: `\0\ud800${'x'.repeat(5_000)}` })];
    const [kind] = kindsOf([policyResult([0, 1], { details })]);
    assert.equal(kind!.reason.length, 120);
    assert.ok(!kind!.reason.includes('\0') && kind!.reason.isWellFormed());
  });
});
