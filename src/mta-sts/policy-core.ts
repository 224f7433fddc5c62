/**
 * Puts the parts of the policy cache together.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { Log } from '../log/log.ts';
import type { Store } from '../store/types.ts';
import type { Attempts, PolicyNetwork } from './attempts.ts';
import { createAttempts } from './attempts.ts';
import type { DomainLife } from './domain-life.ts';
import { createDomainLife } from './domain-life.ts';
import { logStsEvent } from './event-log.ts';
import type { FetchSlots } from './fetch-slots.ts';
import { createFetchSlots } from './fetch-slots.ts';
import type { Purpose } from './life-cycle-types.ts';
import { inForce } from './life-times.ts';
import type { MemoryCache } from './memory-cache.ts';
import { createMemoryCache } from './memory-cache.ts';
import type { PolicyKeeper } from './policy-keeper.ts';
import { createPolicyKeeper } from './policy-keeper.ts';
import { rowOf } from './policy-table.ts';
import type { RefreshLoop } from './refresh-loop.ts';
import { createRefreshLoop } from './refresh-loop.ts';
import { createRefreshSchedule } from './refresh-schedule.ts';
import type { TableSync } from './table-sync.ts';
import { createTableSync } from './table-sync.ts';
import type { StsEvent } from './types.ts';

/** What the parts stand on. */
export interface PolicyCoreOptions {
  readonly network: PolicyNetwork;
  readonly store: Store | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: Config['mtaSts'];
  readonly concurrency: number;
  readonly random: () => number;
  readonly onEvent: ((event: StsEvent) => void) | undefined;
  readonly onChange: ((policyDomain: string) => void) | undefined;
  readonly owner: string;
}

/** The parts. */
export interface PolicyCore {
  readonly cache: MemoryCache;
  readonly life: DomainLife;
  readonly slots: FetchSlots;
  readonly attempts: Attempts;
  readonly keeper: PolicyKeeper;
  readonly table: TableSync;
  readonly loop: RefreshLoop;
  readonly clock: Clock;
  readonly log: Log;
  readonly tell: (event: StsEvent) => void;
  /** Another policy, or none, is in force. */
  readonly changed: (domain: string) => void;
  /** Begins an attempt that nobody waits for, unless one is under way. */
  behind(domain: string, purpose: Purpose): void;
  close(): Promise<void>;
}

/** Domains without a policy that are remembered; each is asked again after minutes anyway. */
const MAX_BARE = 100_000;

/** Where the table did not answer, a domain is asked again this soon, milliseconds. */
const UNCERTAIN_MS = 30_000;

/** All parts, nothing running yet. */
export function createPolicyCore(options: PolicyCoreOptions): PolicyCore {
  const { network, store, clock, log, settings, concurrency, random, owner } = options;
  const cache = createMemoryCache({
    maxEntries: settings.maxEntries,
    maxBare: Math.max(1_000, Math.min(MAX_BARE, settings.maxEntries)),
    unusedAfterMs: settings.unusedAfterMs,
  });
  const schedule = createRefreshSchedule();
  const { firstContactMs } = settings;
  const slots = createFetchSlots({ slots: concurrency, clock, patienceMs: firstContactMs });
  const keeper = createPolicyKeeper({
    store,
    clock,
    log,
    rowFor: (domain) => {
      const entry = cache.entry(domain);
      if (entry === undefined) return undefined;
      return rowOf(domain, entry.state, { lastUsedAt: entry.lastUsedAt, now: clock.now() });
    },
  });
  const tell = (event: StsEvent): void => {
    logStsEvent(log, event, clock.now());
    options.onEvent?.(event);
  };
  const changed = (domain: string): void => options.onChange?.(domain);
  const life = createDomainLife({
    cache,
    schedule,
    keeper,
    clock,
    log,
    settings,
    random,
    tell,
    changed,
  });
  const table = createTableSync({ keeper, life, cache, clock });
  const attempts = createAttempts({
    network,
    life,
    slots,
    consultTable: async (domain) =>
      inForce(cache.state(domain), clock.now()) === undefined
        ? await table.consult(domain)
        : { kind: 'nothing' },
    markUncertain: (domain, failure) => {
      const state = cache.state(domain);
      if (state.kind !== 'bare') return;
      const until = Math.min(state.until, clock.now() + UNCERTAIN_MS);
      cache.put(domain, { ...state, failure, until }, clock.now());
    },
  });
  const loop = createRefreshLoop({
    attempts,
    cache,
    schedule,
    keeper,
    table,
    life,
    clock,
    log,
    random,
    // Twice the slots that refreshes have: while one waits for its record, another fetches.
    concurrency: Math.max(1, Math.floor(concurrency / 2)),
    unusedAfterMs: settings.unusedAfterMs,
    owner,
  });
  const behind = (domain: string, purpose: Purpose): void => {
    if (attempts.isUnderWay(domain)) return;
    attempts.run(domain, purpose).catch((error: unknown) => {
      log.error({ policyDomain: domain, error: String(error) }, `${domain}: ${purpose} broke off`);
    });
  };
  const close = async (): Promise<void> => {
    await Promise.all([attempts.close(), loop.close()]);
    // What waited for the database to come back must not wait for the next start: it would be lost.
    await keeper.flush();
    await table.writeUses();
  };
  return {
    cache,
    life,
    slots,
    attempts,
    keeper,
    table,
    loop,
    clock,
    log,
    tell,
    changed,
    behind,
    close,
  };
}
