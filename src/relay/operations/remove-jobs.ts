/**
 * Takes jobs out of the queue by an operator's will: dropped without a word, or returned to their
 * authors. One transaction for each piece: whatever breaks off, no author is told twice and none
 * is forgotten.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Clock } from '../../clock.ts';
import { persistently } from '../../store/group-commit.ts';
import type { Schema, Store } from '../../store/types.ts';
import { notificationsFor } from '../bounce/notices.ts';
import type { DroppedNotice, NoticeRecipient } from '../bounce/types.ts';
import { acceptStatements, type Acceptance } from '../queue/accept.ts';
import { destinationOf } from '../queue/destination.ts';
import { createMessageIds } from '../queue/message-id.ts';
import { acceptedMessage, freshRecipient } from '../queue/rows.ts';
import { settleStatements, type SettleRows } from '../queue/settle.ts';
import type { Notification, QueuedRecipient } from '../queue/types.ts';
import { pages } from './change-jobs.ts';
import type { QueueFilter } from './filter.ts';
import { failureBehind } from './read-message.ts';
import { readRemovable, type Removable } from './read-removable.ts';
import type { RemovedJob } from './removal-note.ts';

/** What to remove, and how. */
export interface RemoveOptions {
  readonly filter: QueueFilter;
  readonly how:
    /** Nobody is told. */
    | 'drop'
    /** The author gets the notification that the end of the queue's time would have brought. */
    | 'bounce';
  /** Who wants it: stands with the recipients of a message that goes on elsewhere. */
  readonly by: string;
  /** Our own host name, for notifications. */
  readonly reportingMta: string;
  readonly clock: Clock;
  /** Told of what is gone, piece by piece, after its commit. */
  readonly onRemoved?: (jobs: readonly RemovedJob[]) => Promise<void>;
}

/** What was done. */
export interface Removed {
  readonly jobs: number;
  readonly recipients: number;
  /** Jobs that a node works on, or that changed in the meantime: they are left alone. */
  readonly inDelivery: number;
  /** Notifications that were queued. */
  readonly notifications: number;
  /** Recipients of whom nobody is told, and why; only for `bounce`. */
  readonly untold: readonly DroppedNotice[];
}

/** Jobs in one transaction. */
const PAGE = 50;
/** Of those of whom nobody is told so many are named. */
const UNTOLD_KEPT = 100;
/** As the queue writes contents. */
const PART_OCTETS = 262_144;

/** Removes the jobs that fit and that nobody works on. */
export async function removeJobs(store: Store, options: RemoveOptions): Promise<Removed> {
  const nextId = createMessageIds(options.clock);
  let jobs = 0;
  let recipients = 0;
  let inDelivery = 0;
  let notifications = 0;
  const untold: DroppedNotice[] = [];
  for await (const page of pages(store, options.filter, { size: PAGE, clock: options.clock })) {
    const free = page.jobs.filter(({ isTaken }) => !isTaken);
    const removals = await removalsOf(await readRemovable(store, free), { ...options, nextId });
    const done = await remove(store, removals, options);
    jobs += done.length;
    inDelivery += page.jobs.length - done.length;
    for (const removal of done) {
      recipients += removal.job.recipients.length;
      notifications += removal.acceptances.length;
      untold.push(...removal.untold.slice(0, UNTOLD_KEPT - untold.length));
    }
    if (done.length > 0) await options.onRemoved?.(done.map(removedJob));
  }
  return { jobs, recipients, inDelivery, notifications, untold };
}

/** One job with all that its end brings. */
interface Removal {
  readonly job: Removable;
  readonly acceptances: readonly Acceptance[];
  readonly untold: readonly DroppedNotice[];
}

function removedJob({ job, acceptances }: Removal): RemovedJob {
  const { messageId, destination, recipients } = job;
  return {
    messageId,
    destination,
    recipients: recipients.length,
    notifications: acceptances.length,
  };
}

type Preparing = RemoveOptions & { readonly nextId: () => string };

async function removalsOf(
  jobs: readonly Removable[],
  options: Preparing,
): Promise<readonly Removal[]> {
  const removals: Removal[] = [];
  for (const job of jobs) {
    removals.push(
      options.how === 'drop' ? { job, acceptances: [], untold: [] } : await bounceOf(job, options),
    );
  }
  return removals;
}

