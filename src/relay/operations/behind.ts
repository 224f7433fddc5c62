/**
 * Why a message that nobody has tried yet waits: what was said of another one at its destination.
 *
 * @module
 */
import { sql } from 'kysely';
import type { Store } from '../../store/types.ts';

/** What the newest attempt at a destination said of another message. */
export interface Behind {
  readonly text: string;
  readonly code: string;
  readonly host: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** Jobs looked at: those tried last are due last, about. */
const LOOKED_AT = 100;

/** Destinations remembered. */
const KEPT = 1_000;

/** Reads it, each destination once; undefined where nothing was tried there, or it went well. */
export function behindReader(store: Store): (destination: string) => Promise<Behind | undefined> {
  const known = new Map<string, Behind | undefined>();
  return async (destination) => {
    if (known.has(destination)) return known.get(destination);
    const found = await readBehind(store, destination);
    if (known.size < KEPT) known.set(destination, found);
    return found;
  };
}

/** The same for one destination. */
export async function readBehind({ db }: Store, destination: string): Promise<Behind | undefined> {
  const tried = db
    .selectFrom('queue_job')
    .select(['message_id', 'destination'])
    .where(sql<boolean>`state = 'waiting' and taken_by is null`)
    .where('destination', '=', destination)
    .orderBy('next_at', 'desc')
    .orderBy('message_id', 'desc')
    .limit(LOOKED_AT)
    .as('tried');
  const row = await db
    .selectFrom(tried)
    .innerJoin('queue_recipient as r', (join) =>
      join
        .onRef('r.message_id', '=', 'tried.message_id')
        .onRef('r.destination', '=', 'tried.destination'),
    )
    .select(['r.last_text', 'r.last_code', 'r.last_host', 'r.last_at'])
    .where('r.state', '=', 'waiting')
    .where('r.last_at', '>', 0)
    .orderBy('r.last_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return { text: row.last_text, code: row.last_code, host: row.last_host, at: row.last_at };
}
