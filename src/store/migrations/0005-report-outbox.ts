/**
 * The step that makes the tables of the reports that are to be sent.
 *
 * @module
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from '../migrations.ts';
import type { EngineTraits, Schema } from '../types.ts';

/** Makes the tables of the reports that are to be sent. */
export const REPORT_OUTBOX_STEP: Migration = {
  name: '0005-report-outbox',
  async up(db, traits) {
    await subjects(db, traits);
    await reports(db, traits);
    await targets(db, traits);
    await db.schema
      .createTable('report_suppression')
      .addColumn('place', keyText(traits), (column) => column.primaryKey().notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('added_at', 'bigint', (column) => column.notNull())
      .addColumn('added_by', 'text', (column) => column.notNull())
      .execute();
  },
};

/** Keys are compared octet by octet on both engines: the order is the same, and quick. */
function keyText({ engine }: EngineTraits): ReturnType<typeof sql> {
  return engine === 'postgres' ? sql`text collate "C"` : sql`text`;
}

async function subjects(db: Kysely<Schema>, traits: EngineTraits): Promise<void> {
  await db.schema
    .createTable('report_subject')
    .addColumn('day', 'integer', (column) => column.notNull())
    .addColumn('domain', keyText(traits), (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('note', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('report_subject_key', ['day', 'domain'])
    .$call((table) => (traits.engine === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table))
    .execute();
  await db.schema
    .createIndex('report_subject_due')
    .on('report_subject')
    .columns(['due_at', 'day', 'domain'])
    .where(sql<boolean>`state = 'due'`)
    .execute();
}

async function reports(db: Kysely<Schema>, traits: EngineTraits): Promise<void> {
  await db.schema
    .createTable('report_outbox')
    .addColumn('report_id', keyText(traits), (column) => column.primaryKey().notNull())
    .addColumn('day', 'integer', (column) => column.notNull())
    .addColumn('domain', keyText(traits), (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('made_at', 'bigint', (column) => column.notNull())
    .addColumn('made_by', 'text', (column) => column.notNull())
    .addColumn('file_name', 'text', (column) => column.notNull())
    .addColumn('submitter', 'text', (column) => column.notNull())
    .addColumn('organization', 'text', (column) => column.notNull())
    .addColumn('policies', 'integer', (column) => column.notNull())
    .addColumn('successes', 'bigint', (column) => column.notNull())
    .addColumn('failures', 'bigint', (column) => column.notNull())
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('content', traits.engine === 'postgres' ? 'bytea' : 'blob', (column) =>
      column.notNull(),
    )
    .execute();
  await db.schema
    .createIndex('report_outbox_day')
    .on('report_outbox')
    .columns(['day', 'domain'])
    .execute();
}

async function targets(db: Kysely<Schema>, traits: EngineTraits): Promise<void> {
  await db.schema
    .createTable('report_target')
    .addColumn('report_id', keyText(traits), (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('place', keyText(traits), (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'bigint', (column) => column.notNull())
    .addColumn('first_at', 'bigint', (column) => column.notNull())
    .addColumn('first_day', 'integer')
    .addColumn('claimed_by', 'text')
    .addColumn('claimed_until', 'bigint')
    .addColumn('last_at', 'bigint', (column) => column.notNull())
    .addColumn('last_code', 'text', (column) => column.notNull())
    .addColumn('last_text', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('report_target_key', ['report_id', 'number'])
    .$call((table) => (traits.engine === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table))
    .execute();
  await db.schema
    .createIndex('report_target_due')
    .on('report_target')
    .columns(['next_at', 'report_id', 'number'])
    .where(sql<boolean>`state = 'waiting'`)
    .execute();
  await db.schema
    .createIndex('report_target_place')
    .on('report_target')
    .columns(['place', 'first_day'])
    .where(sql<boolean>`first_day is not null`)
    .execute();
}
