/**
 * Forgetting a domain: its reports, what they say, and its sums.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { Schema, Store } from '../../store/types.ts';
import { placeOf } from './read-archive.ts';
import { piecesOf } from './write-sums.ts';

const PIECE = 500;

/**
 * Deletes all that is known about the policy domain. A report that speaks of other domains too
 * stays as far as it is about them, without the octets it came as.
 *
 * @returns how many reports spoke of it
 */
export async function forgetDomain(store: Store, domain: string): Promise<number> {
  const marked = ` ${domain} `;
  return await store.db.transaction().execute(async (db) => {
    const found = await db
      .selectFrom('received_report')
      .select(['id', 'domains'])
      .where(placeOf(store, domain), '>', 0)
      .execute();
    for (const rows of piecesOf(found, PIECE)) await forgetReports(db, rows, marked);
    await db.deleteFrom('received_policy').where('domain', '=', domain).execute();
    for (const table of ['report_daily', 'report_daily_sender', 'report_daily_failure'] as const) {
      await db.deleteFrom(table).where('domain', '=', domain).execute();
    }
    return found.length;
  });
}

async function forgetReports(
  db: Transaction<Schema>,
  rows: readonly { readonly id: string; readonly domains: string }[],
  marked: string,
): Promise<void> {
  const ids = rows.map(({ id }) => id);
  await db.deleteFrom('received_raw').where('report_id', 'in', ids).execute();
  const alone = rows.filter(({ domains }) => domains === marked).map(({ id }) => id);
  if (alone.length > 0) {
    await db.deleteFrom('received_policy').where('report_id', 'in', alone).execute();
    await db.deleteFrom('received_report').where('id', 'in', alone).execute();
  }
  for (const { id, domains } of rows) {
    if (domains === marked) continue;
    await db
      .updateTable('received_report')
      .set({ domains: domains.replace(marked, '') })
      .where('id', '=', id)
      .execute();
  }
}
