/**
 * Where the pure life cycle meets memory, table and listeners: applies events and does what follows.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../log/log.ts';
import type { CacheEntry, Evicted, MemoryCache } from './memory-cache.ts';
import type {
  Context,
  Effect,
  Held,
  LifeEvent,
  LifeSettings,
  State,
  Step,
} from './life-cycle-types.ts';
import { transition } from './life-cycle.ts';
import { inForce, rebased } from './life-times.ts';
import type { PolicyKeeper } from './policy-keeper.ts';
import type { PolicyRow } from './policy-table.ts';
import { heldOf, isAhead, isTombstone } from './policy-table.ts';
import type { RefreshSchedule } from './refresh-schedule.ts';
import type { StsEvent } from './types.ts';

/** What it stands on. */
export interface DomainLifeOptions {
  readonly cache: MemoryCache;
  readonly schedule: RefreshSchedule;
  readonly keeper: PolicyKeeper;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: LifeSettings;
  readonly random: () => number;
  readonly tell: (event: StsEvent) => void;
  /** Another policy, or none, is in force than before. */
  readonly changed: (domain: string) => void;
}

/** The states of all domains. */
export interface DomainLife {
  /** Moves the domain's state; the write to the table is begun at once, and nobody waits for it. */
  apply(domain: string, event: LifeEvent): Step;
  /** Takes over a row of the table. False if there was no room. */
  adopt(row: PolicyRow): boolean;
  /** Brings every policy into line with a clock that went back. */
  rebaseAll(): void;
}

/** How often at most the log says that the cache is full, milliseconds. */
const FULL_NOTICE_MS = 3_600_000;

/** The states of all domains, empty at first. */
export function createDomainLife(options: DomainLifeOptions): DomainLife {
  const { cache, schedule, keeper, clock, log, settings, random, tell, changed } = options;
  let fullNoticeAt = Number.NEGATIVE_INFINITY;

  const contextOf = (policyDomain: string): Context => ({
    policyDomain,
    now: clock.now(),
    settings,
    random,
  });

  const noticeFull = (now: number): void => {
    if (Math.abs(now - fullNoticeAt) < FULL_NOTICE_MS) return;
    fullNoticeAt = now;
    log.warn(
      { entries: cache.size },
      'the policy cache is full of policies in use: new ones are not kept; raise mta_sts.max_entries',
    );
  };

  /** @returns false if there was no room; then nothing of it is written either */
  const keep = (domain: string, step: Step, now: number): boolean => {
    const before = cache.entry(domain)?.state.refreshAt;
    const wasGuest = before === undefined && cache.state(domain).kind === 'held';
    const result = cache.put(domain, step.state, now);
    letGo(result.squeezed);
    if (result.kind === 'refused') {
      noticeFull(now);
      return false;
    }
    if (result.evicted !== undefined) keeper.remove(result.evicted);
    if (step.state.kind === 'held' && step.state.refreshAt !== before) {
      schedule.set(domain, step.state.refreshAt);
      if (wasGuest) keeper.save(domain);
    }
    return true;
  };

  const letGo = (squeezed: Evicted | undefined): void => {
    if (squeezed === undefined) return;
    keeper.remove(squeezed);
    changed(squeezed.domain);
  };

  const follow = (domain: string, effects: readonly Effect[]): void => {
    for (const effect of effects) {
      if (effect.kind === 'save') keeper.save(domain);
      if (effect.kind === 'forget') keeper.forget(domain, effect.at);
      if (effect.kind === 'tell') tell(effect.event);
    }
  };

  const apply = (domain: string, event: LifeEvent): Step => {
    const context = contextOf(domain);
    const before = cache.state(domain);
    const step = transition(before, event, context);
    const kept = step.state === before || keep(domain, step, context.now);
    const effects = kept ? step.effects : step.effects.filter((effect) => effect.kind !== 'save');
    if (!isSamePolicy(before, cache.state(domain))) changed(domain);
    follow(domain, effects);
    return step;
  };

  return {
    apply,
    adopt(row) {
      const domain = row.policy_domain;
      const { now } = contextOf(domain);
      const ahead = isAhead(row, now);
      if (isTombstone(row)) {
        if (!ahead) apply(domain, { kind: 'forgotten', at: row.fetched_at });
        return true;
      }
      if (row.fetched_at <= (keeper.forgottenAt(domain) ?? Number.NEGATIVE_INFINITY)) return true;
      // Nobody knows when it was really fetched: it is better than nothing, and no better than that.
      if (ahead && inForce(cache.state(domain), now) !== undefined) return true;
      const kept = take(row, now);
      // Written anew with the time of today, or each reading would begin its life again.
      if (ahead && kept) keeper.save(domain);
      return kept;
    },
    rebaseAll() {
      for (const [domain, entry] of cache.entries()) rebaseEntry(domain, entry);
      const now = clock.now();
      // What is put back stands at the end of the map and is met again, but is no longer ahead: of
      // this moment, for with a later one it would be met again and again.
      for (const [domain, bare] of cache.bareEntries()) {
        if (bare.since > now) cache.put(domain, rebased(bare, { ...contextOf(domain), now }), now);
      }
    },
  };

  function take(row: PolicyRow, now: number): boolean {
    const domain = row.policy_domain;
    const usedAt = Math.min(row.last_used_at, now);
    const entry = cache.entry(domain);
    if (entry !== undefined) {
      entry.lastUsedAt = Math.max(entry.lastUsedAt, usedAt);
      entry.storedUseAt = Math.max(entry.storedUseAt, usedAt);
      apply(domain, { kind: 'stored', held: heldOf(row) });
      return true;
    }
    if (cache.state(domain).kind === 'held') {
      // A guest: it takes over what is newer, and a room if there is one.
      apply(domain, { kind: 'stored', held: heldOf(row) });
      return cache.entry(domain) !== undefined;
    }
    const held = rebased(heldOf(row), contextOf(domain)) as Held;
    if (now > held.expiresAt) return true;
    const result = cache.load(domain, held, usedAt, now);
    changed(domain);
    letGo(result.squeezed);
    if (result.kind === 'refused') return false;
    schedule.set(domain, held.refreshAt);
    // The row of one that made room is still there: memory does not hold all of the table.
    return result.evicted === undefined;
  }

  function rebaseEntry(domain: string, entry: CacheEntry): void {
    const next = rebased(entry.state, contextOf(domain)) as Held;
    if (next === entry.state) return;
    entry.state = next;
    schedule.set(domain, next.refreshAt);
    changed(domain);
  }
}

/** Would a decision made with the one still be right with the other? */
function isSamePolicy(before: State, after: State): boolean {
  if (before.kind !== 'held' || after.kind !== 'held')
    return before.kind !== 'held' && after.kind !== 'held';
  return before.id === after.id && before.fetchedAt === after.fetchedAt;
}
