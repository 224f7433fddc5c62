/**
 * The steps that bring a database to the schema of this release, the same on both engines.
 *
 * @module
 */
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { QUEUE_STEP } from './migrations/0003-queue.ts';
import { SESSION_TALLY_STEP } from './migrations/0004-session-tally.ts';
import { REPORT_OUTBOX_STEP } from './migrations/0005-report-outbox.ts';
import { RECEIVED_REPORTS_STEP } from './migrations/0006-received-reports.ts';
import { REPORT_ALERTS_STEP } from './migrations/0007-report-alerts.ts';
import type { EngineTraits, Schema } from './types.ts';

/** One step. Its name is stored, so it never changes once released. */
export interface Migration {
  readonly name: string;
  up(db: Kysely<Schema>, traits: EngineTraits): Promise<void>;
}

/** Every step in order. A released step is never edited: a change is a new step. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: '0001-policies-and-leases',
    async up(db, traits) {
      await db.schema
        .createTable('sts_policy')
        .addColumn('policy_domain', 'text', (column) => column.primaryKey().notNull())
        .addColumn('record_id', 'text', (column) => column.notNull())
        .addColumn('policy_text', 'text', (column) => column.notNull())
        .addColumn('mode', 'text', (column) => column.notNull())
        .addColumn('fetched_at', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addColumn('last_used_at', 'bigint', (column) => column.notNull())
        .addColumn('next_refresh_at', 'bigint', (column) => column.notNull())
        .addColumn('failures_in_a_row', 'integer', (column) => column.notNull())
        .addColumn('failure_code', 'text')
        .addColumn('failure_detail', 'text')
        .addColumn('failure_type', 'text')
        .addColumn('changed_at', 'bigint', (column) => column.notNull())
        // Rows lie in the order of their key, so reading all of them at the start is one sweep.
        .$call((table) =>
          traits.engine === 'sqlite' ? table.modifyEnd(sql`without rowid`) : table,
        )
        .execute();
      await db.schema
        .createIndex('sts_policy_changed_at')
        .on('sts_policy')
        .columns(['changed_at', 'policy_domain'])
        .execute();
      await db.schema
        .createTable('lease')
        .addColumn('name', 'text', (column) => column.primaryKey().notNull())
        .addColumn('owner', 'text', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .execute();
    },
  },
  {
    name: '0002-overrides',
    async up(db, traits) {
      await db.schema
        .createTable('override')
        .addColumn('policy_domain', 'text', (column) => column.primaryKey().notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('policy_text', 'text')
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('ends_at', 'bigint', (column) => column.notNull())
        .addColumn('added_at', 'bigint', (column) => column.notNull())
        .addColumn('added_by', 'text', (column) => column.notNull())
        .addColumn('end_noted', 'integer', (column) => column.notNull())
        .execute();
      const audit = db.schema.createTable('override_audit');
      const numbered =
        traits.engine === 'sqlite'
          ? audit.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
          : audit.addColumn('id', 'bigserial', (column) => column.primaryKey());
      await numbered
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('action', 'text', (column) => column.notNull())
        .addColumn('by_whom', 'text', (column) => column.notNull())
        .addColumn('policy_domain', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('policy_text', 'text')
        .addColumn('reason', 'text', (column) => column.notNull())
        .addColumn('ends_at', 'bigint', (column) => column.notNull())
        .execute();
      for (const statement of appendOnly(traits)) await sql.raw(statement).execute(db);
    },
  },
  QUEUE_STEP,
  SESSION_TALLY_STEP,
  REPORT_OUTBOX_STEP,
  RECEIVED_REPORTS_STEP,
  REPORT_ALERTS_STEP,
];

/** What makes the database itself refuse to change or delete a line of the audit. */
function appendOnly({ engine }: EngineTraits): readonly string[] {
  const refusal = 'override_audit is append-only';
  if (engine === 'sqlite') {
    return ['update', 'delete'].map(
      (verb) =>
        `create trigger override_audit_no_${verb} before ${verb} on override_audit ` +
        `begin select raise(abort, '${refusal}'); end`,
    );
  }
  return [
    `create function override_audit_refuse() returns trigger language plpgsql as ` +
      `$$ begin raise exception '${refusal}'; end $$`,
    `create trigger override_audit_no_change before update or delete on override_audit ` +
      `for each statement execute function override_audit_refuse()`,
  ];
}
