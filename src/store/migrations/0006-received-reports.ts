/**
 * The step that makes the tables of the reports that came in.
 *
 * @module
 */
import type { CreateTableBuilder, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Migration } from '../migrations.ts';
import type { EngineTraits, Schema } from '../types.ts';

/** Makes the tables of the reports that came in. */
export const RECEIVED_REPORTS_STEP: Migration = {
  name: '0006-received-reports',
  async up(db, traits) {
    await reports(db, traits);
    await policies(db, traits);
    await dailySums(db, traits);
  },
};

/** Keys are compared octet by octet on both engines: the order is the same, and quick. */
function keyText({ engine }: EngineTraits): ReturnType<typeof sql> {
  return engine === 'postgres' ? sql`text collate "C"` : sql`text`;
}

/** SQLite: rows that lie in the order of their key need no second tree for it. */
function keyed<T extends string>(
  table: CreateTableBuilder<T>,
  { engine }: EngineTraits,
): CreateTableBuilder<T> {
  return engine === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table;
}

/** Columns that always hold a value. */
function filled<T extends string>(
  table: CreateTableBuilder<T>,
  type: 'text' | 'integer' | 'bigint' | ReturnType<typeof sql>,
  names: readonly string[],
): CreateTableBuilder<T> {
  return names.reduce<CreateTableBuilder<T>>(
    (made, name) => made.addColumn(name, type, (column) => column.notNull()),
    table,
  );
}

async function reports(db: Kysely<Schema>, traits: EngineTraits): Promise<void> {
  const report = db.schema
    .createTable('received_report')
    .addColumn('id', keyText(traits), (column) => column.primaryKey().notNull())
    .$call((table) => filled(table, keyText(traits), ['sender', 'identity', 'digest']))
    .$call((table) => filled(table, 'text', ['report_id', 'organization']))
    .addColumn('contact', 'text')
    .$call((table) => filled(table, 'bigint', ['starts_at', 'ends_at', 'day', 'received_at']))
    .$call((table) => filled(table, 'text', ['way', 'auth_kind']))
    .addColumn('auth_domain', 'text')
    .addColumn('auth_selector', 'text')
    .$call((table) => filled(table, 'text', ['auth_notes']))
    .$call((table) => filled(table, 'integer', ['verified']))
    .$call((table) => filled(table, 'text', ['deviations', 'hints', 'state']))
    .addColumn('other_id', 'text')
    .$call((table) => filled(table, 'text', ['domains']))
    .$call((table) => filled(table, 'bigint', ['successes', 'failures', 'size']))
    .$call((table) => filled(table, 'integer', ['has_details']));
  await keyed(report, traits).execute();
  // Two nodes that take in the same report at once: the second one is refused, and looks again.
  // Of those that nobody proved, the same words are the same report, whoever is said to say them.
  await db.schema
    .createIndex('received_report_same')
    .unique()
    .on('received_report')
    .column('digest')
    .expression(sql`(case when verified = 1 then identity else '' end)`)
    .execute();
  // Of one identity no two count; the same index finds all of an identity.
  await db.schema
    .createIndex('received_report_counts_once')
    .unique()
    .on('received_report')
    .column('identity')
    .expression(sql`(case when state = 'counted' then '' else id end)`)
    .execute();
  await db.schema
    .createIndex('received_report_arrival')
    .on('received_report')
    .columns(['received_at', 'has_details'])
    .execute();
  await db.schema
    .createTable('received_raw')
    .addColumn('report_id', keyText(traits), (column) => column.primaryKey().notNull())
    .addColumn('data', traits.engine === 'postgres' ? 'bytea' : 'blob', (column) =>
      column.notNull(),
    )
    .execute();
}

async function policies(db: Kysely<Schema>, traits: EngineTraits): Promise<void> {
  const policy = db.schema
    .createTable('received_policy')
    .$call((table) => filled(table, keyText(traits), ['report_id']))
    .$call((table) => filled(table, 'integer', ['number']))
    .$call((table) => filled(table, 'text', ['type', 'raw_type']))
    .$call((table) => filled(table, keyText(traits), ['domain']))
    .$call((table) => filled(table, 'text', ['domain_from']))
    .$call((table) => filled(table, 'integer', ['ours']))
    .$call((table) => filled(table, 'bigint', ['day', 'successes', 'failures']))
    .$call((table) => filled(table, 'text', ['strings', 'mx_hosts', 'details']))
    .addPrimaryKeyConstraint('received_policy_key', ['report_id', 'number'] as never);
  await keyed(policy, traits).execute();
  await db.schema
    .createIndex('received_policy_domain')
    .on('received_policy')
    .columns(['domain', 'day'])
    .execute();
}

async function dailySums(db: Kysely<Schema>, traits: EngineTraits): Promise<void> {
  const daily = db.schema
    .createTable('report_daily')
    .$call((table) => filled(table, keyText(traits), ['domain']))
    .$call((table) => filled(table, 'integer', ['month']))
    .$call((table) => filled(table, 'bigint', ['day', 'reports', 'successes', 'failures']))
    .addPrimaryKeyConstraint('report_daily_key', ['domain', 'month', 'day'] as never);
  await keyed(daily, traits).execute();
  const bySender = db.schema
    .createTable('report_daily_sender')
    .$call((table) => filled(table, keyText(traits), ['domain']))
    .$call((table) => filled(table, 'bigint', ['day']))
    .$call((table) => filled(table, keyText(traits), ['sender']))
    .$call((table) =>
      filled(table, 'bigint', [
        'reports',
        'verified_reports',
        'successes',
        'failures',
        'verified_successes',
        'verified_failures',
        ...['tlsa', 'sts', 'none', 'other'].flatMap((type) => [
          `${type}_successes`,
          `${type}_failures`,
        ]),
      ]),
    )
    .addPrimaryKeyConstraint('report_daily_sender_key', ['domain', 'sender', 'day'] as never);
  await keyed(bySender, traits).execute();
  const failures = db.schema
    .createTable('report_daily_failure')
    .$call((table) => filled(table, keyText(traits), ['domain']))
    .$call((table) => filled(table, 'bigint', ['day']))
    .$call((table) =>
      filled(table, keyText(traits), ['sender', 'result_type', 'raw_type', 'mx', 'reason']),
    )
    .$call((table) => filled(table, 'bigint', ['sessions', 'verified_sessions', 'first_seen_at']))
    .addPrimaryKeyConstraint('report_daily_failure_key', [
      'domain',
      'day',
      'sender',
      'result_type',
      'raw_type',
      'mx',
      'reason',
    ] as never);
  await keyed(failures, traits).execute();
  const quota = db.schema
    .createTable('report_quota')
    .$call((table) => filled(table, 'bigint', ['day']))
    .$call((table) => filled(table, keyText(traits), ['sender']))
    .$call((table) => filled(table, 'bigint', ['stored', 'octets']))
    .addPrimaryKeyConstraint('report_quota_key', ['day', 'sender'] as never);
  await keyed(quota, traits).execute();
}
