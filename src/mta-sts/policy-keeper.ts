/**
 * Keeps the table in step with memory. While the database is down, changes wait in memory and
 * are written when it is back; nothing is relaxed meanwhile.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Outcome } from '../failure.ts';
import { fail, ok } from '../failure.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/types.ts';
import type { Evicted } from './memory-cache.ts';
import type { PolicyRow } from './policy-table.ts';
import { deleteRow, tombstoneOf, writeRow } from './policy-table.ts';

/** What the keeper stands on. */
export interface PolicyKeeperOptions {
  /** Absent: memory alone. */
  readonly store: Store | undefined;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** The row of the policy that is held now; undefined where none is. */
  readonly rowFor: (domain: string) => PolicyRow | undefined;
}

/** The way to the table. No method rejects because of the database. */
export interface PolicyKeeper {
  readonly store: Store | undefined;
  /** False from a query of this kind that failed until one that succeeds: a file may be readable and locked. */
  readonly up: Readonly<Record<Access, boolean>>;
  /** Begins to write the policy that is held; keeps it for later where that fails. */
  save(domain: string): void;
  /** Begins to write that the domain was forgotten at a moment; a later fetch, by whomever, wins. */
  forget(domain: string, at: number): void;
  /** When the domain was forgotten, if the table has not taken that yet. */
  forgottenAt(domain: string): number | undefined;
  /** Removes the row of a domain that made room. */
  remove(evicted: Evicted): void;
  /** Writes what could not be written before. */
  flush(): Promise<void>;
  /** Resolves when no write is under way. */
  idle(): Promise<void>;
  /** Runs any query; `STORE_UNAVAILABLE` if there is no answer. */
  ask<T>(access: Access, task: (store: Store) => Promise<T>): Promise<Outcome<T>>;
}

/** What a query wants of the table. */
export type Access = 'read' | 'write';

/** What the table has to learn of a domain. */
type Change =
  | { readonly kind: 'save' }
  | { readonly kind: 'forget'; readonly at: number }
  | { readonly kind: 'remove'; readonly evicted: Evicted };

/** A keeper for the store, or one that keeps nothing. */
export function createPolicyKeeper(options: PolicyKeeperOptions): PolicyKeeper {
  return new Keeper(options);
}

class Keeper implements PolicyKeeper {
  readonly store: Store | undefined;
  readonly #options: PolicyKeeperOptions;
  readonly #waiting = new Map<string, Change>();
  readonly #up: Record<Access, boolean> = { read: true, write: true };
  #writing: Promise<void> | undefined;

  constructor(options: PolicyKeeperOptions) {
    this.#options = options;
    this.store = options.store;
  }

  get up(): Readonly<Record<Access, boolean>> {
    return this.#up;
  }

  save(domain: string): void {
    this.#begin(domain, { kind: 'save' });
  }

  forget(domain: string, at: number): void {
    this.#begin(domain, { kind: 'forget', at });
  }

  forgottenAt(domain: string): number | undefined {
    const change = this.#waiting.get(domain);
    return change?.kind === 'forget' ? change.at : undefined;
  }

  remove(evicted: Evicted): void {
    this.#begin(evicted.domain, { kind: 'remove', evicted });
  }

  async flush(): Promise<void> {
    await this.#write();
  }

  async idle(): Promise<void> {
    await this.#writing;
  }

  async ask<T>(access: Access, task: (store: Store) => Promise<T>): Promise<Outcome<T>> {
    const { store } = this;
    if (store === undefined) return fail('STORE_UNAVAILABLE', 'there is no store');
    try {
      const value = await task(store);
      this.#note(access, undefined);
      return ok(value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#note(access, reason);
      return fail('STORE_UNAVAILABLE', `the database does not answer: ${reason}`);
    }
  }

  /** Logs only the turn from one state to the other. */
  #note(access: Access, reason: string | undefined): void {
    const { log } = this.#options;
    const wasUp = this.#up[access];
    this.#up[access] = reason === undefined;
    if (reason === undefined) {
      if (!wasUp) log.info({ access }, `the database answers again (${access})`);
    } else if (wasUp) {
      const fields = { code: 'STORE_UNAVAILABLE', access, reason } as const;
      log.error(fields, `the database does not answer (${access})`);
    }
  }

  #begin(domain: string, change: Change): void {
    if (this.store === undefined) return;
    this.#waiting.set(domain, change);
    // A database that is down costs each query its time-out: the flush tries for all.
    if (this.#up.write) void this.#write();
  }

  /** One write at a time, so that any number of changes at once costs no more than their list. */
  async #write(): Promise<void> {
    if (this.#waiting.size > 0) this.#writing ??= this.#writeAll();
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    try {
      // Meets what is put on the list meanwhile, too.
      for (const next of this.#waiting) {
        const [domain, change] = next;
        // Off the list before the row is read: a change during the write puts it back on.
        this.#waiting.delete(domain);
        const outcome = await this.ask('write', async (open) => await this.#do(open, next));
        if (outcome.ok) continue;
        if (!this.#waiting.has(domain)) this.#waiting.set(domain, change);
        return;
      }
    } finally {
      this.#writing = undefined;
    }
  }

  async #do(store: Store, [domain, change]: readonly [string, Change]): Promise<void> {
    const { clock, rowFor } = this.#options;
    switch (change.kind) {
      case 'save': {
        const row = rowFor(domain);
        // It may have expired while it waited: an expired row speaks for itself.
        if (row !== undefined) await writeRow(store, row);
        return;
      }
      case 'forget':
        await writeRow(store, tombstoneOf(domain, { at: change.at, now: clock.now() }));
        return;
      case 'remove':
        break;
    }
    await deleteRow(store, change.evicted);
  }
}
