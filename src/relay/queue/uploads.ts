/**
 * Parts of messages that are not accepted yet: written as they come, removed when nothing comes of it.
 *
 * @module
 */
import type { Store } from '../../store/types.ts';
import type { Part } from './accept.ts';
import { forEngine, runText } from './statements.ts';
import type { Writer } from './write-works.ts';

/** The uploads of this node. */
export interface Uploads {
  /** Resolves when the parts are on disk. */
  write(parts: readonly Part[]): Promise<void>;
  /** The message is accepted: its parts are no upload any more. */
  accepted(messageId: string): void;
  /** Removes the parts; where the database is gone, `sweep` does it later. */
  discard(messageId: string): Promise<void>;
  /** Removes parts of this node that no message in progress wants. */
  sweep(): Promise<void>;
}

/** Uploads into a store. */
export function createUploads(store: Store, owner: string, writer: Writer): Uploads {
  const live = new Set<string>();
  const text = (written: string): string => forEngine(store.traits, written);
  // Only where the mark is ours still: an accepted message has none, and keeps its parts.
  const removeParts = text(
    'delete from queue_part where message_id in ' +
      '(select message_id from queue_upload where message_id = ? and owner = ?)',
  );
  const removeMark = text('delete from queue_upload where message_id = ? and owner = ?');
  const marks = text('select message_id from queue_upload where owner = ?');

  const remove = async (messageId: string): Promise<void> => {
    await store.db.transaction().execute(async (transaction) => {
      await runText(transaction, removeParts, [messageId, owner]);
      await runText(transaction, removeMark, [messageId, owner]);
    });
  };

  return {
    async write(parts) {
      for (const { messageId } of parts) live.add(messageId);
      await Promise.all(parts.map(async (part) => await writer.submit({ kind: 'part', part })));
    },
    accepted(messageId) {
      live.delete(messageId);
    },
    async discard(messageId) {
      live.delete(messageId);
      await remove(messageId).catch(() => undefined);
    },
    async sweep() {
      const { rows } = await runText<{ message_id: string }>(store.db, marks, [owner]);
      for (const row of rows) if (!live.has(row.message_id)) await remove(row.message_id);
    },
  };
}
