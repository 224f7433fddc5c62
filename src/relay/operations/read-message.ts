/**
 * One message of the queue with all that is known of it.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import type { QueueAttemptTable } from '../../store/queue-tables.ts';
import type { Store } from '../../store/types.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import { decisionFromJson } from '../../tls-policy/decision-record.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';
import { messageOf, recipientOf } from '../queue/rows.ts';
import type { JobKey, QueuedMessage, QueuedRecipient } from '../queue/types.ts';
import type { ShownState } from './filter.ts';

/** A recipient and where its mail goes. */
export type ShownRecipient = QueuedRecipient & Pick<JobKey, 'destination'>;

/** A destination at which somebody waits. Times in milliseconds since the Unix epoch. */
export interface ShownJob extends JobKey {
  readonly state: ShownState;
  readonly attempts: number;
  readonly nextAt: number;
  readonly delayNoticeSent: boolean;
  /** The node that works on it. */
  readonly takenBy?: string;
  /** End of the first attempt that left somebody waiting. */
  readonly firstFailedAt?: number;
}

/** An attempt that left somebody waiting. */
export interface ShownAttempt extends Pick<JobKey, 'destination'> {
  /** From 1. */
  readonly number: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly events: readonly AttemptEvent[];
  /** For {@link readDecision}. */
  readonly decisionDigest?: string;
}

/** A message. */
export interface ShownMessage {
  readonly message: QueuedMessage;
  /** In the order of the envelope. */
  readonly recipients: readonly ShownRecipient[];
  readonly jobs: readonly ShownJob[];
  /** In the order of time. */
  readonly attempts: readonly ShownAttempt[];
}

/** Reads it; undefined where no such message is queued. */
export async function readMessage(store: Store, id: string): Promise<ShownMessage | undefined> {
  const { db } = store;
  const row = await db
    .selectFrom('queue_message')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const recipients = await db
    .selectFrom('queue_recipient')
    .selectAll()
    .where('message_id', '=', id)
    .orderBy('number')
    .execute();
  return {
    message: messageOf(row),
    recipients: recipients.map((each) => ({ ...recipientOf(each), destination: each.destination })),
    jobs: await readJobs(store, id),
    attempts: await readAttempts(store, id),
  };
}

async function readJobs({ db }: Store, id: string): Promise<readonly ShownJob[]> {
  const rows = await db
    .selectFrom('queue_job')
    .selectAll()
    .where('message_id', '=', id)
    .orderBy('destination')
    .execute();
  return rows.map((row) => ({
    messageId: row.message_id,
    destination: row.destination,
    state: row.taken_by === null ? row.state : 'delivering',
    attempts: row.attempts,
    nextAt: row.next_at,
    delayNoticeSent: row.delay_notice_sent === 1,
    ...(row.taken_by === null ? {} : { takenBy: row.taken_by }),
    ...(row.first_failed_at === null ? {} : { firstFailedAt: row.first_failed_at }),
  }));
}

async function readAttempts({ db }: Store, id: string): Promise<readonly ShownAttempt[]> {
  const rows = await db
    .selectFrom('queue_attempt')
    .selectAll()
    .where('message_id', '=', id)
    .orderBy('started_at')
    .orderBy('destination')
    .orderBy('number')
    .execute();
  return rows.map(attemptOf);
}

/** The newest attempt at a job that left somebody waiting. */
export async function readNewestAttempt(
  { db }: Store,
  { messageId, destination }: JobKey,
): Promise<ShownAttempt | undefined> {
  const row = await db
    .selectFrom('queue_attempt')
    .selectAll()
    .where('message_id', '=', messageId)
    .where('destination', '=', destination)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : attemptOf(row);
}

function attemptOf(row: QueueAttemptTable): ShownAttempt {
  return {
    destination: row.destination,
    number: row.number,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    events: eventsOf(row.events),
    ...(row.decision_digest === null ? {} : { decisionDigest: row.decision_digest }),
  };
}

/** A damaged row must not hide the rest of the message. */
function eventsOf(text: string): readonly AttemptEvent[] {
  try {
    const events = JSON.parse(text) as unknown;
    return Array.isArray(events) ? (events as readonly AttemptEvent[]) : [];
  } catch {
    return [];
  }
}

/** The decision behind an attempt; undefined where none was kept or it can no longer be read. */
export async function readDecision(
  { db }: Store,
  { decisionDigest }: Pick<ShownAttempt, 'decisionDigest'>,
): Promise<DecisionRecord | undefined> {
  if (decisionDigest === undefined) return undefined;
  const row = await db
    .selectFrom('queue_decision')
    .select('record')
    .where('digest', '=', decisionDigest)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const record = decisionFromJson(row.record);
  return record.ok ? record.value : undefined;
}

/**
 * The failure whose words stand with a recipient; undefined where they are a server's own.
 *
 * @param text `lastText` of the recipient
 */
export function failureBehind(
  text: string,
  events: readonly AttemptEvent[],
  decision: DecisionRecord | undefined,
): Failure | undefined {
  const refusals = (decision?.policy.hosts ?? []).map(({ requirement }) =>
    requirement.kind === 'refused' ? requirement.failure : undefined,
  );
  const known = [...events.map(({ failure }) => failure), decision?.policy.failure, ...refusals];
  return known.find((failure) => failure?.detail === text);
}

/** The content, a part at a time, as it was received. */
export async function* readContent({ db }: Store, id: string): AsyncGenerator<Uint8Array> {
  for (let number = 0; ; number += 1) {
    const part = await db
      .selectFrom('queue_part')
      .select('data')
      .where('message_id', '=', id)
      .where('number', '=', number)
      .executeTakeFirst();
    if (part === undefined) return;
    yield part.data;
  }
}
