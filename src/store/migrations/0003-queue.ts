/**
 * The step that makes the tables of the mail queue.
 *
 * @module
 */
import type { CreateTableBuilder, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Migration } from '../migrations.ts';
import type { EngineTraits, Schema } from '../types.ts';

/** Makes the tables of the queue. */
export const QUEUE_STEP: Migration = {
  name: '0003-queue',
  async up(db, traits) {
    await messages(db, traits);
    await jobs(db, traits);
    await indexes(db);
    await evidence(db, traits);
    await db.schema
      .createTable('queue_node')
      .addColumn('owner', 'text', (column) => column.primaryKey().notNull())
      .addColumn('host', 'text', (column) => column.notNull())
      .addColumn('pid', 'integer', (column) => column.notNull())
      .addColumn('process_mark', 'text', (column) => column.notNull())
      .addColumn('heartbeat_at', 'bigint', (column) => column.notNull())
      .execute();
  },
};

/** Keys are compared octet by octet on both engines: the order is the same, and quick. */
function keyText({ engine }: EngineTraits): ReturnType<typeof sql> {
  return engine === 'postgres' ? sql`text collate "C"` : sql`text`;
}

/**
 * SQLite: rows that lie in the order of their key need no second tree for it. PostgreSQL: rows come
 * and go all the time, so the dead ones are cleared away sooner than usual.
 */
function keyed<T extends string>(
  table: CreateTableBuilder<T>,
  { engine }: EngineTraits,
): CreateTableBuilder<T> {
  return table.modifyEnd(
    engine === 'sqlite'
      ? sql`without rowid`
      : sql`with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05)`,
  );
}

async function messages(db: Kysely<Schema>, traits: EngineTraits): Promise<void> {
  const message = db.schema
    .createTable('queue_message')
    .addColumn('id', keyText(traits), (column) => column.primaryKey().notNull())
    .addColumn('accepted_at', 'bigint', (column) => column.notNull())
    .addColumn('reverse_path', 'text', (column) => column.notNull())
    .addColumn('ret', 'text')
    .addColumn('envid', 'text')
    .addColumn('body', 'text')
    .addColumn('smtp_utf8', 'integer', (column) => column.notNull())
    .addColumn('require_tls', 'integer', (column) => column.notNull())
    .addColumn('tls_required_no', 'integer', (column) => column.notNull())
    .addColumn('size', 'bigint', (column) => column.notNull())
    .addColumn('message_id_header', 'text', (column) => column.notNull())
    .addColumn('via', 'text', (column) => column.notNull())
    .addColumn('submitted_by', 'text')
    .addColumn('client_address', 'text')
    .addColumn('helo_name', 'text');
  await keyed(message, traits).execute();
  await db.schema
    .createTable('queue_part')
    .addColumn('message_id', keyText(traits), (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('data', traits.engine === 'postgres' ? 'bytea' : 'blob', (column) =>
      column.notNull(),
    )
    .addPrimaryKeyConstraint('queue_part_key', ['message_id', 'number'])
    .execute();
  await db.schema
    .createTable('queue_upload')
    .addColumn('message_id', keyText(traits), (column) => column.primaryKey().notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .execute();
}

async function jobs(db: Kysely<Schema>, traits: EngineTraits): Promise<void> {
  const job = db.schema
    .createTable('queue_job')
    .addColumn('message_id', keyText(traits), (column) => column.notNull())
    .addColumn('destination', keyText(traits), (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'bigint', (column) => column.notNull())
    .addColumn('taken_by', 'text')
    .addColumn('delay_notice_sent', 'integer', (column) => column.notNull())
    .addColumn('first_failed_at', 'bigint')
    .addPrimaryKeyConstraint('queue_job_key', ['message_id', 'destination']);
  await keyed(job, traits).execute();
  const recipient = db.schema
    .createTable('queue_recipient')
    .addColumn('message_id', keyText(traits), (column) => column.notNull())
    .addColumn('destination', keyText(traits), (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('notify', 'text')
    .addColumn('orcpt', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('last_text', 'text', (column) => column.notNull())
    .addColumn('last_code', 'text', (column) => column.notNull())
    .addColumn('last_host', 'text', (column) => column.notNull())
    .addColumn('last_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('queue_recipient_key', ['message_id', 'destination', 'number']);
  await keyed(recipient, traits).execute();
}

/** Each holds only the rows that its question is about: most jobs of a busy queue are in one of them. */
async function indexes(db: Kysely<Schema>): Promise<void> {
  const free = sql<boolean>`state = 'waiting' and taken_by is null`;
  await db.schema
    .createIndex('queue_job_due')
    .on('queue_job')
    .columns(['next_at', 'message_id', 'destination'])
    .where(free)
    .execute();
  await db.schema
    .createIndex('queue_job_due_for')
    .on('queue_job')
    .columns(['destination', 'next_at', 'message_id'])
    .where(free)
    .execute();
  await db.schema
    .createIndex('queue_job_taken')
    .on('queue_job')
    .columns(['taken_by', 'message_id', 'destination'])
    .where(sql<boolean>`taken_by is not null`)
    .execute();
  await db.schema
    .createIndex('queue_job_held')
    .on('queue_job')
    .columns(['message_id', 'destination'])
    .where(sql<boolean>`state = 'held'`)
    .execute();
}

async function evidence(db: Kysely<Schema>, traits: EngineTraits): Promise<void> {
  const attempt = db.schema
    .createTable('queue_attempt')
    .addColumn('message_id', keyText(traits), (column) => column.notNull())
    .addColumn('destination', keyText(traits), (column) => column.notNull())
    .addColumn('number', 'integer', (column) => column.notNull())
    .addColumn('started_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint', (column) => column.notNull())
    .addColumn('events', 'text', (column) => column.notNull())
    .addColumn('decision_digest', 'text')
    .addPrimaryKeyConstraint('queue_attempt_key', ['message_id', 'destination', 'number']);
  await keyed(attempt, traits).execute();
  await db.schema
    .createIndex('queue_attempt_decision')
    .on('queue_attempt')
    .columns(['decision_digest'])
    .where(sql<boolean>`decision_digest is not null`)
    .execute();
  await db.schema
    .createTable('queue_decision')
    .addColumn('digest', 'text', (column) => column.primaryKey().notNull())
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('last_used_at', 'bigint', (column) => column.notNull())
    .execute();
}
