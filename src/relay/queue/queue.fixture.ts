/**
 * A queue over a store in memory, on a clock that stands still, for tests.
 *
 * @module
 */
import { FakeClock } from '../../clock.fixture.ts';
import type { Log } from '../../log/log.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { createQueue, type QueueOptions } from './create-queue.ts';
import type { Processes } from './process-identity.ts';
import type { Job, NewMessage, Queue, RecipientState, Settlement } from './types.ts';

/** A queue and what it stands on. */
export interface QueueRig {
  readonly queue: Queue;
  readonly store: Store;
  readonly clock: FakeClock;
  /** Codes of the lines that were logged. */
  readonly codes: string[];
  close(): Promise<void>;
}

/** What a rig may be given. */
export type QueueRigOptions = Partial<QueueOptions> & { readonly url?: string };

/** A started queue in memory, or where the options say. */
export async function queueRig(options: QueueRigOptions = {}): Promise<QueueRig> {
  const { url = 'sqlite::memory:', ...more } = options;
  const clock = (options.clock as FakeClock | undefined) ?? new FakeClock();
  const store = options.store ?? (await openStore(url, { clock }));
  const codes: string[] = [];
  const fixed = { store, clock, owner: 'me', settleWaitMs: 0 };
  const queue = createQueue({ ...fixed, log: codeLog(codes), ...more });
  await queue.start();
  const close = async (): Promise<void> => {
    await queue.close();
    if (options.store === undefined) await store.close();
  };
  return { queue, store, clock, codes, close };
}

/** A log that keeps codes alone. */
export function codeLog(codes: string[]): Log {
  const note = (fields: object): void => {
    const { code } = fields as { readonly code?: string };
    if (code !== undefined) codes.push(code);
  };
  return { debug: note, info: note, warn: note, error: note };
}

/** Processes as a test says they are. */
export function fakeProcesses(host: string, ended: (pid: number) => boolean): Processes {
  return {
    self: { host, pid: 1, mark: 'one' },
    hasEnded: (other) => other.host === host && ended(other.pid),
  };
}

/** A message to these recipients. */
export function messageTo(
  recipients: readonly string[],
  more: Partial<Omit<NewMessage, 'recipients'>> = {},
): NewMessage {
  return {
    envelope: { from: 'alice@here.test' },
    origin: { via: 'network', clientAddress: '192.0.2.7', heloName: 'client.here.test' },
    tlsRequiredNo: false,
    messageIdHeader: '<1@here.test>',
    recipients: recipients.map((address) => ({ address })),
    ...more,
  };
}

/** Queues a message; throws where that fails. */
export async function accept(
  queue: Queue,
  message: NewMessage,
  content: string | Uint8Array = 'Subject: hello\r\n\r\nwords\r\n',
): Promise<string> {
  const sink = queue.open();
  await sink.write(typeof content === 'string' ? Buffer.from(content) : content);
  const outcome = await sink.commit(message);
  if (!outcome.ok) throw new Error(`${outcome.failure.code}: ${outcome.failure.detail}`);
  return outcome.value;
}

/** Takes all that is due. */
export async function takeDue(queue: Queue, now: number): Promise<readonly Job[]> {
  return await queue.take(await queue.due({ now, limit: 1_000 }));
}

/** A settlement that gives all recipients one state. */
export function settlement(
  job: Pick<Job, 'recipients'>,
  state: RecipientState,
  more: Partial<Settlement> & { readonly at: number },
): Settlement {
  return {
    recipients: job.recipients.map(({ number }) => ({
      number,
      state,
      text: `it is ${state}`,
      code: state === 'waiting' ? '4.7.5' : '2.0.0',
      host: 'mx.there.test',
    })),
    delayNoticeSent: false,
    counts: true,
    notifications: [],
    ...more,
  };
}

/** Everything a source gives, as one text. */
export async function textOf(job: Pick<Job, 'content'>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of job.content()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Rows of each table of the queue that holds mail. */
export async function rowCounts(store: Store): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const table of MAIL_TABLES) {
    counts[table] = (await store.db.selectFrom(table).selectAll().execute()).length;
  }
  return counts;
}

const MAIL_TABLES = [
  'queue_message',
  'queue_part',
  'queue_upload',
  'queue_job',
  'queue_recipient',
  'queue_attempt',
] as const;

/** What {@link rowCounts} says of an empty queue. */
export const EMPTY: Readonly<Record<string, number>> = Object.fromEntries(
  MAIL_TABLES.map((table) => [table, 0]),
);
