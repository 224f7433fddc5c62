/**
 * Puts messages into the tables of the queue, for tests of what operators do.
 *
 * @module
 */
import type { Store } from '../../store/types.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import { decisionToJson } from '../../tls-policy/decision-record.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';
import { acceptStatements } from '../queue/accept.ts';
import { destinationOf } from '../queue/destination.ts';
import { acceptedMessage, freshRecipient } from '../queue/rows.ts';

/** A message; what is left out is made up. */
export interface Seed {
  readonly id: string;
  readonly acceptedAt?: number;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly content?: string;
  readonly nextAt?: number;
  readonly attempts?: number;
  readonly lastText?: string;
  /** Default `mx.there.test`. */
  readonly lastHost?: string;
  /** Destinations that are held or taken. */
  readonly held?: readonly string[];
  readonly taken?: readonly string[];
}

/** The time of the tests, milliseconds since the Unix epoch. */
export const NOW = Date.UTC(2026, 2, 1, 12);

/** Queues messages. */
export async function seed(store: Store, seeds: readonly Seed[]): Promise<void> {
  const statements = acceptStatements(store.traits, 'seed');
  for (const each of seeds) {
    const { id, from = 'alice@here.test', to = ['bob@there.test'] } = each;
    const content = Buffer.from(each.content ?? 'Subject: hello\r\n\r\nwords\r\n');
    const byDestination = Map.groupBy(to.entries(), ([, address]) => destinationOf(address));
    const message = {
      envelope: { from },
      origin: { via: 'network', clientAddress: '192.0.2.7', heloName: 'client.here.test' },
      tlsRequiredNo: false,
      messageIdHeader: `<${id}@here.test>`,
      recipients: to.map((address) => ({ address })),
    } as const;
    const acceptedAt = each.acceptedAt ?? NOW;
    await statements.accept(store.db, [
      {
        message: acceptedMessage(message, { id, acceptedAt, size: content.length }),
        jobs: [...byDestination].map(([destination, recipients]) => ({
          destination,
          recipients: recipients.map(([number, address]) => ({
            ...freshRecipient({ address }, number),
            ...(each.lastText === undefined
              ? {}
              : {
                  lastText: each.lastText,
                  lastCode: '4.7.5',
                  lastHost: each.lastHost ?? 'mx.there.test',
                  lastAt: NOW,
                }),
          })),
          taken: each.taken?.includes(destination) === true,
        })),
        parts: [{ messageId: id, number: 0, data: content }],
        uploaded: false,
      },
    ]);
    await store.db
      .updateTable('queue_job')
      .set({ attempts: each.attempts ?? 0, next_at: each.nextAt ?? acceptedAt })
      .where('message_id', '=', id)
      .execute();
    for (const destination of each.held ?? []) {
      await store.db
        .updateTable('queue_job')
        .set({ state: 'held' })
        .where('message_id', '=', id)
        .where('destination', '=', destination)
        .execute();
    }
  }
}

/** An attempt at a job, as the queue keeps it. */
export async function seedAttempt(
  store: Store,
  attempt: {
    readonly id: string;
    readonly destination: string;
    readonly at: number;
    readonly events: readonly AttemptEvent[];
    readonly decision?: DecisionRecord;
  },
): Promise<void> {
  const { id, destination, at, events, decision } = attempt;
  const digest = decision === undefined ? null : 'd'.repeat(64);
  if (decision !== undefined) {
    const record = decisionToJson(decision);
    await store.db
      .insertInto('queue_decision')
      .values({ digest: 'd'.repeat(64), record, last_used_at: at })
      .execute();
  }
  await store.db
    .insertInto('queue_attempt')
    .values({
      message_id: id,
      destination,
      number: 1,
      started_at: at,
      ended_at: at + 400,
      events: JSON.stringify(events),
      decision_digest: digest,
    })
    .execute();
}

/** `id/destination state` of every job, in order. */
export async function jobsIn(store: Store): Promise<readonly string[]> {
  const rows = await store.db
    .selectFrom('queue_job')
    .selectAll()
    .orderBy('message_id')
    .orderBy('destination')
    .execute();
  return rows.map(
    (row) =>
      `${row.message_id}/${row.destination} ${row.taken_by === null ? row.state : 'delivering'}`,
  );
}

/** Everything that a source gives. */
export async function collect<T>(source: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const each of source) found.push(each);
  return found;
}
