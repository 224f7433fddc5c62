/**
 * Leases: work that one node at a time does is done by whoever holds the lease of that name.
 *
 * @module
 */
import type { Store } from './types.ts';

/** A claim. */
export interface LeaseClaim {
  /** What the work is called. */
  readonly name: string;
  /** Who asks; the same for the life of a process. */
  readonly owner: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** How long the lease holds unless renewed, milliseconds. */
  readonly holdMs: number;
}

/**
 * Takes the lease, or renews it if it is ours. One statement, so two nodes cannot both win.
 * A deadline further off than `holdMs` was written by a clock that ran ahead, and is not honoured
 * beyond twice that time: a jump of the clock must not leave the work undone for a year.
 *
 * @returns true if we hold it until `now + holdMs`
 */
export async function takeLease(store: Store, claim: LeaseClaim): Promise<boolean> {
  const deadline = claim.now + claim.holdMs;
  const result = await store.db
    .insertInto('lease')
    .values({ name: claim.name, owner: claim.owner, expires_at: deadline })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ owner: claim.owner, expires_at: deadline })
        .where((is) =>
          is.or([
            is('lease.owner', '=', claim.owner),
            is('lease.expires_at', '<=', claim.now),
            is('lease.expires_at', '>', claim.now + 2 * claim.holdMs),
          ]),
        ),
    )
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/** Gives the lease back early; does nothing if it is not ours. */
export async function releaseLease(
  store: Store,
  claim: Pick<LeaseClaim, 'name' | 'owner'>,
): Promise<void> {
  await store.db
    .deleteFrom('lease')
    .where('name', '=', claim.name)
    .where('owner', '=', claim.owner)
    .execute();
}
