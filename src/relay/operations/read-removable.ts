/**
 * What has to be known of jobs to end them.
 *
 * @module
 */
import { sql } from 'kysely';
import type { Store } from '../../store/types.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';
import { messageOf, recipientOf } from '../queue/rows.ts';
import type { Job, JobKey } from '../queue/types.ts';
import { readContent, readDecision, readNewestAttempt } from './read-message.ts';

/** A job that nobody worked on when it was read. */
export interface Removable extends Job {
  /** Of the newest attempt. */
  readonly events: readonly AttemptEvent[];
  readonly decision?: DecisionRecord;
  readonly lastAttemptAt?: number;
}

/** Reads them; those that are gone are not in the answer. */
export async function readRemovable(
  store: Store,
  keys: readonly JobKey[],
): Promise<readonly Removable[]> {
  const found: Removable[] = [];
  for (const key of keys) {
    const job = await readOne(store, key);
    if (job !== undefined) found.push(job);
  }
  return found;
}

async function readOne(store: Store, key: JobKey): Promise<Removable | undefined> {
  const { messageId, destination } = key;
  const { db } = store;
  const job = await db
    .selectFrom('queue_job')
    .select(['attempts', 'next_at', 'delay_notice_sent'])
    .where('message_id', '=', messageId)
    .where('destination', '=', destination)
    .where(sql<boolean>`taken_by is null`)
    .executeTakeFirst();
  const message = await db
    .selectFrom('queue_message')
    .selectAll()
    .where('id', '=', messageId)
    .executeTakeFirst();
  if (job === undefined || message === undefined) return undefined;
  const recipients = await db
    .selectFrom('queue_recipient')
    .selectAll()
    .where('message_id', '=', messageId)
    .where('destination', '=', destination)
    .where('state', '=', 'waiting')
    .orderBy('number')
    .execute();
  const attempt = await readNewestAttempt(store, key);
  const decision = attempt === undefined ? undefined : await readDecision(store, attempt);
  return {
    messageId,
    destination,
    message: messageOf(message),
    recipients: recipients.map(recipientOf),
    attempts: job.attempts,
    nextAt: job.next_at,
    delayNoticeSent: job.delay_notice_sent === 1,
    content: () => readContent(store, messageId),
    events: attempt?.events ?? [],
    ...(decision === undefined ? {} : { decision }),
    ...(attempt === undefined ? {} : { lastAttemptAt: attempt.endedAt }),
  };
}
