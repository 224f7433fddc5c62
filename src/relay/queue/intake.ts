/**
 * Accepts messages: sinks, the commit, and fresh jobs handed over without a way through the database.
 *
 * @module
 */
import { fail, ok, type Outcome } from '../../failure.ts';
import type { TakenJob } from './due-jobs.ts';
import type { Acceptance, FreshJob } from './accept.ts';
import type { ContentMemory } from './content.ts';
import type { LocalJobs } from './local-jobs.ts';
import { failureOf, QueueError } from './queue-error.ts';
import { createContentSink, type ContentSink, type Prepared } from './sink.ts';
import type { SpaceGuard } from './space-guard.ts';
import type { HandOver, Job, JobKey, MessageSink, NewMessage, Notification } from './types.ts';
import type { Uploads } from './uploads.ts';
import type { Writer } from './write-works.ts';

/** Contents up to this size stay in memory until the first attempt. */
const SMALL_OCTETS = 64 * 1024;

/** What accepting stands on. */
export interface IntakeOptions {
  readonly nextId: () => string;
  readonly now: () => number;
  readonly writer: Writer;
  readonly uploads: Uploads;
  /** Asked for mail from outside alone: a notification is part of a settlement, which makes room. */
  readonly guard: SpaceGuard;
  readonly memory: ContentMemory;
  readonly local: LocalJobs;
  /** Of this node, now (see `NodeLife`). */
  readonly tenure: () => number;
  /** Who takes fresh jobs; undefined: nobody. */
  readonly handOver: () => HandOver | undefined;
  /** May fresh jobs be taken? False where other nodes may think that this one is dead. */
  readonly mayHandOver: () => boolean;
  readonly withContent: (job: TakenJob) => Job;
  /** Nothing is accepted any more. */
  readonly closed: () => boolean;
}

/** Accepts messages. */
export interface Intake {
  open(): MessageSink;
  /** Content and rows of a notification, ready for the transaction of its settlement. */
  prepare(notification: Notification): Promise<Prepared>;
  /** The transaction is on disk. */
  committed(prepared: Prepared): void;
  /** Nothing of the message was written, or is to stay. */
  failed(prepared: Prepared): Promise<void>;
}

/** Accepts messages of this node. */
export function createIntake(options: IntakeOptions): Intake {
  const { writer, uploads, memory, local } = options;

  const newSink = (refusal: SpaceGuard['refusal']): ContentSink =>
    createContentSink({
      id: options.nextId(),
      now: options.now,
      refusal,
      upload: async (parts) => await uploads.write(parts),
      discard: async (messageId) => await uploads.discard(messageId),
      hasRoom: (destination) =>
        options.mayHandOver() && (options.handOver()?.hasRoom(destination) ?? false),
    });

  const committed = ({ acceptance, content }: Prepared): void => {
    const { message, jobs } = acceptance;
    uploads.accepted(message.id);
    const taken = jobs.filter((job) => job.taken);
    if (content !== undefined && content.byteLength <= SMALL_OCTETS) {
      memory.keep(message.id, content, taken.length);
    }
    const handOver = options.handOver();
    for (const fresh of jobs) {
      if (fresh.taken) handOver?.accepted(fresh.destination, jobOf(acceptance, fresh, options));
      else handOver?.left(fresh.destination);
    }
  };

  const failed = async ({ acceptance }: Prepared): Promise<void> => {
    const handOver = options.handOver();
    for (const key of takenKeys(acceptance)) {
      local.remove(key);
      handOver?.accepted(key.destination, undefined);
    }
    if (acceptance.uploaded) await uploads.discard(acceptance.message.id);
  };

  const prepare = async (sink: ContentSink, message: NewMessage): Promise<Outcome<Prepared>> => {
    const prepared = await sink.prepare(message);
    if (!prepared.ok) return prepared;
    for (const key of takenKeys(prepared.value.acceptance)) local.add(key, options.tenure());
    return prepared;
  };

  const commit = async (sink: ContentSink, message: NewMessage): Promise<Outcome<string>> => {
    if (options.closed()) {
      await sink.abort();
      return fail('QUEUE_CLOSED', 'the queue is being closed');
    }
    const prepared = await prepare(sink, message);
    if (!prepared.ok) return prepared;
    try {
      await writer.submit({ kind: 'accept', acceptance: prepared.value.acceptance });
    } catch (error) {
      await failed(prepared.value);
      return { ok: false, failure: failureOf(error) };
    }
    committed(prepared.value);
    return ok(sink.id);
  };

  return {
    open() {
      const sink = newSink(async (octets) => await options.guard.refusal(octets));
      return {
        id: sink.id,
        write: async (chunk) => await sink.write(chunk),
        abort: async () => await sink.abort(),
        commit: async (message) => await commit(sink, message),
      };
    },
    async prepare({ message, content }) {
      const sink = newSink(neverRefused);
      try {
        for await (const chunk of content) await sink.write(chunk);
      } catch (error) {
        await sink.abort();
        throw error;
      }
      const prepared = await prepare(sink, message);
      if (!prepared.ok) throw new QueueError(prepared.failure);
      return prepared.value;
    },
    committed,
    failed,
  };
}

async function neverRefused(): Promise<undefined> {
  return await Promise.resolve(undefined);
}

function takenKeys({ message, jobs }: Acceptance): readonly JobKey[] {
  return jobs
    .filter(({ taken }) => taken)
    .map(({ destination }) => ({ messageId: message.id, destination }));
}

function jobOf({ message }: Acceptance, fresh: FreshJob, options: IntakeOptions): Job {
  return options.withContent({
    messageId: message.id,
    destination: fresh.destination,
    message,
    recipients: fresh.recipients,
    attempts: 0,
    nextAt: message.acceptedAt,
    delayNoticeSent: false,
  });
}
