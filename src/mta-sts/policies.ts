/**
 * The policy cache: answers from memory, learns from the network, remembers in the table.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { normalizeName } from '../dns/name.ts';
import type { Resolver } from '../dns/types.ts';
import type { Outcome } from '../failure.ts';
import type { HttpsFetcher } from '../http/https-fetcher.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/types.ts';
import type { PolicyNetwork } from './attempts.ts';
import { discover } from './discover.ts';
import { fetchStsPolicy } from './fetch-policy.ts';
import type { Held, Purpose } from './life-cycle-types.ts';
import { UNKNOWN } from './life-cycle.ts';
import { inForce, isFromTheFuture, mayRenew, wanted } from './life-times.ts';
import { policyAllows } from './match.ts';
import type { CacheEntry } from './memory-cache.ts';
import type { PolicyCore } from './policy-core.ts';
import { createPolicyCore } from './policy-core.ts';
import {
  heldOf,
  isAhead,
  isTombstone,
  readLive,
  readRow,
  tombstoneOf,
  writeRow,
} from './policy-table.ts';
import { activeOf, answerOf, entryOf, pendingOf, statusOf } from './status.ts';
import { survey } from './survey.ts';
import type {
  PolicyEntry,
  StsEvent,
  StsLookupOptions,
  StsPolicies,
  StsStats,
  StsSurvey,
  StsStatus,
} from './types.ts';
import { within } from './within.ts';

/** What the policy cache stands on. */
export interface StsPoliciesOptions {
  readonly resolver: Resolver;
  readonly fetcher: HttpsFetcher;
  /** Absent: memory alone. It stays open when the cache closes. */
  readonly store?: Store | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: Config['mtaSts'];
  /** Fetches under way at once. Default 50. */
  readonly concurrency?: number;
  /** 0 ≤ value < 1, for the jitter. */
  readonly random?: () => number;
  readonly onEvent?: ((event: StsEvent) => void) | undefined;
  /**
   * Another policy is in force than before, or none: by a fetch, by its end, by an order to forget,
   * or because another node said so. Whatever was decided with the older one may be wrong.
   */
  readonly onChange?: ((policyDomain: string) => void) | undefined;
  /** Who takes leases; different for each process. */
  readonly owner?: string;
  /** Replaces the resolver and the fetcher, for tests. */
  readonly network?: PolicyNetwork;
}

/** The use of a policy is written about once a day; it only has to tell used from unused. */
const USE_STEP_MS = 86_400_000;

/** A policy is on disk before anybody is told of it, unless the table takes longer than this. */
const WRITE_MS = 500;

/** An empty cache; `start()` fills it from the table and begins the background work. */
export function createStsPolicies(options: StsPoliciesOptions): StsPolicies {
  const core = createPolicyCore({
    network: options.network ?? realNetwork(options),
    store: options.store,
    clock: options.clock,
    log: options.log,
    settings: options.settings,
    concurrency: options.concurrency ?? 50,
    random: options.random ?? Math.random,
    onEvent: options.onEvent,
    onChange: options.onChange,
    owner: options.owner ?? randomUUID(),
  });
  return new Policies(core, options.settings);
}

function realNetwork(options: StsPoliciesOptions): PolicyNetwork {
  const { resolver, fetcher, settings } = options;
  const { requireTextPlain } = settings;
  return {
    discover: async (policyDomain, how) => await discover({ resolver, policyDomain, ...how }),
    fetch: async (policyDomain, how) =>
      await fetchStsPolicy({ fetcher, policyDomain, requireTextPlain, ...how }),
  };
}

class Policies implements StsPolicies {
  readonly #core: PolicyCore;
  readonly #settings: Config['mtaSts'];

  constructor(core: PolicyCore, settings: Config['mtaSts']) {
    this.#core = core;
    this.#settings = settings;
  }

