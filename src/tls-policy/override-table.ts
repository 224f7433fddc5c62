/**
 * The table of overrides and its audit, the same on both engines. Every change and its line in the
 * audit are one transaction.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { OverrideAuditTable, OverrideTable, Schema, Store } from '../store/types.ts';
import { isInForce, type Override } from './overrides.ts';

/** What became of an override that was added. */
export type AddResult = 'added' | 'changed' | 'unchanged';

/** A line of the audit. */
export interface AuditLine {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly action: OverrideAuditTable['action'];
  /** The operating system's user; {@link THE_CLOCK} for an end that came by itself. */
  readonly by: string;
  /** The override as it was after the change, or as it was dropped. */
  readonly override: Override;
}

/** Who ends overrides that nobody dropped. */
export const THE_CLOCK = 'the clock';

/** Every override, those that are over too, by domain. */
export async function readOverrides(store: Store): Promise<readonly Override[]> {
  const rows = await store.db.selectFrom('override').selectAll().orderBy('policy_domain').execute();
  return rows.map(overrideOf);
}

/**
 * Adds an override, or puts it in the place of the domain's other one. The same kind, reason, end
 * and policy once more change nothing.
 */
export async function addOverride(store: Store, added: Override): Promise<AddResult> {
  return await store.db.transaction().execute(async (transaction) => {
    const old = await readRow(transaction, added.policyDomain);
    if (old !== undefined && isSame(old, added)) return 'unchanged';
    const wasInForce = old !== undefined && isInForce(overrideOf(old), added.addedAt);
    if (old !== undefined && !wasInForce && old.end_noted === 0) {
      await note(transaction, 'expired', { at: added.addedAt, by: THE_CLOCK, of: overrideOf(old) });
    }
    const { policy_domain: _key, ...rest } = rowOf(added);
    await transaction
      .insertInto('override')
      .values(rowOf(added))
      .onConflict((conflict) => conflict.column('policy_domain').doUpdateSet(rest))
      .execute();
    const action = wasInForce ? 'changed' : 'added';
    await note(transaction, action, { at: added.addedAt, by: added.addedBy, of: added });
    return action;
  });
}

/** Who drops what. */
export interface Drop {
  readonly policyDomain: string;
  readonly by: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** Drops the domain's override. @returns what was dropped; undefined if there was none */
export async function dropOverride(store: Store, drop: Drop): Promise<Override | undefined> {
  return await store.db.transaction().execute(async (transaction) => {
    const old = await readRow(transaction, drop.policyDomain);
    if (old === undefined) return undefined;
    const gone = await transaction
      .deleteFrom('override')
      .where('policy_domain', '=', drop.policyDomain)
      .executeTakeFirst();
    // Another node's operator was quicker: the line is theirs.
    if (gone.numDeletedRows === 0n) return undefined;
    const of = overrideOf(old);
    await note(transaction, 'dropped', { at: drop.at, by: drop.by, of });
    return of;
  });
}

/**
 * Puts the ends that came by themselves into the audit, each once however many nodes look.
 *
 * @returns those that this call has put there
 */
export async function noteEnds(store: Store, now: number): Promise<readonly Override[]> {
  const over = await store.db
    .selectFrom('override')
    .selectAll()
    .where('ends_at', '<=', now)
    .where('end_noted', '=', 0)
    .execute();
  const noted: Override[] = [];
  for (const row of over) if (await noteEnd(store, row, now)) noted.push(overrideOf(row));
  return noted;
}

async function noteEnd(store: Store, row: OverrideTable, at: number): Promise<boolean> {
  return await store.db.transaction().execute(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('override')
      .set({ end_noted: 1 })
      .where('policy_domain', '=', row.policy_domain)
      .where('ends_at', '=', row.ends_at)
      .where('end_noted', '=', 0)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    await note(transaction, 'expired', { at, by: THE_CLOCK, of: overrideOf(row) });
    return true;
  });
}

/** The audit, oldest first; of one domain or of all. */
export async function readAudit(
  store: Store,
  policyDomain?: string,
): Promise<readonly AuditLine[]> {
  const all = store.db.selectFrom('override_audit').selectAll().orderBy('id');
  const asked = policyDomain === undefined ? all : all.where('policy_domain', '=', policyDomain);
  const rows = await asked.execute();
  return rows.map((row) => ({
    at: row.at,
    action: row.action,
    by: row.by_whom,
    override: overrideOf({ ...row, added_at: row.at, added_by: row.by_whom }),
  }));
}

type Db = Transaction<Schema>;

async function readRow(db: Db, policyDomain: string): Promise<OverrideTable | undefined> {
  return await db
    .selectFrom('override')
    .selectAll()
    .where('policy_domain', '=', policyDomain)
    .executeTakeFirst();
}

async function note(
  db: Db,
  action: AuditLine['action'],
  what: { readonly at: number; readonly by: string; readonly of: Override },
): Promise<void> {
  const { policy_domain, kind, policy_text, reason, ends_at } = rowOf(what.of);
  const line = { policy_domain, kind, policy_text, reason, ends_at };
  await db
    .insertInto('override_audit')
    .values({ ...line, at: what.at, action, by_whom: what.by })
    .execute();
}

function rowOf(override: Override): OverrideTable {
  return {
    policy_domain: override.policyDomain,
    kind: override.kind,
    policy_text: override.kind === 'pin' ? override.policyText : null,
    reason: override.reason,
    ends_at: override.until,
    added_at: override.addedAt,
    added_by: override.addedBy,
    end_noted: 0,
  };
}

function overrideOf(row: Omit<OverrideTable, 'end_noted'>): Override {
  const terms = {
    policyDomain: row.policy_domain,
    reason: row.reason,
    until: row.ends_at,
    addedAt: row.added_at,
    addedBy: row.added_by,
  };
  return row.kind === 'pin'
    ? { ...terms, kind: row.kind, policyText: row.policy_text ?? '' }
    : { ...terms, kind: row.kind };
}

function isSame(row: OverrideTable, added: Override): boolean {
  const wanted = rowOf(added);
  return (['kind', 'policy_text', 'reason', 'ends_at'] as const).every(
    (column) => row[column] === wanted[column],
  );
}
