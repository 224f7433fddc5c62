/**
 * Keeps the table in step with memory: changes that come together share a transaction, and with it
 * one wait for the disk. While the database is down, changes wait in memory and are written when it
 * is back; nothing is relaxed meanwhile.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Outcome } from '../failure.ts';
import { fail, ok } from '../failure.ts';
import type { Log } from '../log/log.ts';
import { databaseFault } from '../store/fault.ts';
import { type Committed, commitTogether, gathering, MOST_WORKS } from '../store/group-commit.ts';
import { reasonOf } from '../store/store-error.ts';
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
  /** Has the table still to be told of the domain, and is it being told? */
  isWriting(domain: string): boolean;
  /** Resolves when what is known of the domain is on disk, or when the table does not take it. */
  written(domain: string): Promise<void>;
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

/** A change and the domain that it is of. */
type Work = readonly [domain: string, change: Change];

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
  /** The domains of the transaction that is under way. */
  #inHand: ReadonlySet<string> = new Set();
  /** Resolves at the end of the transaction that is under way, or of the next. */
  #ended = Promise.withResolvers<void>();

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

  isWriting(domain: string): boolean {
    if (this.#writing === undefined || !this.#up.write) return false;
    return this.#waiting.has(domain) || this.#inHand.has(domain);
  }

  async written(domain: string): Promise<void> {
    while (this.isWriting(domain)) await this.#ended.promise;
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

  /** One transaction at a time, so that any number of changes at once costs no more than their list. */
  async #write(): Promise<void> {
    if (this.#waiting.size > 0) this.#writing ??= this.#writeAll();
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    try {
      do {
        await gathering();
        const isTaken = await this.#writeGroup(this.#nextGroup());
        this.#inHand = new Set();
        const ended = this.#ended;
        this.#ended = Promise.withResolvers();
        ended.resolve();
        if (!isTaken) return;
        // Meets what was put on the list meanwhile, too.
      } while (this.#waiting.size > 0);
    } finally {
      this.#writing = undefined;
    }
  }

  /** Off the list before the rows are read: a change during the write puts a domain back on. */
  #nextGroup(): readonly Work[] {
    const group = [...this.#waiting.entries().take(MOST_WORKS)];
    for (const [domain] of group) this.#waiting.delete(domain);
    this.#inHand = new Set(group.map(([domain]) => domain));
    // Nodes that lock rows in the same order do not wait for each other in a circle.
    return group.toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  /** False if the database failed; then what it did not take is on the list again. */
  async #writeGroup(group: readonly Work[]): Promise<boolean> {
    let results: readonly Committed<void>[] = [];
    const outcome = await this.ask('write', async (open) => {
      const run = async (works: readonly Work[]): Promise<readonly void[]> =>
        await this.#commit(open, works);
      results = await commitTogether(group, { run });
      const failed = results.find((result) => !result.ok && !isAboutRow(result.error));
      if (failed?.ok === false) throw failed.error;
    });
    for (const [index, [domain, change]] of group.entries()) {
      const result = results[index];
      if (result?.ok === true) continue;
      if (result !== undefined && isAboutRow(result.error)) this.#noteRefused(domain, result.error);
      else if (!this.#waiting.has(domain)) this.#waiting.set(domain, change);
    }
    return outcome.ok;
  }

  /** It would be refused again: it is written anew when the policy has been fetched anew. */
  #noteRefused(domain: string, error: unknown): void {
    const fields = { code: 'STORE_ROW_REFUSED', policyDomain: domain, reason: reasonOf(error) };
    this.#options.log.error(fields, `${domain}: the table refuses this policy; memory keeps it`);
  }

  async #commit(store: Store, works: readonly Work[]): Promise<readonly void[]> {
    const [only, ...others] = works;
    if (only !== undefined && others.length === 0) return [await this.#do(store, store.db, only)];
    return await store.db.transaction().execute(async (transaction) => {
      for (const work of works) await this.#do(store, transaction, work);
      return works.map(() => undefined);
    });
  }

  async #do(store: Store, db: Store['db'], [domain, change]: Work): Promise<void> {
    const { clock, rowFor } = this.#options;
    switch (change.kind) {
      case 'save': {
        const row = rowFor(domain);
        // It may have expired while it waited: an expired row speaks for itself.
        if (row !== undefined) await writeRow(store, row, db);
        return;
      }
      case 'forget':
        await writeRow(store, tombstoneOf(domain, { at: change.at, now: clock.now() }), db);
        return;
      case 'remove':
        break;
    }
    await deleteRow(db, change.evicted);
  }
}

/** Is the row at fault, and not the database? */
function isAboutRow(error: unknown): boolean {
  return databaseFault(error) === 'row';
}
