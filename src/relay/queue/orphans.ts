/**
 * Parts that belong to no message, neither an accepted one nor one on its way: clears them away, a
 * stretch of the table at a time.
 *
 * @module
 */
import type { Store } from '../../store/types.ts';
import { forEngine, runText } from './statements.ts';

/** Parts looked at in one go. */
const STRETCH = 1_000;
/** After every message id. */
const THE_END = '~';

/** Each call looks at the next stretch; after the last comes the first. */
export function createOrphanSweep(store: Store): () => Promise<void> {
  const end = forEngine(
    store.traits,
    'select message_id from queue_part where message_id > ? ' +
      `order by message_id, number limit 1 offset ${STRETCH - 1}`,
  );
  // One statement: it sees a message before its acceptance, with its mark, or after.
  const clear = forEngine(
    store.traits,
    'delete from queue_part where message_id > ? and message_id <= ? ' +
      'and not exists (select 1 from queue_message m where m.id = queue_part.message_id) ' +
      'and not exists (select 1 from queue_upload u where u.message_id = queue_part.message_id)',
  );
  let after = '';
  return async () => {
    const { rows } = await runText<{ message_id: string }>(store.db, end, [after]);
    const last = rows[0]?.message_id ?? THE_END;
    await runText(store.db, clear, [after, last]);
    after = last === THE_END ? '' : last;
  };
}
