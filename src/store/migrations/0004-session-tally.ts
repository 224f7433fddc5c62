/**
 * The step that makes the tables of the session counts for TLS reports.
 *
 * @module
 */
import type { CreateTableBuilder } from 'kysely';
import { sql } from 'kysely';
import type { Migration } from '../migrations.ts';
import type { EngineTraits } from '../types.ts';

/** Makes the tables of the session counts for TLS reports. */
export const SESSION_TALLY_STEP: Migration = {
  name: '0004-session-tally',
  async up(db, traits) {
    const key = keyText(traits);
    const count = db.schema
      .createTable('tally_count')
      .addColumn('day', 'integer', (column) => column.notNull())
      .addColumn('recipient_domain', key, (column) => column.notNull())
      .addColumn('policy', key, (column) => column.notNull())
      .addColumn('tlsa_base_domain', key, (column) => column.notNull())
      .addColumn('successes', 'bigint', (column) => column.notNull())
      .addColumn('failures', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('tally_count_key', ['day', 'recipient_domain', 'policy']);
    await counted(count, traits).execute();
    await db.schema
      .createIndex('tally_count_tlsa')
      .on('tally_count')
      .columns(['day', 'tlsa_base_domain'])
      .where(sql<boolean>`tlsa_base_domain <> ''`)
      .execute();
    const failure = db.schema
      .createTable('tally_failure')
      .addColumn('day', 'integer', (column) => column.notNull())
      .addColumn('recipient_domain', key, (column) => column.notNull())
      .addColumn('policy', key, (column) => column.notNull())
      .addColumn('detail', key, (column) => column.notNull())
      .addColumn('sessions', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('tally_failure_key', [
        'day',
        'recipient_domain',
        'policy',
        'detail',
      ]);
    await counted(failure, traits).execute();
    await db.schema
      .createTable('tally_policy')
      .addColumn('digest', key, (column) => column.primaryKey().notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('domain', key, (column) => column.notNull())
      .addColumn('strings', 'text', (column) => column.notNull())
      .addColumn('mx_hosts', 'text', (column) => column.notNull())
      .addColumn('last_day', 'integer', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('tally_detail')
      .addColumn('digest', key, (column) => column.primaryKey().notNull())
      .addColumn('detail', 'text', (column) => column.notNull())
      .addColumn('last_day', 'integer', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('tally_writer')
      .addColumn('writer', 'text', (column) => column.primaryKey().notNull())
      .addColumn('batch', 'bigint', (column) => column.notNull())
      .addColumn('last_day', 'integer', (column) => column.notNull())
      .execute();
  },
};

/** Keys are compared octet by octet on both engines: all writers take them in the same order. */
function keyText({ engine }: EngineTraits): ReturnType<typeof sql> {
  return engine === 'postgres' ? sql`text collate "C"` : sql`text`;
}

/**
 * SQLite: rows that lie in the order of their key need no second tree for it. PostgreSQL: the same
 * few rows are written again and again, so each page keeps room for the next version of its rows.
 */
function counted<T extends string>(
  table: CreateTableBuilder<T>,
  { engine }: EngineTraits,
): CreateTableBuilder<T> {
  return table.modifyEnd(engine === 'sqlite' ? sql`without rowid` : sql`with (fillfactor = 70)`);
}
