/**
 * Daily sums of several reports together.
 *
 * @module
 */
import type { RowValues } from '../../store/prepared-rows.ts';
import { monthOf } from '../day.ts';
import { type CountedReport, type SumRows, sumRows } from './rollup.ts';

/** Sums, a row for each key, in a fixed order; values in the order of `columns.ts`. */
export interface SumBook {
  /** `sign` -1 takes away what was added before. */
  add(report: CountedReport, sign: 1 | -1): void;
  addRows(rows: SumRows): void;
  readonly daily: () => readonly RowValues[];
  readonly senders: () => readonly RowValues[];
  readonly failures: () => readonly RowValues[];
  /** Something was taken away: rows may be empty now. */
  readonly hasShrunk: () => boolean;
}

/** Values at the start of a row that say what it is about. */
const KEY_OF_DAILY = 3;
const KEY_OF_SENDER = 3;
const KEY_OF_FAILURE = 7;

/** Nothing added yet. */
export function createSumBook(): SumBook {
  const daily = createSums({ key: KEY_OF_DAILY, earliest: false });
  const senders = createSums({ key: KEY_OF_SENDER, earliest: false });
  const failures = createSums({ key: KEY_OF_FAILURE, earliest: true });
  let hasShrunk = false;
  const addRows = (rows: SumRows): void => {
    for (const row of rows.senders) {
      senders.put(row);
      daily.put(dailyRow(row));
    }
    for (const row of rows.failures) failures.put(row);
  };
  return {
    addRows,
    add(report, sign) {
      hasShrunk ||= sign < 0;
      addRows(sumRows(report, sign));
    },
    daily: daily.rows,
    senders: senders.rows,
    failures: failures.rows,
    hasShrunk: () => hasShrunk,
  };
}

/** In the order of `DAILY_COLUMNS`. */
function dailyRow(sender: RowValues): RowValues {
  const [domain, day, , reports, , successes, failures] = sender;
  return [domain!, monthOf(day as number), day!, reports!, successes!, failures!];
}

interface Sums {
  readonly put: (row: RowValues) => void;
  readonly rows: () => readonly RowValues[];
}

/** @param shape `earliest`: the last value is a time, of which the earlier one holds */
function createSums(shape: { readonly key: number; readonly earliest: boolean }): Sums {
  const sums = new Map<string, RowValues>();
  return {
    put(row) {
      // No text of a key has a NUL: no column takes one.
      const key = row.slice(0, shape.key).join('\0');
      const before = sums.get(key);
      sums.set(key, before === undefined ? row : joined(before, row, shape));
    },
    /** Two nodes that write the same rows lock them in the same order. */
    rows: () => [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
  };
}

function joined(
  before: RowValues,
  row: RowValues,
  { key, earliest }: { readonly key: number; readonly earliest: boolean },
): RowValues {
  return row.map((value, index) => {
    if (index < key) return value;
    const [a, b] = [before[index] as number, value as number];
    return earliest && index === row.length - 1 ? Math.min(a, b) : a + b;
  });
}
