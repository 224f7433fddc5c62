/**
 * One store, two engines: the schema, and what differs between SQLite and PostgreSQL.
 *
 * @module
 */
import type { Generated, Kysely } from 'kysely';
import type { AlertTables } from './alert-tables.ts';
import type { ArchiveTables } from './archive-tables.ts';
import type { OutboxTables } from './outbox-tables.ts';
import type { QueueTables } from './queue-tables.ts';
import type { TallyTables } from './tally-tables.ts';

/** One cached policy. Times are milliseconds since the Unix epoch. */
export interface StsPolicyTable {
  policy_domain: string;
  record_id: string;
  /** The policy's text as fetched; '' for a domain that was forgotten, so that other nodes forget it too. */
  policy_text: string;
  mode: 'enforce' | 'testing' | 'none';
  fetched_at: number;
  /** 0 for a domain that was forgotten. */
  expires_at: number;
  last_used_at: number;
  next_refresh_at: number;
  /** Failed refreshes since the last success. */
  failures_in_a_row: number;
  /** Error code, detail and RFC 8460 result type of the newest failure, or null. */
  failure_code: string | null;
  failure_detail: string | null;
  failure_type: string | null;
  /** When the row was last written, by the writer's clock: what other nodes poll by. */
  changed_at: number;
}

/** A lease: leader work is done by the node that holds it until `expires_at`. */
export interface LeaseTable {
  name: string;
  owner: string;
  expires_at: number;
}

/** An operator's decision for one policy domain. Times are milliseconds since the Unix epoch. */
export interface OverrideTable {
  policy_domain: string;
  kind: 'skip' | 'require-tls' | 'enforce-testing' | 'pin';
  /** Of `pin` alone. */
  policy_text: string | null;
  reason: string;
  ends_at: number;
  added_at: number;
  /** The operating system's user. */
  added_by: string;
  /** 1 once the end is in the audit. */
  end_noted: 0 | 1;
}

/** A line of the audit of overrides: written, never changed. */
export interface OverrideAuditTable {
  id: Generated<number>;
  at: number;
  action: 'added' | 'changed' | 'dropped' | 'expired';
  by_whom: string;
  policy_domain: string;
  kind: OverrideTable['kind'];
  policy_text: string | null;
  reason: string;
  ends_at: number;
}

/** All tables. */
export interface Schema extends QueueTables, TallyTables, OutboxTables, ArchiveTables, AlertTables {
  sts_policy: StsPolicyTable;
  lease: LeaseTable;
  override: OverrideTable;
  override_audit: OverrideAuditTable;
}

/** What an engine can do; the only place where engines differ. */
export interface EngineTraits {
  readonly engine: 'sqlite' | 'postgres';
  /** `FOR UPDATE SKIP LOCKED`. */
  readonly rowLocks: boolean;
}

/** Room for a file on its disk, in octets. */
export interface DiskSpace {
  readonly file: string;
  /** Of the file system. */
  readonly total: number;
  /** Of the file system, for us. */
  readonly free: number;
  /** Inside the file: what was deleted and not written over yet. */
  readonly reusable: number;
}

/** An open database. */
export interface Store {
  readonly db: Kysely<Schema>;
  readonly traits: EngineTraits;
  /** Looks how much the disk can take; absent where the store has no disk of ours. */
  readonly space?: () => Promise<DiskSpace>;
  close(): Promise<void>;
}
