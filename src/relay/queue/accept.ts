/**
 * Writes accepted messages into the tables of the queue.
 *
 * @module
 */
import type { EngineTraits } from '../../store/types.ts';
import { QueueError } from './queue-error.ts';
import {
  JOB_COLUMNS,
  MESSAGE_COLUMNS,
  messageRow,
  RECIPIENT_COLUMNS,
  recipientRow,
} from './rows.ts';
import { insertRows, overRows, type Runner, type Value } from './statements.ts';
import type { QueuedMessage, QueuedRecipient } from './types.ts';

/** A job that is to be made. */
export interface FreshJob {
  readonly destination: string;
  readonly recipients: readonly QueuedRecipient[];
  /** Somebody promised to take it at once. */
  readonly taken: boolean;
}

/** A piece of content with its place. */
export interface Part {
  readonly messageId: string;
  readonly number: number;
  readonly data: Uint8Array;
}

/** All that is written when a message is accepted. */
export interface Acceptance {
  readonly message: QueuedMessage;
  readonly jobs: readonly FreshJob[];
  /** What is not written yet. */
  readonly parts: readonly Part[];
  /** Parts were written before: their mark as an upload goes away. */
  readonly uploaded: boolean;
}

/** Writes messages, parts and their marks inside a transaction. */
export interface AcceptStatements {
  accept(runner: Runner, acceptances: readonly Acceptance[]): Promise<void>;
  /** Parts of messages that nobody accepted yet. */
  upload(runner: Runner, parts: readonly Part[]): Promise<void>;
}

/** The statements for an engine. */
export function acceptStatements(traits: EngineTraits, owner: string): AcceptStatements {
  const insertMessages = insertRows(traits, 'queue_message', MESSAGE_COLUMNS);
  const insertParts = insertRows(traits, 'queue_part', ['message_id', 'number', 'data']);
  const insertJobs = insertRows(traits, 'queue_job', JOB_COLUMNS);
  const insertRecipients = insertRows(traits, 'queue_recipient', RECIPIENT_COLUMNS);
  const insertUploads = insertRows(traits, 'queue_upload', ['message_id', 'owner']);
  const endUploads = overRows(traits, {
    text: (places, more) =>
      `delete from queue_upload where message_id in (${places.join(', ')}) and owner = ${more(0)} returning message_id`,
  });

  // Whoever takes this node for dead meanwhile waits for the end of the transaction.
  const marked = overRows(traits, {
    text: (places, more) =>
      `select message_id from queue_upload where message_id in (${places.join(', ')}) ` +
      `and owner = ${more(0)}${traits.rowLocks ? ' for update' : ''}`,
  });

  /** Whoever took this node for dead removed the parts: the message is not whole. */
  const claimUploads = async (
    runner: Runner,
    acceptances: readonly Acceptance[],
  ): Promise<void> => {
    const ids = acceptances.filter(({ uploaded }) => uploaded).map(({ message }) => message.id);
    if (ids.length === 0) return;
    const found = await endUploads<{ message_id: string }>(
      runner,
      ids.map((id) => [id]),
      [owner],
    );
    if (found.length === ids.length) return;
    const kept = new Set(found.map((row) => row.message_id));
    throw uploadLost(ids.filter((id) => !kept.has(id)));
  };

  /** A part without its mark would stay for ever. */
  const refuseLost = async (runner: Runner, parts: readonly Part[]): Promise<void> => {
    const ids = new Set(parts.map(({ messageId }) => messageId));
    const found = await marked<{ message_id: string }>(
      runner,
      [...ids].map((id) => [id]),
      [owner],
    );
    for (const row of found) ids.delete(row.message_id);
    if (ids.size > 0) throw uploadLost([...ids]);
  };

  return {
    async accept(runner, acceptances) {
      if (acceptances.length === 0) return;
      await claimUploads(runner, acceptances);
      await insertMessages(
        runner,
        acceptances.map(({ message }) => messageRow(message)),
      );
      await insertParts(runner, acceptances.flatMap(partRows));
      await insertJobs(
        runner,
        acceptances.flatMap((acceptance) => jobRows(acceptance, owner)),
      );
      await insertRecipients(runner, acceptances.flatMap(recipientRows));
    },
    async upload(runner, parts) {
      const first = parts.filter(({ number }) => number === 0);
      await insertUploads(
        runner,
        first.map(({ messageId }) => [messageId, owner]),
      );
      await refuseLost(runner, parts);
      await insertParts(runner, parts.map(partRow));
    },
  };
}

function uploadLost(ids: readonly string[]): QueueError {
  return new QueueError({
    code: 'QUEUE_UPLOAD_LOST',
    detail: `the parts of ${ids.join(', ')} are gone: this node was taken for dead`,
  });
}

function partRow({ messageId, number, data }: Part): readonly Value[] {
  return [messageId, number, data];
}

function partRows({ parts }: Acceptance): readonly (readonly Value[])[] {
  return parts.map(partRow);
}

function jobRows({ message, jobs }: Acceptance, owner: string): readonly (readonly Value[])[] {
  return jobs.map(({ destination, taken }) => [
    message.id,
    destination,
    'waiting',
    0,
    message.acceptedAt,
    taken ? owner : null,
    0,
  ]);
}

function recipientRows({ message, jobs }: Acceptance): readonly (readonly Value[])[] {
  return jobs.flatMap(({ destination, recipients }) =>
    recipients.map((recipient) => recipientRow(message.id, destination, recipient)),
  );
}
