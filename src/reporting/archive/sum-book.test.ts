import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RowValues } from '../../store/prepared-rows.ts';
import { DAY_MS, detail, MONDAY, policyResult } from './archive.fixture.ts';
import { FAILURE_COLUMNS, SENDER_COLUMNS } from './columns.ts';
import type { CountedReport } from './rollup.ts';
import { createSumBook } from './sum-book.ts';

/** The values of these columns. */
function valuesIn(
  row: RowValues | undefined,
  all: readonly string[],
  columns: readonly string[],
): readonly unknown[] {
  return columns.map((column) => row?.[all.indexOf(column)]);
}

describe('sum book', () => {
  const counted: CountedReport = {
    day: Math.floor(MONDAY / DAY_MS),
    sender: 'bigmail.test',
    isVerified: true,
    receivedAt: MONDAY,
    policies: [policyResult([1, 2], { details: [detail(2)] })],
  };

  it('what is added and taken away again is nothing', () => {
    const book = createSumBook();
    book.add(counted, 1);
    book.add({ ...counted, receivedAt: MONDAY - 1 }, -1);
    assert.ok(book.hasShrunk());
    const sums = ['reports', 'successes', 'failures'];
    const senders = book.senders().map((row) => valuesIn(row, SENDER_COLUMNS, sums));
    assert.deepEqual(senders, [[0, 0, 0]]);
    assert.deepEqual(book.daily(), [['shop.test', 202_603, counted.day, 0, 0, 0]]);
    const failures = book.failures().map((row) => valuesIn(row, FAILURE_COLUMNS, ['sessions']));
    assert.deepEqual(failures, [[0]]);
  });

  it('keeps the numbers of proven senders apart, and when a kind was first told of', () => {
    const book = createSumBook();
    book.add(counted, 1);
    book.add({ ...counted, isVerified: false, receivedAt: MONDAY - 5 }, 1);
    const sums = ['reports', 'verified_reports', 'failures', 'verified_failures'];
    const [sender] = book.senders();
    assert.deepEqual(valuesIn(sender, SENDER_COLUMNS, sums), [2, 1, 4, 2]);
    const kinds = ['sessions', 'verified_sessions', 'first_seen_at'];
    const [failure] = book.failures();
    assert.deepEqual(valuesIn(failure, FAILURE_COLUMNS, kinds), [4, 2, MONDAY - 5]);
  });

  it('rows come in the order of their keys', () => {
    const book = createSumBook();
    for (const domain of ['b.test', 'a.test']) {
      book.add({ ...counted, policies: [policyResult([1, 0], { domain })] }, 1);
    }
    assert.deepEqual(
      book.daily().map(([domain]) => domain),
      ['a.test', 'b.test'],
    );
  });
});
