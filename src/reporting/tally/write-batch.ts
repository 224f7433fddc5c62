/**
 * Writing counts: one transaction that adds to what is there, the same on both engines.
 *
 * @module
 */
import type { RawBuilder, Transaction } from 'kysely';
import { sql } from 'kysely';
import { persistently } from '../../store/group-commit.ts';
import type { Schema, Store } from '../../store/types.ts';
import { countKey } from './pile.ts';
import type { Batch, FailureRow } from './types.ts';

/** Who writes which of its batches. */
export interface Writing {
  /** Different for each process. */
  readonly writer: string;
  /** Grows with every batch; the same when a batch is written once more. */
  readonly number: number;
  /** Ways to fail that a day may have for one recipient domain and policy. */
  readonly mostKinds: number;
}

/** What came of it. */
export interface Written {
  /** Sessions whose way to fail found no room; the totals have them. */
  readonly cut: number;
}

/**
 * Adds the batch to the store, once: a batch whose commit went unanswered may be written again under
 * its number, and what is there already is not added a second time. Rejects as the database does.
 *
 * Rows are locked in the order of tables and keys, so that nodes wait for each other in turn.
 */
export async function writeBatch(store: Store, batch: Batch, writing: Writing): Promise<Written> {
  return await persistently(
    async () =>
      await store.db.transaction().execute(async (transaction) => {
        const isNew = await claim(transaction, batch, writing);
        return isNew ? await add(transaction, batch, { store, ...writing }) : { cut: 0 };
      }),
  );
}

type Db = Transaction<Schema>;

interface AddContext extends Writing {
  readonly store: Store;
}

/** False where the transaction of this number is in the store already. */
async function claim(db: Db, { counts }: Batch, { writer, number }: Writing): Promise<boolean> {
  const last_day = Math.max(...counts.map(({ day }) => day));
  const { numInsertedOrUpdatedRows = 0n } = await db
    .insertInto('tally_writer')
    .values({ writer, batch: number, last_day })
    .onConflict((conflict) =>
      conflict
        .column('writer')
        .doUpdateSet({ batch: number, last_day })
        .where('tally_writer.batch', '<', number),
    )
    .executeTakeFirst();
  return numInsertedOrUpdatedRows > 0n;
}

async function add(db: Db, batch: Batch, context: AddContext): Promise<Written> {
  const { store } = context;
  const { policies, details, counts } = batch;
  await sql`
    insert into tally_policy (digest, type, domain, strings, mx_hosts, last_day)
    ${rowsOf(
      store,
      policies.map((row) => [row.digest, row.type, row.domain, row.strings, row.mxHosts, row.day]),
    )}
    on conflict (digest) do update set last_day = excluded.last_day
    where tally_policy.last_day < excluded.last_day`.execute(db);
  const kept = await withRoom(db, batch.failures, context);
  if (details.length > 0) {
    await sql`
      insert into tally_detail (digest, detail, last_day)
      ${rowsOf(
        store,
        details.map((row) => [row.digest, row.detail, row.day]),
      )}
      on conflict (digest) do update set last_day = excluded.last_day
      where tally_detail.last_day < excluded.last_day`.execute(db);
  }
  await sql`
    insert into tally_count
      (recipient_domain, policy, tlsa_base_domain, day, successes, failures)
    ${rowsOf(
      store,
      counts.map((row) => [
        row.recipient,
        row.policy,
        row.tlsaBaseDomain,
        row.day,
        row.successes,
        row.failures,
      ]),
    )}
    on conflict (day, recipient_domain, policy) do update set
      successes = tally_count.successes + excluded.successes,
      failures = tally_count.failures + excluded.failures`.execute(db);
  if (kept.length > 0) {
    await sql`
      insert into tally_failure (recipient_domain, policy, detail, day, sessions)
      ${rowsOf(
        store,
        kept.map((row) => [row.recipient, row.policy, row.detail, row.day, row.sessions]),
      )}
      on conflict (day, recipient_domain, policy, detail) do update set
        sessions = tally_failure.sessions + excluded.sessions`.execute(db);
  }
  return { cut: sumOf(batch.failures) - sumOf(kept) };
}

function sumOf(rows: readonly FailureRow[]): number {
  return rows.reduce((sum, { sessions }) => sum + sessions, 0);
}

/**
 * Without those that would be one way to fail too many: a day has room for so many for each domain
 * and policy, whichever node they come from and however often it started anew.
 */
async function withRoom(
  db: Db,
  failures: readonly FailureRow[],
  context: AddContext,
): Promise<readonly FailureRow[]> {
  if (failures.length === 0) return [];
  const crowded = await crowdedKeys(db, failures, context);
  if (crowded.size === 0) return failures;
  return failures.filter((row) => {
    const there = crowded.get(countKey(row));
    if (there === undefined || there.has(row.detail)) return true;
    if (there.size >= context.mostKinds) return false;
    there.add(row.detail);
    return true;
  });
}

/** The ways to fail that are there already, where with ours there would be too many. */
async function crowdedKeys(
  db: Db,
  failures: readonly FailureRow[],
  { store, mostKinds }: AddContext,
): Promise<ReadonlyMap<string, Set<string>>> {
  const ours = Map.groupBy(failures, countKey);
  const keys = Array.from(ours.values(), ([row]) => [row!.recipient, row!.policy, row!.day]);
  const { rows } = await sql<{ day: number; recipient: string; policy: string; kinds: number }>`
    with keys (recipient, policy, day) as (${rowsOf(store, keys)})
    select keys.day, keys.recipient, keys.policy, count(*) as kinds
    from keys join tally_failure as there
      on there.day = keys.day
      and there.recipient_domain = keys.recipient
      and there.policy = keys.policy
    group by keys.day, keys.recipient, keys.policy`.execute(db);
  const crowded = new Map<string, Set<string>>();
  for (const row of rows) {
    if (row.kinds + (ours.get(countKey(row))?.length ?? 0) <= mostKinds) continue;
    const there = await db
      .selectFrom('tally_failure')
      .select('detail')
      .where('day', '=', row.day)
      .where('recipient_domain', '=', row.recipient)
      .where('policy', '=', row.policy)
      .execute();
    crowded.set(countKey(row), new Set(there.map(({ detail }) => detail)));
  }
  return crowded;
}

/**
 * Rows for an `insert`, handed over as one value: the statement is the same for one row and for
 * thousands. The texts come first, then whole numbers from `day` on.
 */
function rowsOf(
  { traits }: Store,
  rows: readonly (readonly (string | number)[])[],
): RawBuilder<unknown> {
  const [first = []] = rows;
  const json = JSON.stringify(rows);
  if (traits.engine === 'sqlite') {
    const columns = first.map((_, index) => sql`value ->> ${sql.lit(index)}`);
    // Without a condition SQLite would read the `on` that follows as part of a join.
    return sql`select ${sql.join(columns)} from json_each(${json}) where true`;
  }
  const columns = first.map((value, index) =>
    typeof value === 'string'
      ? sql`value ->> ${sql.lit(index)}`
      : sql`(value ->> ${sql.lit(index)})::bigint`,
  );
  return sql`select ${sql.join(columns)}
    from jsonb_array_elements(${json}::jsonb) with ordinality as rows (value, place) order by place`;
}
