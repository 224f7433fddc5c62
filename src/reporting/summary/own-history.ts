/**
 * Remembers what we saw of ourselves: a row for each change, so that "since when" can be said later.
 *
 * @module
 */
import type { OwnStateTable } from '../../store/alert-tables.ts';
import type { Store } from '../../store/types.ts';
import type { Seen } from './own-state-types.ts';

/** Something seen. */
export interface Sighting {
  /** A domain or an MX host. */
  readonly subject: string;
  readonly kind: OwnStateTable['kind'];
  /** What JSON can hold. */
  readonly value: unknown;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** Changes that are read; older ones explain nothing any more. */
const MOST_CHANGES = 100;

/** Notes what was seen: the same as last time only moves its end. */
export async function noteSighting(store: Store, sighting: Sighting): Promise<void> {
  const { subject, kind, at } = sighting;
  const value = JSON.stringify(sighting.value ?? null);
  const newest = await store.db
    .selectFrom('own_state')
    .selectAll()
    .where('subject', '=', subject)
    .where('kind', '=', kind)
    .orderBy('first_seen', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (newest?.value === value) {
    await store.db
      .updateTable('own_state')
      .set({ last_seen: at })
      .where('subject', '=', subject)
      .where('kind', '=', kind)
      .where('first_seen', '=', newest.first_seen)
      .where('last_seen', '<', at)
      .execute();
    return;
  }
  // A clock that was set back must not put the newest below the others.
  const firstSeen = Math.max(at, (newest?.first_seen ?? 0) + 1);
  await store.db
    .insertInto('own_state')
    .values({ subject, kind, first_seen: firstSeen, last_seen: firstSeen, value })
    .onConflict((conflict) => conflict.columns(['subject', 'kind', 'first_seen']).doNothing())
    .execute();
}

/** What was seen, newest first. Two nodes may have noted the same: that is one entry. */
export async function readSightings<T>(
  store: Store,
  { subject, kind }: Pick<Sighting, 'subject' | 'kind'>,
): Promise<readonly Seen<T>[]> {
  const rows = await store.db
    .selectFrom('own_state')
    .selectAll()
    .where('subject', '=', subject)
    .where('kind', '=', kind)
    .orderBy('first_seen', 'desc')
    .limit(MOST_CHANGES)
    .execute();
  const merged: OwnStateTable[] = [];
  for (const row of rows) {
    const newer = merged.at(-1);
    if (newer?.value === row.value) {
      merged[merged.length - 1] = { ...newer, first_seen: row.first_seen };
    } else merged.push(row);
  }
  return merged.map(({ value, first_seen: firstSeen, last_seen: lastSeen }) => ({
    value: (JSON.parse(value) ?? undefined) as T,
    firstSeen,
    lastSeen,
  }));
}

/** Forgets what ended before a moment; what holds now stays. */
export async function pruneSightings(store: Store, before: number): Promise<void> {
  await store.db
    .deleteFrom('own_state')
    .where('last_seen', '<', before)
    .where((is) =>
      is.exists(
        is
          .selectFrom('own_state as newer')
          .select('newer.subject')
          .whereRef('newer.subject', '=', 'own_state.subject')
          .whereRef('newer.kind', '=', 'own_state.kind')
          .whereRef('newer.first_seen', '>', 'own_state.first_seen'),
      ),
    )
    .execute();
}
