/**
 * Reading the table: all of it at the start, then what other nodes and the command line changed.
 *
 * @module
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { TableAnswer } from './attempts.ts';
import type { DomainLife } from './domain-life.ts';
import { inForce } from './life-times.ts';
import type { MemoryCache } from './memory-cache.ts';
import type { PolicyKeeper } from './policy-keeper.ts';
import { heldOf, readChanged, readForgotten, readLive, readRow, writeUse } from './policy-table.ts';
import { within } from './within.ts';

/** What it stands on. */
export interface TableSyncOptions {
  readonly keeper: PolicyKeeper;
  readonly life: DomainLife;
  readonly cache: MemoryCache;
  readonly clock: Clock;
}

/** Memory's view of the table. */
export interface TableSync {
  /** True once memory holds all that the table has. */
  readonly loaded: boolean;
  /** Reads the whole table, in chunks, letting other work run between. */
  load(isClosing: () => boolean): Promise<void>;
  /** Takes over what changed since the last time. */
  poll(): Promise<void>;
  /** Of that, only what was forgotten on purpose: cheap enough for every few seconds. */
  pollForgotten(): Promise<void>;
  /** The one domain, before the network is asked. */
  consult(domain: string): Promise<TableAnswer>;
  /** Notes that the domain is in use; written later. */
  noteUse(domain: string): void;
  writeUses(): Promise<void>;
}

/** Nodes' clocks may differ by this much, and a commit may take as long, milliseconds. */
const OVERLAP_MS = 120_000;

/** A table that takes longer is as good as down: a caller waits for the answer. */
const CONSULT_MS = 1_500;

/** The table of the keeper's store. */
export function createTableSync(options: TableSyncOptions): TableSync {
  const { keeper, life, cache, clock } = options;
  const used = new Set<string>();
  let loaded = false;
  let complete = false;
  let polledAt = 0;

  const load = async (isClosing: () => boolean): Promise<void> => {
    const startedAt = clock.now();
    let fits = true;
    const outcome = await keeper.ask('read', async (store) => {
      for await (const rows of readLive(store, startedAt)) {
        if (isClosing()) return;
        for (const row of rows) fits = life.adopt(row) && fits;
        await nextTurn();
      }
    });
    if (!outcome.ok || isClosing()) return;
    loaded = true;
    complete = fits;
    polledAt = startedAt;
  };

  const poll = async (): Promise<void> => {
    const startedAt = clock.now();
    const changedSince = Math.min(polledAt, startedAt) - OVERLAP_MS;
    const outcome = await keeper.ask('read', async (store) => {
      for await (const rows of readChanged(store, changedSince)) {
        for (const row of rows) complete = life.adopt(row) && complete;
        await nextTurn();
      }
    });
    if (outcome.ok) polledAt = startedAt;
  };

  const pollForgotten = async (): Promise<void> => {
    // While the table is silent the full poll asks whether it is back.
    if (!loaded || !keeper.up.read) return;
    const changedSince = Math.min(polledAt, clock.now()) - OVERLAP_MS;
    await keeper.ask('read', async (store) => {
      for (const row of await readForgotten(store, changedSince)) life.adopt(row);
    });
  };

  const consult = async (domain: string): Promise<TableAnswer> => {
    const { store } = keeper;
    // Memory knows all that a table of our own has; one that is shared may have more.
    if (store === undefined || (complete && store.traits.engine === 'sqlite')) {
      return { kind: 'nothing' };
    }
    const late = { code: 'STORE_UNAVAILABLE', detail: 'the database does not answer' } as const;
    if (!keeper.up.read) return { kind: 'no-answer', failure: late };
    const asked = keeper.ask('read', async (open) => await readRow(open, domain));
    const answer = await within(asked, { clock, ms: CONSULT_MS });
    if (answer.kind === 'late') return { kind: 'no-answer', failure: late };
    const { value } = answer;
    if (!value.ok) return { kind: 'no-answer', failure: value.failure };
    const row = value.value;
    // Memory may be full: then the policy of the table is for this question alone.
    const served = row === undefined || life.adopt(row) ? undefined : heldOf(row);
    if (served !== undefined) return { kind: 'in-force', served };
    const known = inForce(cache.state(domain), clock.now());
    return known === undefined ? { kind: 'nothing' } : { kind: 'in-force' };
  };

  const writeUses = async (): Promise<void> => {
    if (used.size === 0 || keeper.store === undefined) return;
    const domains = [...used];
    used.clear();
    const now = clock.now();
    const outcome = await keeper.ask('write', async (store) => await writeUse(store, domains, now));
    for (const domain of domains) {
      const entry = cache.entry(domain);
      if (entry === undefined) continue;
      if (outcome.ok) entry.storedUseAt = now;
      else used.add(domain);
    }
  };

  return {
    get loaded() {
      return loaded;
    },
    load,
    poll,
    pollForgotten,
    consult,
    noteUse: (domain) => used.add(domain),
    writeUses,
  };
}
