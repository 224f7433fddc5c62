/**
 * The step that makes the tables of the alerts about reports, and of what we saw of ourselves.
 *
 * @module
 */
import { sql } from 'kysely';
import type { Migration } from '../migrations.ts';
import type { EngineTraits } from '../types.ts';

/** Makes the tables of the alerts about reports. */
export const REPORT_ALERTS_STEP: Migration = {
  name: '0007-report-alerts',
  async up(db, traits) {
    const key = keyText(traits);
    await db.schema
      .createTable('report_alert')
      .addColumn('id', key, (column) => column.primaryKey().notNull())
      .addColumn('key', key, (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('domain', key, (column) => column.notNull())
      .addColumn('opened_at', 'bigint', (column) => column.notNull())
      .addColumn('closed_at', 'bigint')
      .addColumn('last_day', 'bigint', (column) => column.notNull())
      .addColumn('facts', 'text', (column) => column.notNull())
      .execute();
    // Two nodes that see the same at once: the second one is refused.
    await db.schema
      .createIndex('report_alert_open')
      .unique()
      .on('report_alert')
      .columns(['key'])
      .where(sql<boolean>`closed_at is null`)
      .execute();
    await db.schema
      .createIndex('report_alert_key')
      .on('report_alert')
      .columns(['key', 'opened_at'])
      .execute();
    await db.schema
      .createIndex('report_alert_closed')
      .on('report_alert')
      .columns(['closed_at'])
      .execute();
    await db.schema
      .createTable('report_alert_message')
      .addColumn('id', key, (column) => column.primaryKey().notNull())
      .addColumn('channel', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('events', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('next_at', 'bigint', (column) => column.notNull())
      .addColumn('last_text', 'text')
      .execute();
    await db.schema
      .createIndex('report_alert_message_due')
      .on('report_alert_message')
      .columns(['next_at', 'id'])
      .where(sql<boolean>`state = 'waiting'`)
      .execute();
    await db.schema
      .createTable('own_state')
      .addColumn('subject', key, (column) => column.notNull())
      .addColumn('kind', key, (column) => column.notNull())
      .addColumn('first_seen', 'bigint', (column) => column.notNull())
      .addColumn('last_seen', 'bigint', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('own_state_key', ['subject', 'kind', 'first_seen'])
      .$call((table) => (traits.engine === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table))
      .execute();
    // Few reports are not counted; those of a while are found without a look at the others.
    await db.schema
      .createIndex('received_report_not_counted')
      .on('received_report')
      .columns(['day', 'state'])
      .where(sql<boolean>`state <> 'counted'`)
      .execute();
  },
};

/** Keys are compared octet by octet on both engines: the order is the same, and quick. */
function keyText({ engine }: EngineTraits): ReturnType<typeof sql> {
  return engine === 'postgres' ? sql`text collate "C"` : sql`text`;
}
