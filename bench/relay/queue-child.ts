/**
 * Fills a queue, and times how jobs are taken out of it.
 *
 * Argument: the path of the database.
 *
 * @module
 */
import { systemClock } from '../../src/clock.ts';
import { acceptStatements, type Acceptance } from '../../src/relay/queue/accept.ts';
import { createQueue } from '../../src/relay/queue/create-queue.ts';
import { createMessageIds } from '../../src/relay/queue/message-id.ts';
import { acceptedMessage, freshRecipient } from '../../src/relay/queue/rows.ts';
import { openStore } from '../../src/store/open-store.ts';
import { serveOrders } from './children.ts';
import { bodyOf, headOf } from './message.ts';
import { DEAD_DOMAIN, DELIVERABLE, domainName } from './names.ts';

/** What the parent orders. */
export type QueueOrder =
  /** More messages, all due; each hundredth to one of the domains, the others to a dead host. */
  | {
      readonly kind: 'grow';
      readonly run: string;
      /** Numbers of the messages: from this one, below that one. */
      readonly from: number;
      readonly to: number;
      readonly octets: number;
      readonly domains: number;
    }
  /** Takes batches of due jobs and gives them back. */
  | { readonly kind: 'take'; readonly batches: number; readonly limit: number }
  | { readonly kind: 'close' };

/** How long a batch took, milliseconds. */
export interface Taken {
  readonly p50: number;
  readonly worst: number;
}

const AT_ONCE = 1_000;
const store = await openStore(`sqlite:${process.argv[2] ?? ''}`);
const queue = createQueue({ store, clock: systemClock });
await queue.start();
const statements = acceptStatements(store.traits, 'bench');
const nextId = createMessageIds(systemClock);

process.send?.({});
serveOrders(async (order: QueueOrder): Promise<object> => {
  switch (order.kind) {
    case 'grow':
      await grow(order);
      return {};
    case 'take':
      return await take(order.batches, order.limit);
    case 'close':
      await queue.close();
      await store.close();
      return {};
  }
});

async function grow(order: Extract<QueueOrder, { kind: 'grow' }>): Promise<void> {
  const body = bodyOf(order.octets);
  for (let { from } = order; from < order.to; from += AT_ONCE) {
    const count = Math.min(AT_ONCE, order.to - from);
    const acceptances = Array.from({ length: count }, (_, index) =>
      acceptance(from + index, order, body),
    );
    await store.db
      .transaction()
      .execute(async (transaction) => await statements.accept(transaction, acceptances));
  }
}

function acceptance(
  number: number,
  { run, domains }: Extract<QueueOrder, { kind: 'grow' }>,
  body: string,
): Acceptance {
  const id = nextId();
  const deliverable = number % DELIVERABLE === DELIVERABLE - 1;
  const turn = Math.floor(number / DELIVERABLE);
  const destination = deliverable ? domainName(turn % domains) : DEAD_DOMAIN;
  const data = Buffer.from(headOf(run, number) + body, 'latin1');
  const message = {
    envelope: { from: 'alice@sender.lab.test' },
    origin: { via: 'network', clientAddress: '127.0.0.1', heloName: 'sender.lab.test' },
    tlsRequiredNo: false,
    messageIdHeader: `<${run}.${number}@sender.lab.test>`,
    recipients: [],
  } as const;
  const acceptedAt = systemClock.now();
  return {
    message: acceptedMessage(message, { id, acceptedAt, size: data.length }),
    jobs: [
      {
        destination,
        recipients: [freshRecipient({ address: `bob@${destination}` }, 0)],
        taken: false,
      },
    ],
    parts: [{ messageId: id, number: 0, data }],
    uploaded: false,
  };
}

async function take(batches: number, limit: number): Promise<Taken> {
  const times: number[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const start = performance.now();
    const due = await queue.due({ now: systemClock.now(), limit });
    const jobs = await queue.take(due);
    times.push(performance.now() - start);
    if (jobs.length !== limit) throw new Error(`${jobs.length} jobs instead of ${limit}`);
    await queue.giveBack(due);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return { p50: sorted[Math.floor(sorted.length / 2)] ?? 0, worst: sorted.at(-1) ?? 0 };
}