  async lookup(policyDomain: string, options: StsLookupOptions = {}): Promise<StsStatus> {
    const key = this.#keyOf(policyDomain);
    if (!key.ok) return { kind: 'none', failure: key.failure };
    const domain = key.value;
    const status = await this.#find(domain, options);
    if (this.#core.keeper.isWriting(domain)) await this.#written(domain, options);
    return status;
  }

  peek(policyDomain: string): StsStatus | undefined {
    const key = this.#keyOf(policyDomain);
    if (!key.ok) return undefined;
    return statusOf(key.value, this.#core.cache.state(key.value), this.#core.clock.now());
  }

  async refresh(
    policyDomain: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<StsStatus> {
    return await this.#askNow(policyDomain, 'forced', options);
  }

  async recheck(
    policyDomain: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<StsStatus> {
    return await this.#askNow(policyDomain, 'recheck', options);
  }

  async purge(policyDomain: string): Promise<boolean> {
    const key = this.#keyOf(policyDomain);
    if (!key.ok) return false;
    const { cache, keeper, clock } = this.#core;
    const now = clock.now();
    const state = cache.state(key.value);
    const wasKnown = state.kind !== 'unknown';
    cache.put(key.value, UNKNOWN, now);
    this.#core.changed(key.value);
    // What is there goes, even if it is from a clock that is a little ahead of ours.
    const from = (fetchedAt: number): number =>
      isAhead({ fetched_at: fetchedAt }, now) ? now : Math.max(now, fetchedAt);
    const row = await keeper.ask('write', async (store) => {
      const found = await readRow(store, key.value);
      const at = from(found?.fetched_at ?? now);
      await writeRow(store, tombstoneOf(key.value, { at, now: clock.now() }));
      return found;
    });
    if (!row.ok) {
      keeper.forget(key.value, state.kind === 'held' ? from(state.fetchedAt) : now);
      return wasKnown;
    }
    return wasKnown || (row.value !== undefined && !isTombstone(row.value));
  }

  async *list(): AsyncGenerator<PolicyEntry> {
    const { cache, table, clock, keeper } = this.#core;
    if (table.loaded || keeper.store === undefined) {
      for (const [domain, entry] of cache.entries()) yield* this.#line(domain, entry);
      return;
    }
    for await (const rows of readLive(keeper.store, clock.now())) {
      for (const row of rows) {
        const entry = { state: heldOf(row), lastUsedAt: row.last_used_at };
        yield* this.#line(row.policy_domain, entry);
      }
    }
  }

  async show(policyDomain: string): Promise<PolicyEntry | undefined> {
    const key = this.#keyOf(policyDomain);
    if (!key.ok) return undefined;
    await this.#readFromTable(key.value);
    const entry = this.#core.cache.entry(key.value);
    if (entry === undefined) return undefined;
    return [...this.#line(key.value, entry)][0];
  }

  stats(): StsStats {
    const { cache, loop, slots, keeper, table } = this.#core;
    return {
      entries: cache.size,
      enforced: cache.count('enforce'),
      testing: cache.count('testing'),
      fetchesUnderWay: slots.underWay,
      refreshBacklog: loop.backlog + slots.waiting('background'),
      storeUp: keeper.up.read && keeper.up.write,
      loaded: table.loaded || keeper.store === undefined,
    };
  }

  async survey(): Promise<StsSurvey> {
    const { cache, clock } = this.#core;
    return await survey({
      entries: cache.entries(),
      now: clock.now(),
      unusedAfterMs: this.#settings.unusedAfterMs,
      pause: async () => await setImmediate(),
    });
  }

  start(): void {
    this.#core.loop.start();
  }

  async close(): Promise<void> {
    await this.#core.close();
  }

  /** The key as it stands in memory; only a name that is not there is normalised. */
  #keyOf(name: string): Outcome<string> {
    if (this.#core.cache.entry(name) !== undefined) return { ok: true, value: name };
    return normalizeName(name);
  }

  *#line(domain: string, entry: Pick<CacheEntry, 'state' | 'lastUsedAt'>): Generator<PolicyEntry> {
    if (inForce(entry.state, this.#core.clock.now()) === undefined) return;
    const line = entryOf(domain, entry);
    if (line !== undefined) yield line;
  }

  async #readFromTable(domain: string): Promise<void> {
    const { cache, table } = this.#core;
    if (cache.entry(domain) === undefined) await table.consult(domain);
  }

  async #find(domain: string, options: StsLookupOptions): Promise<StsStatus> {
    const state = this.#core.cache.state(domain);
    const cached =
      state.kind === 'held' ? await this.#fromCache(domain, state, options) : undefined;
    if (cached !== undefined) return cached;
    const { cache, clock } = this.#core;
    const known = statusOf(domain, cache.state(domain), clock.now());
    const status = known ?? (await this.#ask(domain, 'first-contact', options));
    const held = inForce(cache.state(domain), clock.now());
    if (status.kind === 'policy' || held === undefined) return status;
    // The table had one, and it cannot be read.
    return (await this.#fromCache(domain, held, options)) ?? status;
  }

  /** The answer from memory, without waiting, unless the live MX hosts say that it is out of date. */
  async #fromCache(
    domain: string,
    known: Held,
    options: StsLookupOptions,
  ): Promise<StsStatus | undefined> {
    const { cache, clock, life } = this.#core;
    const now = clock.now();
    if (isFromTheFuture(known, now)) life.apply(domain, { kind: 'time' });
    const state = inForce(cache.state(domain), now);
    if (state === undefined) return undefined;
    this.#noteUse(domain, now);
    const active = activeOf(domain, state, 'cache');
    if (active === undefined) return await this.#repair(domain, state, options);
    if (
      excludesAll(state, options.mxHosts) &&
      mayRenew(state, { policyDomain: domain, now, settings: this.#settings })
    ) {
      return await this.#renew(domain, options);
    }
    const purpose = wanted(state, { policyDomain: domain, now, settings: this.#settings });
    if (purpose !== undefined) this.#core.behind(domain, purpose);
    return { kind: 'policy', active };
  }

  /** A stored policy that cannot be read is fetched anew, but not at every question. */
  async #repair(
    domain: string,
    state: Held,
    options: StsLookupOptions,
  ): Promise<StsStatus | undefined> {
    const { clock, log } = this.#core;
    const now = clock.now();
    if (!mayRenew(state, { policyDomain: domain, now, settings: this.#settings })) {
      return statusOf(domain, state, now);
    }
    const fields = { code: 'STORE_ROW_DAMAGED', policyDomain: domain } as const;
    log.error(fields, `${domain}: the stored policy cannot be read and is fetched anew`);
    return await this.#ask(domain, 'repair', options);
  }

  #noteUse(domain: string, now: number): void {
    const entry = this.#core.cache.entry(domain);
    if (entry === undefined) return;
    entry.lastUsedAt = now;
    if (now - entry.storedUseAt > USE_STEP_MS) this.#core.table.noteUse(domain);
  }

  async #renew(domain: string, options: StsLookupOptions): Promise<StsStatus> {
    const status = await this.#ask(domain, 'mx-mismatch', options);
    const held = inForce(this.#core.cache.state(domain), this.#core.clock.now());
    if (held !== undefined && excludesAll(held, options.mxHosts)) {
      const mx = options.mxHosts ?? [];
      this.#core.tell({ kind: 'no-mx-matches', policyDomain: domain, mx });
    }
    return status;
  }

  async #askNow(
    policyDomain: string,
    purpose: Purpose,
    options: { readonly signal?: AbortSignal },
  ): Promise<StsStatus> {
    const key = this.#keyOf(policyDomain);
    if (!key.ok) return { kind: 'none', failure: key.failure };
    const budgetMs = Number.POSITIVE_INFINITY;
    const status = await this.#ask(key.value, purpose, { ...options, budgetMs });
    await this.#written(key.value, options);
    return status;
  }

  /** A crash must not make a domain a stranger again whose policy mail has been sent under. */
  async #written(domain: string, { signal }: Pick<StsLookupOptions, 'signal'>): Promise<void> {
    const { keeper, clock } = this.#core;
    await within(keeper.written(domain), { clock, ms: WRITE_MS, signal });
  }

  async #ask(domain: string, purpose: Purpose, options: StsLookupOptions): Promise<StsStatus> {
    const { attempts, cache, clock } = this.#core;
    const { budgetMs = this.#settings.firstContactMs, signal } = options;
    const end = await within(attempts.run(domain, purpose), { clock, ms: budgetMs, signal });
    const state = cache.state(domain);
    if (end.kind === 'done') return answerOf(domain, { served: end.value, state }, clock.now());
    const known = statusOf(domain, state, clock.now());
    if (known !== undefined) return known;
    // Only a table that has answered lets "not yet" mean "deliver without".
    const doubt = attempts.doubt(domain);
    return doubt === undefined ? pendingOf(domain, budgetMs) : { kind: 'none', failure: doubt };
  }
}

/** None of the live MX hosts is allowed: the policy may be out of date (RFC 8461 §8.1). */
function excludesAll(held: Held, mxHosts: readonly string[] | undefined): boolean {
  if (mxHosts === undefined || mxHosts.length === 0 || held.policy.mode === 'none') return false;
  const policy = held.policy.parsed();
  return policy !== undefined && !mxHosts.some((host) => policyAllows(policy, host));
}
