/**
 * Writing daily sums: what is new is added to what is there, on both engines alike.
 *
 * @module
 */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Schema } from '../../store/types.ts';
import type { SumBook } from './rollup.ts';

/** Rows in one statement: engines limit the values of one. */
const ROWS = 500;

/** Adds the sums, and deletes rows that are empty now. */
export async function writeSums(db: Transaction<Schema>, book: SumBook): Promise<void> {
  for (const rows of piecesOf(book.daily(), ROWS)) {
    await db
      .insertInto('report_daily')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['domain', 'month', 'day'])
          .doUpdateSet(added('report_daily', ['reports', 'successes', 'failures'])),
      )
      .execute();
  }
  for (const rows of piecesOf(book.senders(), ROWS)) {
    await db
      .insertInto('report_daily_sender')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['domain', 'day', 'sender'])
          .doUpdateSet(added('report_daily_sender', SENDER_COUNTS)),
      )
      .execute();
  }
  for (const rows of piecesOf(book.failures(), ROWS)) {
    await db
      .insertInto('report_daily_failure')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['domain', 'day', 'sender', 'result_type', 'raw_type', 'mx', 'reason'])
          .doUpdateSet({
            ...added('report_daily_failure', ['sessions', 'verified_sessions']),
            first_seen_at: earlier(),
          }),
      )
      .execute();
  }
  if (book.hasShrunk()) await deleteEmpty(db, book);
}

const SENDER_COUNTS = [
  'reports',
  'verified_reports',
  'successes',
  'failures',
  'verified_successes',
  'verified_failures',
  'tlsa_successes',
  'tlsa_failures',
  'sts_successes',
  'sts_failures',
  'none_successes',
  'none_failures',
  'other_successes',
  'other_failures',
] as const;

function added(
  table: keyof Schema,
  columns: readonly string[],
): Record<string, RawBuilder<number>> {
  return Object.fromEntries(
    columns.map((column) => [
      column,
      sql<number>`${sql.ref(`${table}.${column}`)} + ${sql.ref(`excluded.${column}`)}`,
    ]),
  );
}

/** The smaller of two, as both engines write it. */
function earlier(): RawBuilder<number> {
  return sql<number>`case when excluded.first_seen_at < report_daily_failure.first_seen_at
    then excluded.first_seen_at else report_daily_failure.first_seen_at end`;
}

async function deleteEmpty(db: Transaction<Schema>, book: SumBook): Promise<void> {
  for (const { domain, month, day, reports } of book.daily()) {
    if (reports >= 1) continue;
    await db
      .deleteFrom('report_daily')
      .where('domain', '=', domain)
      .where('month', '=', month)
      .where('day', '=', day)
      .where('reports', '<=', 0)
      .execute();
  }
  for (const { domain, day, sender, reports } of book.senders()) {
    if (reports >= 1) continue;
    await db
      .deleteFrom('report_daily_sender')
      .where('domain', '=', domain)
      .where('day', '=', day)
      .where('sender', '=', sender)
      .where('reports', '<=', 0)
      .execute();
  }
  const days = new Map(book.failures().map((row) => [`${row.domain} ${row.day}`, row]));
  for (const { domain, day } of days.values()) {
    await db
      .deleteFrom('report_daily_failure')
      .where('domain', '=', domain)
      .where('day', '=', day)
      .where('sessions', '<=', 0)
      .execute();
  }
}

/** The list in pieces of at most `size`. */
export function* piecesOf<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}
