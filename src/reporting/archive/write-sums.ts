/**
 * Writing daily sums: what is new is added to what is there, on both engines alike.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { Schema } from '../../store/types.ts';
import type { SumStatements } from './statements.ts';
import type { SumBook } from './sum-book.ts';

/** Adds the sums, and deletes rows that are empty now. */
export async function writeSums(
  db: Transaction<Schema>,
  book: SumBook,
  { addDaily, addSenders, addFailures }: SumStatements,
): Promise<void> {
  await addDaily(db, book.daily());
  await addSenders(db, book.senders());
  await addFailures(db, book.failures());
  if (book.hasShrunk()) await deleteEmpty(db, book);
}

type DailyStart = readonly [domain: string, month: number, day: number, reports: number];
type SenderStart = readonly [domain: string, day: number, sender: string, reports: number];
type FailureStart = readonly [domain: string, day: number];

async function deleteEmpty(db: Transaction<Schema>, book: SumBook): Promise<void> {
  for (const [domain, month, day, reports] of book.daily() as readonly DailyStart[]) {
    if (reports >= 1) continue;
    await db
      .deleteFrom('report_daily')
      .where('domain', '=', domain)
      .where('month', '=', month)
      .where('day', '=', day)
      .where('reports', '<=', 0)
      .execute();
  }
  for (const [domain, day, sender, reports] of book.senders() as readonly SenderStart[]) {
    if (reports >= 1) continue;
    await db
      .deleteFrom('report_daily_sender')
      .where('domain', '=', domain)
      .where('day', '=', day)
      .where('sender', '=', sender)
      .where('reports', '<=', 0)
      .execute();
  }
  const failures = book.failures() as readonly FailureStart[];
  const days = new Map(failures.map(([domain, day]) => [`${domain} ${day}`, { domain, day }]));
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
