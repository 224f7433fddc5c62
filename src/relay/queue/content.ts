/**
 * Content of queued messages: kept in memory for jobs that are handed over at once, as long as
 * there is room, and read back from the store part by part.
 *
 * @module
 */
import type { Store } from '../../store/types.ts';
import type { MessageSource } from '../../smtp/types.ts';
import { QueueError } from './queue-error.ts';
import { forEngine, runText } from './statements.ts';
import type { QueuedMessage } from './types.ts';

/** Contents in memory, bounded in total. */
export interface ContentMemory {
  /** Keeps a content for so many users, if there is room. */
  keep(messageId: string, content: Uint8Array, users: number): void;
  /** One user less. */
  release(messageId: string): void;
  get(messageId: string): Uint8Array | undefined;
  /** Octets in memory. */
  readonly size: number;
}

/** An empty memory of at most `limit` octets. */
export function createContentMemory(limit: number): ContentMemory {
  const contents = new Map<string, { readonly content: Uint8Array; users: number }>();
  let size = 0;
  return {
    keep(messageId, content, users) {
      if (users < 1 || size + content.byteLength > limit) return;
      contents.set(messageId, { content, users });
      size += content.byteLength;
    },
    release(messageId) {
      const entry = contents.get(messageId);
      if (entry === undefined) return;
      entry.users -= 1;
      if (entry.users > 0) return;
      contents.delete(messageId);
      size -= entry.content.byteLength;
    },
    get: (messageId) => contents.get(messageId)?.content,
    get size() {
      return size;
    },
  };
}

/** How a content is read. */
export interface ContentReader {
  /** Each walk over the source begins at the start; it rejects where the content is not whole. */
  read(message: Pick<QueuedMessage, 'id' | 'size'>): MessageSource;
}

/** Reads from memory, else from the store, one part at a time. */
export function createContentReader(store: Store, memory: ContentMemory): ContentReader {
  const text = forEngine(
    store.traits,
    'select data from queue_part where message_id = ? and number = ?',
  );
  const part = async (messageId: string, number: number): Promise<Uint8Array | undefined> => {
    const { rows } = await runText<{ data: Uint8Array }>(store.db, text, [messageId, number]);
    return rows[0]?.data;
  };
  async function* fromStore({
    id,
    size,
  }: Pick<QueuedMessage, 'id' | 'size'>): AsyncGenerator<Uint8Array> {
    let octets = 0;
    for (let number = 0; octets < size; number += 1) {
      const data = await part(id, number);
      // What is cut short must fail on the way, never arrive as if it were whole.
      if (data === undefined) throw notWhole(id, octets, size);
      octets += data.byteLength;
      if (octets > size) throw notWhole(id, octets, size);
      yield data;
    }
  }
  return {
    read(message) {
      const content = memory.get(message.id);
      if (content !== undefined) return [content];
      return { [Symbol.asyncIterator]: () => fromStore(message) };
    },
  };
}

function notWhole(id: string, octets: number, size: number): QueueError {
  return new QueueError({
    code: 'QUEUE_CONTENT_DAMAGED',
    detail: `message ${id} has ${octets} octets in the database, and was accepted with ${size}`,
  });
}
