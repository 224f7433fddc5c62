/**
 * Runs the migrations that a database lacks, all of them or none, one program at a time.
 *
 * @module
 */
import type { Kysely, Transaction } from 'kysely';
import { sql } from 'kysely';
import type { Migration } from './migrations.ts';
import { storeError } from './store-error.ts';
import type { EngineTraits, Schema } from './types.ts';

/** Our number among PostgreSQL's advisory locks: "stsm" in ASCII. */
const MIGRATION_LOCK = 0x7374_736d;

interface WithVersions {
  schema_step: { name: string; applied_at: number };
}

/** What a run needs. */
export interface MigrateOptions {
  readonly db: Kysely<Schema>;
  readonly traits: EngineTraits;
  readonly migrations: readonly Migration[];
  /** Milliseconds since the Unix epoch, noted beside each step. */
  readonly now: number;
}

/**
 * Brings the database up to date; a second run does nothing. Both engines undo a half-done
 * change of tables with the transaction. Throws `STORE_SCHEMA_NEWER` where a step is on record
 * that this release does not know.
 *
 * @returns the names of the steps that were run
 */
export async function migrate(options: MigrateOptions): Promise<readonly string[]> {
  return await options.db.transaction().execute(async (transaction) => {
    await lock(transaction, options.traits);
    const versions = transaction as unknown as Kysely<WithVersions>;
    await versions.schema
      .createTable('schema_step')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('applied_at', 'bigint', (column) => column.notNull())
      .execute();
    const rows = await versions.selectFrom('schema_step').select('name').execute();
    const applied = new Set(rows.map((row) => row.name));
    refuseUnknown(applied, options.migrations);
    const missing = options.migrations.filter((migration) => !applied.has(migration.name));
    for (const migration of missing) {
      await migration.up(transaction, options.traits);
      await versions
        .insertInto('schema_step')
        .values({ name: migration.name, applied_at: options.now })
        .execute();
    }
    return missing.map((migration) => migration.name);
  });
}

/** On SQLite the transaction itself is the lock; it is begun `immediate`. */
async function lock(transaction: Transaction<Schema>, traits: EngineTraits): Promise<void> {
  if (traits.engine === 'postgres') {
    await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction);
  }
}

function refuseUnknown(applied: ReadonlySet<string>, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = [...applied].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw storeError(
      'STORE_SCHEMA_NEWER',
      `the database has steps that this release does not know: ${unknown.join(', ')}`,
    );
  }
}
