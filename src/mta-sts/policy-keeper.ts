/**
 * Keeps the table in step with memory. While the database is down, changes wait in memory and
 * are written when it is back; nothing is relaxed meanwhile.
 *
 * @module
 */
import type { Outcome } from '../failure.ts';
import { fail, ok } from '../failure.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/types.ts';
import type { PolicyRow } from './policy-table.ts';
import { deleteRow, writeRow } from './policy-table.ts';

/** What the keeper stands on. */
export interface PolicyKeeperOptions {
  /** Absent: memory alone. */
  readonly store: Store | undefined;
  readonly log: Log;
  /** The row that stands for what is known of a domain now. */
  readonly rowFor: (domain: string) => PolicyRow;
}

/** The way to the table. No method rejects because of the database. */
export interface PolicyKeeper {
  readonly store: Store | undefined;
  /** False from a query that failed until one that succeeds. */
  readonly up: boolean;
  /** Begins to write what is known of the domain now; keeps it for later where that fails. */
  save(domain: string): void;
  /** Removes the row of a domain that made room. */
  remove(domain: string): void;
  /** Writes what could not be written before. */
  flush(): Promise<void>;
  /** Resolves when no write is under way. */
  idle(): Promise<void>;
  /** Runs any query; `STORE_UNAVAILABLE` if there is no answer. */
  ask<T>(task: (store: Store) => Promise<T>): Promise<Outcome<T>>;
}

/** A keeper for the store, or one that keeps nothing. */
export function createPolicyKeeper(options: PolicyKeeperOptions): PolicyKeeper {
  const { store, log, rowFor } = options;
  const waiting = new Map<string, 'save' | 'remove'>();
  const underWay = new Set<Promise<void>>();
  let up = true;

  const ask = async <T>(task: (store: Store) => Promise<T>): Promise<Outcome<T>> => {
    if (store === undefined) return fail('STORE_UNAVAILABLE', 'there is no store');
    try {
      const value = await task(store);
      if (!up) log.info({}, 'the database answers again');
      up = true;
      return ok(value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (up) log.error({ code: 'STORE_UNAVAILABLE', reason }, 'the database does not answer');
      up = false;
      return fail('STORE_UNAVAILABLE', `the database does not answer: ${reason}`);
    }
  };

  const write = async (domain: string, what: 'save' | 'remove'): Promise<boolean> => {
    waiting.set(domain, what);
    const outcome = await ask(async (open) => {
      // Off the list before the row is read: a change during the write puts it back on.
      waiting.delete(domain);
      if (what === 'save') await writeRow(open, rowFor(domain));
      else await deleteRow(open, domain);
    });
    if (!outcome.ok && !waiting.has(domain)) waiting.set(domain, what);
    return outcome.ok;
  };

  const begin = (domain: string, what: 'save' | 'remove'): void => {
    if (store === undefined) return;
    // A database that is down costs each query its time-out: the flush tries for all.
    if (!up) {
      waiting.set(domain, what);
      return;
    }
    const writing = write(domain, what).then(() => {
      underWay.delete(writing);
    });
    underWay.add(writing);
  };

  return {
    store,
    get up() {
      return up;
    },
    save: (domain) => begin(domain, 'save'),
    remove: (domain) => begin(domain, 'remove'),
    idle: async () => {
      await Promise.all(underWay);
    },
    flush: async () => {
      for (const [domain, what] of waiting) {
        if (!(await write(domain, what))) return;
      }
    },
    ask,
  };
}
