/**
 * Takes the content of one message: little of it in memory, the rest into the store in parts.
 *
 * @module
 */
import type { Failure, Outcome } from '../../failure.ts';
import type { Acceptance, FreshJob, Part } from './accept.ts';
import { destinationOf } from './destination.ts';
import { failureOf } from './queue-error.ts';
import { acceptedMessage, freshRecipient } from './rows.ts';
import type { NewMessage, QueuedRecipient } from './types.ts';

/** Octets of a part; this much of each message that comes in may be in memory. */
export const PART_OCTETS = 256 * 1024;

/** What a sink stands on. */
export interface SinkOptions {
  readonly id: string;
  readonly now: () => number;
  /** Why content of so many octets is not to be written now; undefined: it may be. */
  readonly refusal: (octets: number) => Promise<Failure | undefined>;
  /** Writes parts of a message that is not accepted yet; resolves when they are on disk. */
  readonly upload: (parts: readonly Part[]) => Promise<unknown>;
  /** Takes away what `upload` wrote. */
  readonly discard: (messageId: string) => Promise<void>;
  /** Does somebody promise to take a fresh job? */
  readonly hasRoom: (destination: string) => boolean;
}

/** A message whose content is complete: all that is left to write. */
export interface Prepared {
  readonly acceptance: Acceptance;
  /** The whole content where all of it is still in memory. */
  readonly content: Uint8Array | undefined;
}

/** A sink that does not commit by itself. */
export interface ContentSink {
  readonly id: string;
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the content. Asks for room, so whoever gets this must say what became of the promises. */
  prepare(message: NewMessage): Promise<Outcome<Prepared>>;
  /** Nothing of the message remains. */
  abort(): Promise<void>;
}

/** A sink without content. */
export function createContentSink(options: SinkOptions): ContentSink {
  const { id } = options;
  let buffered: Uint8Array[] = [];
  let inBuffer = 0;
  let size = 0;
  let parts = 0;
  let failure: Failure | undefined;
  let state: 'open' | 'done' = 'open';
  let writing: Promise<void> = Promise.resolve();

  /** The first of a buffer's octets as parts; what is left stays in the buffer. */
  const cutParts = (least: number): readonly Part[] => {
    const all = buffered.length === 1 ? buffered[0]! : Buffer.concat(buffered, inBuffer);
    const cut: Part[] = [];
    let start = 0;
    while (all.byteLength - start >= least && start < all.byteLength) {
      const data = all.subarray(start, start + PART_OCTETS);
      cut.push({ messageId: id, number: parts, data });
      parts += 1;
      start += data.byteLength;
    }
    const rest = all.subarray(start);
    buffered = rest.byteLength === 0 ? [] : [rest];
    inBuffer = rest.byteLength;
    return cut;
  };

  const flush = async (): Promise<void> => {
    if (inBuffer < PART_OCTETS || failure !== undefined) return;
    const whole = cutParts(PART_OCTETS);
    try {
      for (const part of whole) {
        failure = await options.refusal(part.data.byteLength);
        if (failure !== undefined) break;
        await options.upload([part]);
      }
    } catch (error) {
      failure = failureOf(error);
    }
    if (failure === undefined) return;
    buffered = [];
    inBuffer = 0;
  };

  const end = (): void => {
    if (state === 'done') throw new Error(`message ${id} is committed or aborted already`);
    state = 'done';
  };

  const discard = async (): Promise<void> => {
    buffered = [];
    inBuffer = 0;
    if (parts > 0) await options.discard(id);
  };

  return {
    id,
    async write(chunk) {
      if (state === 'done') throw new Error(`message ${id} is committed or aborted already`);
      size += chunk.byteLength;
      if (failure !== undefined) return;
      buffered.push(chunk);
      inBuffer += chunk.byteLength;
      if (inBuffer < PART_OCTETS) return;
      writing = writing.then(flush);
      await writing;
    },
    async prepare(message) {
      end();
      await writing;
      if (failure === undefined && message.recipients.length === 0) {
        failure = { code: 'QUEUE_MESSAGE_REFUSED', detail: `message ${id} has no recipient` };
      }
      failure ??= await options.refusal(inBuffer);
      if (failure !== undefined) {
        await discard();
        return { ok: false, failure };
      }
      const uploaded = parts > 0;
      const rest = cutParts(1);
      const acceptance: Acceptance = {
        message: acceptedMessage(message, { id, acceptedAt: options.now(), size }),
        jobs: freshJobs(message, options.hasRoom),
        parts: rest,
        uploaded,
      };
      const content = uploaded || rest.length > 1 ? undefined : (rest[0]?.data ?? new Uint8Array());
      return { ok: true, value: { acceptance, content } };
    },
    async abort() {
      state = 'done';
      await writing;
      await discard();
    },
  };
}

/** One job for each destination, in the order of their first recipients. */
function freshJobs(
  message: NewMessage,
  hasRoom: (destination: string) => boolean,
): readonly FreshJob[] {
  const groups = new Map<string, QueuedRecipient[]>();
  for (const [number, recipient] of message.recipients.entries()) {
    const destination = destinationOf(recipient.address);
    const group = groups.get(destination);
    const fresh = freshRecipient(recipient, number);
    if (group === undefined) groups.set(destination, [fresh]);
    else group.push(fresh);
  }
  return Array.from(groups, ([destination, recipients]) => ({
    destination,
    recipients,
    taken: hasRoom(destination),
  }));
}
