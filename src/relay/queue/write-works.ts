/**
 * All that the queue writes in groups: parts of long messages, accepted messages, settlements.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import { createGroupCommit, type GroupCommit } from '../../store/group-commit.ts';
import type { Store } from '../../store/types.ts';
import { acceptStatements, type Acceptance, type Part } from './accept.ts';
import { faultOf } from './queue-error.ts';
import { settleStatements, type SettleRows } from './settle.ts';

/** Something to write. */
export type Work =
  | { readonly kind: 'part'; readonly part: Part }
  | { readonly kind: 'accept'; readonly acceptance: Acceptance }
  | {
      readonly kind: 'settle';
      readonly rows: SettleRows;
      /** Messages to accept if the job is still ours. */
      readonly notifications: readonly Acceptance[];
    };

/** False: a settlement of a job that is not ours any more, of which nothing was written. */
export type Written = boolean;

/** Writes works in groups. */
export type Writer = GroupCommit<Work, Written>;

type WorkOf<K extends Work['kind']> = Extract<Work, { kind: K }>;

/** What a writer stands on. */
export interface WriterOptions {
  readonly store: Store;
  /** The node that writes. */
  readonly owner: string;
  readonly clock: Clock;
  /** So long may a settlement wait for the next message that is accepted, milliseconds. */
  readonly settleWaitMs: number;
}

/** So many settlements do not wait for company any more. */
const COMPANY = 64;

/** A writer into a store, for one node. */
export function createWriter({ store, owner, clock, settleWaitMs }: WriterOptions): Writer {
  const accepting = acceptStatements(store.traits, owner);
  const settling = settleStatements(store.traits, owner);
  return createGroupCommit<Work, Written>({
    weight: weightOf,
    // A client waits for its 250; a settlement that comes later costs a second delivery after a crash.
    company: {
      clock,
      isUrgent: ({ kind }) => kind !== 'settle',
      waitMs: settleWaitMs,
      enough: COMPANY,
    },
    faultOf,
    run: async (works) =>
      await store.db.transaction().execute(async (transaction) => {
        const settles = ofKind(works, 'settle');
        const owned = await settling.settle(
          transaction,
          settles.map(({ rows }) => rows),
        );
        const notifications = settles.flatMap((work, index) =>
          owned[index] === true ? work.notifications : [],
        );
        const accepted = ofKind(works, 'accept').map(({ acceptance }) => acceptance);
        await accepting.accept(transaction, [...accepted, ...notifications]);
        const parts = ofKind(works, 'part').map(({ part }) => part);
        if (parts.length > 0) await accepting.upload(transaction, parts);
        const results = new Map<Work, boolean>();
        for (const [index, work] of settles.entries()) results.set(work, owned[index] === true);
        return works.map((work) => results.get(work) ?? true);
      }),
  });
}

function ofKind<K extends Work['kind']>(works: readonly Work[], kind: K): readonly WorkOf<K>[] {
  return works.filter((work): work is WorkOf<K> => work.kind === kind);
}

function weightOf(work: Work): number {
  switch (work.kind) {
    case 'part':
      return work.part.data.byteLength;
    case 'accept':
      return octetsOf(work.acceptance);
    case 'settle':
      return work.notifications.reduce((sum, one) => sum + octetsOf(one), 0);
    default:
      return work satisfies never;
  }
}

function octetsOf({ parts }: Acceptance): number {
  return parts.reduce((sum, { data }) => sum + data.byteLength, 0);
}
