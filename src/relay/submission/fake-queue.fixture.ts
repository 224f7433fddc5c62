/**
 * A queue that keeps messages in memory and can be told to fail.
 *
 * @module
 */
import { fail, ok } from '../../failure.ts';
import type { Outcome } from '../../failure.ts';
import type { ErrorCode } from '../../errors.ts';
import type { MessageSink, NewMessage, Queue } from '../queue/types.ts';

/** A message as it was queued. */
export interface Kept {
  readonly id: string;
  readonly message: NewMessage;
  readonly content: string;
}

/** The queue and the strings by which it is pulled. */
export interface FakeQueue extends Pick<Queue, 'open'> {
  readonly kept: readonly Kept[];
  /** Sinks that were given up. */
  readonly aborted: number;
  /** Sinks that are neither committed nor given up. */
  readonly underWay: number;
  /** Parts that were written. */
  readonly writes: readonly number[];
  /** The next commits fail with this code. */
  failWith: string | undefined;
  /** Writes reject. */
  breaks: boolean;
  /** Writes wait for it. */
  writeGate: Promise<void> | undefined;
  /** Commits wait for it. */
  gate: Promise<void> | undefined;
}

/** An empty queue; its ids are `M1`, `M2` … */
export function fakeQueue(): FakeQueue {
  const kept: Kept[] = [];
  const writes: number[] = [];
  let opened = 0;
  let aborted = 0;
  const queue = {
    kept,
    writes,
    get aborted() {
      return aborted;
    },
    get underWay() {
      return opened - kept.length - aborted;
    },
    failWith: undefined as string | undefined,
    breaks: false,
    writeGate: undefined as Promise<void> | undefined,
    gate: undefined as Promise<void> | undefined,
    open(): MessageSink {
      opened += 1;
      const id = `M${opened}`;
      const pieces: Buffer[] = [];
      return {
        id,
        async write(chunk) {
          await queue.writeGate;
          if (queue.breaks) throw new Error('disk on fire');
          writes.push(chunk.length);
          pieces.push(Buffer.from(chunk));
        },
        async commit(message): Promise<Outcome<string>> {
          await queue.gate;
          if (queue.failWith !== undefined) {
            aborted += 1;
            return fail(queue.failWith as ErrorCode, 'no room');
          }
          kept.push({ id, message, content: Buffer.concat(pieces).toString('utf8') });
          return ok(id);
        },
        async abort() {
          aborted += 1;
        },
      };
    },
  };
  return queue;
}
