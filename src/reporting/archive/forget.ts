/**
 * Forgetting a domain: its reports, what they say, and its sums.
 *
 * @module
 */
import type { Kysely, Transaction } from 'kysely';
import type { Schema, Store } from '../../store/types.ts';
import type { UtcDay } from '../types.ts';
import { placeOf } from './read-archive.ts';
import { MORE_DOMAINS } from './rows.ts';
import { piecesOf } from './write-sums.ts';

const PIECE = 500;

/**
 * Deletes all that is known about the policy domain. A report that speaks of other domains too
 * stays as far as it is about them, without the octets it came as. Those that do not count and name
 * more domains than are noted lose their octets in any case: the domain may be in them.
 *
 * @returns how many reports spoke of it
 */
export async function forgetDomain(store: Store, domain: string): Promise<number> {
  return await store.db.transaction().execute(async (db) => {
    const ids = await idsOf(db, store, domain);
    for (const piece of piecesOf([...ids], PIECE)) await forgetReports(db, piece, domain);
    await db.deleteFrom('received_policy').where('domain', '=', domain).execute();
    await forgetOctets(db, await idsByPlace(db, store, MORE_DOMAINS, 'not-counted'));
    for (const table of ['report_daily', 'report_daily_sender', 'report_daily_failure'] as const) {
      await db.deleteFrom(table).where('domain', '=', domain).execute();
    }
    return ids.size;
  });
}

/** What forgetting a domain would delete. */
export interface KnownOfDomain {
  /** That speak of it. */
  readonly reports: number;
  /** With sums. */
  readonly days: number;
  /** The first and the last of them; absent: there is none. */
  readonly from?: UtcDay;
  readonly to?: UtcDay;
}

/** What is known about it now. */
export async function knownOfDomain(store: Store, domain: string): Promise<KnownOfDomain> {
  const ids = await idsOf(store.db, store, domain);
  const rows = await store.db
    .selectFrom('report_daily')
    .select('day')
    .where('domain', '=', domain)
    .orderBy('day')
    .execute();
  const [first, last] = [rows[0], rows.at(-1)];
  const range = first === undefined ? {} : { from: first.day, to: last!.day };
  return { reports: ids.size, days: rows.length, ...range };
}

async function idsOf(
  db: Kysely<Schema>,
  store: Store,
  domain: string,
): Promise<ReadonlySet<string>> {
  return new Set([...(await idsByPolicy(db, domain)), ...(await idsByPlace(db, store, domain))]);
}

/** Of those that count, whatever the number of their domains. */
async function idsByPolicy(db: Kysely<Schema>, domain: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('received_policy')
    .select('report_id')
    .where('domain', '=', domain)
    .execute();
  return rows.map(({ report_id }) => report_id);
}

/** Also of those whose policies are not there: they do not count, or are old. */
async function idsByPlace(
  db: Kysely<Schema>,
  store: Store,
  domain: string,
  which: 'all' | 'not-counted' = 'all',
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('received_report')
    .select('id')
    .where(placeOf(store, domain), '>', 0)
    .$if(which === 'not-counted', (query) => query.where('state', '<>', 'counted'))
    .execute();
  return rows.map(({ id }) => id);
}

async function forgetOctets(db: Transaction<Schema>, ids: readonly string[]): Promise<void> {
  for (const piece of piecesOf(ids, PIECE)) {
    await db.deleteFrom('received_raw').where('report_id', 'in', piece).execute();
  }
}

async function forgetReports(
  db: Transaction<Schema>,
  ids: readonly string[],
  domain: string,
): Promise<void> {
  const marked = ` ${domain} `;
  const rows = await db
    .selectFrom('received_report')
    .select(['id', 'domains'])
    .where('id', 'in', ids)
    .execute();
  await forgetOctets(db, ids);
  const alone = rows.filter(({ domains }) => domains === marked).map(({ id }) => id);
  if (alone.length > 0) {
    await db.deleteFrom('received_policy').where('report_id', 'in', alone).execute();
    await db.deleteFrom('received_report').where('id', 'in', alone).execute();
  }
  for (const { id, domains } of rows) {
    if (!domains.includes(marked) || domains === marked) continue;
    await db
      .updateTable('received_report')
      .set({ domains: domains.replace(marked, '') })
      .where('id', '=', id)
      .execute();
  }
}
