/**
 * Places that get no reports, kept in the store: whoever asks to be left alone is left alone.
 *
 * @module
 */
import type { ReportSuppressionTable } from '../../store/outbox-tables.ts';
import type { Store } from '../../store/types.ts';
import type { ReportTarget } from '../../tlsrpt/types.ts';
import { suppressionKeys } from './place.ts';

/** A place on the list. */
export interface Suppression {
  /** A mail address, or a domain or host with all below it; lower case, A-labels. */
  readonly place: string;
  readonly reason: string;
  /** Milliseconds since the Unix epoch. */
  readonly addedAt: number;
  readonly addedBy: string;
}

/** Puts a place on the list, or gives it another reason. */
export async function addSuppression(
  store: Store,
  added: Suppression,
): Promise<'added' | 'changed' | 'unchanged'> {
  return await store.db.transaction().execute(async (transaction) => {
    const old = await transaction
      .selectFrom('report_suppression')
      .selectAll()
      .where('place', '=', added.place)
      .executeTakeFirst();
    if (old?.reason === added.reason) return 'unchanged';
    const { place, reason, addedAt, addedBy } = added;
    const rest = { reason, added_at: addedAt, added_by: addedBy };
    await transaction
      .insertInto('report_suppression')
      .values({ place, ...rest })
      .onConflict((conflict) => conflict.column('place').doUpdateSet(rest))
      .execute();
    return old === undefined ? 'added' : 'changed';
  });
}

/** Takes a place off the list. @returns whether it stood there */
export async function dropSuppression(store: Store, place: string): Promise<boolean> {
  const { numDeletedRows } = await store.db
    .deleteFrom('report_suppression')
    .where('place', '=', place)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** The list, by place. */
export async function readSuppressions(store: Store): Promise<readonly Suppression[]> {
  const rows = await store.db
    .selectFrom('report_suppression')
    .selectAll()
    .orderBy('place')
    .execute();
  return rows.map(suppressionOf);
}

/** What on the list is about the target; undefined where it may get reports. */
export async function suppressionFor(
  store: Store,
  target: ReportTarget,
): Promise<Suppression | undefined> {
  const row = await store.db
    .selectFrom('report_suppression')
    .selectAll()
    .where('place', 'in', suppressionKeys(target))
    .orderBy('place')
    .executeTakeFirst();
  return row === undefined ? undefined : suppressionOf(row);
}

function suppressionOf(row: ReportSuppressionTable): Suppression {
  const { place, reason, added_at: addedAt, added_by: addedBy } = row;
  return { place, reason, addedAt, addedBy };
}
