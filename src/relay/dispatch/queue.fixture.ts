/**
 * A queue in memory that keeps the contract of the durable one, and can be made to fail.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import { QueueError } from '../queue/queue-error.ts';
import type { DueJob, Job, JobKey, Queue, QueuedRecipient, Settlement } from '../queue/types.ts';

/** A job as a test puts it in. */
export interface FakeJob {
  readonly id: string;
  readonly destination: string;
  readonly to?: readonly string[];
  readonly from?: string;
  readonly acceptedAt?: number;
  readonly nextAt?: number;
  readonly attempts?: number;
  readonly more?: Partial<Pick<QueuedRecipient, 'notify'>>;
  readonly envelope?: Partial<Job['message']['envelope']>;
  readonly tlsRequiredNo?: boolean;
  readonly content?: Job['content'];
}

interface Row {
  job: Job;
  takenBy: string | undefined;
}

/** What a test sees and sets. */
export interface FakeQueue extends Queue {
  add(...jobs: readonly FakeJob[]): void;
  /** A fresh job, as the durable queue handles a commit. */
  accept(job: FakeJob): void;
  readonly settled: { readonly job: Job; readonly settlement: Settlement }[];
  readonly rows: ReadonlyMap<string, Row>;
  /** `due`, `dueFor D`, `take N`, `giveBack N`, in order. */
  readonly calls: string[];
  /** Every call fails while it is set. */
  down: boolean;
  /** Can be read, and takes nothing. */
  full: boolean;
  /** Settlements that are refused although the database answers. */
  refuse: (settlement: Settlement) => boolean;
  /** Keys of {@link rows} that must be asked about before they are delivered. */
  readonly doubted: Set<string>;
}

const keyOf = ({ messageId, destination }: JobKey): string => `${messageId} ${destination}`;

/** Makes an empty queue. */
export function fakeQueue(clock: Clock): FakeQueue {
  const rows = new Map<string, Row>();
  const calls: string[] = [];
  const settled: { job: Job; settlement: Settlement }[] = [];
  const check = async (): Promise<void> => {
    await Promise.resolve();
    if (queue.down) throw new Error('the database is gone');
  };
  const dueRows = (now: number): readonly DueJob[] =>
    [...rows.values()]
      .filter(({ job, takenBy }) => takenBy === undefined && job.nextAt <= now)
      .map(({ job: { messageId, destination, nextAt, message } }) => ({
        messageId,
        destination,
        nextAt,
        acceptedAt: message.acceptedAt,
        isNotice: message.envelope.from === '',
        asksLess: message.tlsRequiredNo,
      }))
      .toSorted(order);
  const queue: FakeQueue = {
    down: false,
    full: false,
    refuse: () => false,
    doubted: new Set(),
    rows,
    calls,
    settled,
    add(...jobs) {
      for (const each of jobs) {
        const job = jobOf(each, clock.now());
        rows.set(keyOf(job), { job, takenBy: undefined });
      }
    },
    accept(fake) {
      const hand = queue.handOver;
      const room = hand?.hasRoom(fake.destination) === true;
      queue.add(fake);
      const row = rows.get(`${fake.id} ${fake.destination}`)!;
      if (room) {
        row.takenBy = 'us';
        hand?.accepted(fake.destination, row.job);
      } else hand?.left(fake.destination);
    },
    open() {
      throw new Error('nothing is accepted here');
    },
    async due({ after, now, limit }) {
      calls.push('due');
      await check();
      const all = dueRows(now);
      return all.filter((job) => after === undefined || order(job, after) > 0).slice(0, limit);
    },
    async dueFor(destination, { now, limit }) {
      calls.push(`dueFor ${destination}`);
      await check();
      return dueRows(now)
        .filter((job) => job.destination === destination)
        .slice(0, limit);
    },
    async nextDueAt() {
      await check();
      const free = [...rows.values()].filter(({ takenBy }) => takenBy === undefined);
      return free.length === 0 ? undefined : Math.min(...free.map(({ job }) => job.nextAt));
    },
    async take(keys) {
      calls.push(`take ${keys.length}`);
      await check();
      return keys.flatMap((key) => {
        const row = rows.get(keyOf(key));
        if (row === undefined || row.takenBy !== undefined) return [];
        row.takenBy = 'us';
        return [row.job];
      });
    },
    isSurelyOurs: (key) => !queue.doubted.has(keyOf(key)),
    async stillOurs(keys) {
      calls.push(`stillOurs ${keys.length}`);
      await check();
      for (const key of keys) queue.doubted.delete(keyOf(key));
      return keys.filter((key) => rows.get(keyOf(key))?.takenBy === 'us');
    },
    async settle(job, settlement) {
      await check();
      if (queue.full) {
        throw new QueueError({ code: 'QUEUE_FULL_DISK', detail: 'the disk is full' });
      }
      if (queue.refuse(settlement)) throw new Error('this row is refused');
      const row = rows.get(keyOf(job));
      if (row?.takenBy !== 'us') return false;
      settled.push({ job, settlement });
      row.takenBy = undefined;
      const waiting = job.recipients.filter(
        ({ number }) => settlement.recipients.find((r) => r.number === number)?.state === 'waiting',
      );
      if (waiting.length === 0) rows.delete(keyOf(job));
      else {
        row.job = {
          ...job,
          recipients: waiting,
          attempts: job.attempts + (settlement.counts ? 1 : 0),
          nextAt: settlement.retryAt ?? clock.now(),
          delayNoticeSent: settlement.delayNoticeSent,
        };
      }
      return true;
    },
    async giveBack(keys) {
      calls.push(`giveBack ${keys.length}`);
      await check();
      for (const key of keys) {
        const row = rows.get(keyOf(key));
        if (row !== undefined) row.takenBy = undefined;
      }
    },
    async numbers() {
      return await Promise.reject(new Error('not here'));
    },
    start: async () => await Promise.resolve(),
    close: async () => await Promise.resolve(),
  };
  return queue;
}

function order(a: DueJob, b: DueJob): number {
  if (a.nextAt !== b.nextAt) return a.nextAt - b.nextAt;
  return keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b));
}

function jobOf(fake: FakeJob, now: number): Job {
  const { id, destination, to = [`r@${destination}`] } = fake;
  return {
    messageId: id,
    destination,
    message: {
      id,
      acceptedAt: fake.acceptedAt ?? now,
      envelope: { from: fake.from ?? 'a@us.test', ...fake.envelope },
      origin: { via: 'submission', user: 'a' },
      tlsRequiredNo: fake.tlsRequiredNo ?? false,
      size: 10,
      messageIdHeader: '',
    },
    recipients: to.map((address, number) => ({
      address,
      number,
      state: 'waiting',
      lastText: '',
      lastCode: '',
      lastHost: '',
      lastAt: 0,
      ...fake.more,
    })),
    attempts: fake.attempts ?? 0,
    nextAt: fake.nextAt ?? now,
    delayNoticeSent: false,
    content: fake.content ?? (() => [Buffer.from('Subject: x\r\n\r\nx\r\n')]),
  };
}