async function bounceOf(job: Removable, options: Preparing): Promise<Removal> {
  const { reportingMta, clock } = options;
  const { notifications, dropped } = notificationsFor({
    kind: 'failed',
    ending: 'operator',
    message: job.message,
    content: job.content,
    recipients: job.recipients.map((each) => noticeRecipient(each, job)),
    destination: job.destination,
    ...(job.decision === undefined ? {} : { decision: job.decision }),
    events: job.events,
    attempts: job.attempts,
    ...(job.lastAttemptAt === undefined ? {} : { lastAttemptAt: job.lastAttemptAt }),
    reportingMta,
    now: clock.now(),
  });
  const acceptances: Acceptance[] = [];
  for (const each of notifications) acceptances.push(await acceptanceOf(each, options));
  return { job, acceptances, untold: dropped };
}

/** What is known of a recipient, as a notification wants it. */
function noticeRecipient(
  recipient: QueuedRecipient,
  { events, decision }: Removable,
): NoticeRecipient {
  const { address, notify, orcpt, lastHost, lastCode, lastText } = recipient;
  const failure = failureBehind(lastText, events, decision);
  return {
    address,
    ...(notify === undefined ? {} : { notify }),
    ...(orcpt === undefined ? {} : { orcpt }),
    ...(failure === undefined ? {} : { failure }),
    host: lastHost,
    code: lastCode,
    text: lastText,
  };
}

/** A notification as the queue writes what it accepts. */
async function acceptanceOf(
  { message, content }: Notification,
  { nextId, clock }: Preparing,
): Promise<Acceptance> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  const whole = Buffer.concat(pieces);
  const id = nextId();
  const byDestination = Map.groupBy(message.recipients.entries(), ([, { address }]) =>
    destinationOf(address),
  );
  return {
    message: acceptedMessage(message, { id, acceptedAt: clock.now(), size: whole.length }),
    jobs: [...byDestination].map(([destination, recipients]) => ({
      destination,
      recipients: recipients.map(([number, recipient]) => freshRecipient(recipient, number)),
      taken: false,
    })),
    parts: partsOf(whole).map((data, number) => ({ messageId: id, number, data })),
    uploaded: false,
  };
}

function partsOf(whole: Buffer): readonly Uint8Array[] {
  const count = Math.ceil(whole.length / PART_OCTETS);
  return Array.from({ length: count }, (_, index) =>
    whole.subarray(index * PART_OCTETS, (index + 1) * PART_OCTETS),
  );
}

/** @returns those that nobody had touched since they were read */
async function remove(
  store: Store,
  removals: readonly Removal[],
  { how, by, clock }: RemoveOptions,
): Promise<readonly Removal[]> {
  if (removals.length === 0) return [];
  const owner = `operator-${randomUUID()}`;
  const settling = settleStatements(store.traits, owner);
  const accepting = acceptStatements(store.traits, owner);
  const once = async (transaction: Transaction<Schema>): Promise<readonly Removal[]> => {
    const taken: Removal[] = [];
    await settling.lock(
      transaction,
      removals.map(({ job }) => job),
    );
    for (const removal of removals) {
      const { messageId, destination, attempts, nextAt } = removal.job;
      // As many attempts and the same next one: the recipients are as they were read, too.
      const row = await transaction
        .updateTable('queue_job')
        .set({ taken_by: owner })
        .where('message_id', '=', messageId)
        .where('destination', '=', destination)
        .where('attempts', '=', attempts)
        .where('next_at', '=', nextAt)
        .where(sql<boolean>`taken_by is null`)
        .returning('message_id')
        .executeTakeFirst();
      if (row !== undefined) taken.push(removal);
    }
    await settling.settle(
      transaction,
      taken.map(({ job }) => settledRow(job, { how, by, at: clock.now() })),
    );
    await accepting.accept(
      transaction,
      taken.flatMap(({ acceptances }) => acceptances),
    );
    return taken;
  };
  return await persistently(async () => await store.db.transaction().execute(once));
}

function settledRow(
  job: Removable,
  { how, by, at }: Pick<RemoveOptions, 'how' | 'by'> & { readonly at: number },
): SettleRows {
  const state = how === 'drop' ? 'dropped' : 'failed';
  const word = how === 'drop' ? 'dropped' : 'returned to the author';
  return {
    job,
    settlement: {
      at,
      recipients: job.recipients.map(({ number, lastCode, lastHost }) => ({
        number,
        state,
        text: `${word} by ${by}`,
        code: lastCode,
        host: lastHost,
      })),
      delayNoticeSent: job.delayNoticeSent,
      counts: false,
      notifications: [],
    },
  };
}
