/**
 * What is known of each domain, in bounded memory. Policies and the lack of one are kept apart,
 * so that a flood of domains without a policy can never push a policy out. Policies for which there
 * is no room are guests: a few of the newest stay for a while, so that their hosts are not asked
 * for every message.
 *
 * @module
 */
import type { BigTexts } from './big-texts.ts';
import { SMALL_WEIGHT, createBigTexts } from './big-texts.ts';
import type { Bare, Held, State } from './life-cycle-types.ts';
import { UNKNOWN } from './life-cycle.ts';
import type { PolicyTexts, SharedPolicy } from './shared-policy.ts';
import { createPolicyTexts } from './shared-policy.ts';

/** A policy and its use. */
export interface CacheEntry {
  state: Held;
  /** Milliseconds since the Unix epoch. */
  lastUsedAt: number;
  /** The `lastUsedAt` that the table has. */
  storedUseAt: number;
}

/** How much is kept. */
export interface MemoryCacheOptions {
  /** Policies. */
  readonly maxEntries: number;
  /** Domains without one. */
  readonly maxBare: number;
  /** A policy not used for this long may make room for another, milliseconds. */
  readonly unusedAfterMs: number;
}

/** A policy that made room for another, as it was last known here. */
export interface Evicted {
  readonly domain: string;
  readonly fetchedAt: number;
  readonly lastUsedAt: number;
}

/** What became of a policy that was put in. */
export type PutResult =
  /** `squeezed` is a large policy that made room for the text of this one, in use or not. */
  | { readonly kind: 'kept'; readonly evicted?: Evicted; readonly squeezed?: Evicted }
  /** Full of policies that are in force and in use: it is a guest. `squeezed` is what it had before. */
  | { readonly kind: 'refused'; readonly squeezed?: Evicted };

/** A bounded map from policy domain to state. */
export interface MemoryCache {
  /** A policy with a room of its own. */
  entry(domain: string): CacheEntry | undefined;
  /** What is known, guests too. */
  state(domain: string): State;
  put(domain: string, state: State, now: number): PutResult;
  /** A policy from the table with the use that the table knows of. */
  load(domain: string, state: Held, lastUsedAt: number, now: number): PutResult;
  entries(): IterableIterator<[string, CacheEntry]>;
  /** The domains without a policy. */
  bareEntries(): IterableIterator<[string, Bare]>;
  readonly size: number;
  count(mode: Held['policy']['mode']): number;
}

/** Guests at most; the oldest goes. A policy takes 64 KiB at worst. */
export const MAX_GUESTS = 2_000;

/**
 * How much all texts may weigh: two KiB for each policy that may be kept, which is several times
 * what policies are like, but no more than the memory of a small machine; and never so little that
 * a few large ones do not fit. Beyond it the largest that nobody shares go first: a flood of
 * policies of 64 KiB must not take the room of thousands of plain ones each.
 */
const MEAN_WEIGHT = 2_048;
const LEAST_WEIGHT = 8 * 2 ** 20;
const MOST_WEIGHT = 2 ** 30;

/** How many entries are looked at for one that may go. */
const EVICTION_SAMPLE = 64;

/** An empty cache. */
export function createMemoryCache(options: MemoryCacheOptions): MemoryCache {
  return new BoundedCache(options);
}

class BoundedCache implements MemoryCache {
  readonly #options: MemoryCacheOptions;
  readonly #held = new Map<string, CacheEntry>();
  readonly #guests = new Map<string, Held>();
  readonly #bare = new Map<string, Bare>();
  readonly #texts: PolicyTexts = createPolicyTexts();
  readonly #big: BigTexts = createBigTexts();
  readonly #maxWeight: number;
  readonly #counts = { enforce: 0, testing: 0, none: 0 };
  #hand: IterableIterator<[string, CacheEntry]> | undefined;

  constructor(options: MemoryCacheOptions) {
    this.#options = options;
    const wanted = options.maxEntries * MEAN_WEIGHT;
    this.#maxWeight = Math.min(Math.max(wanted, LEAST_WEIGHT), MOST_WEIGHT);
  }

  entry(domain: string): CacheEntry | undefined {
    return this.#held.get(domain);
  }

  state(domain: string): State {
    const held = this.#held.get(domain)?.state ?? this.#guests.get(domain);
    return held ?? this.#bare.get(domain) ?? UNKNOWN;
  }

  put(domain: string, state: State, now: number): PutResult {
    if (state.kind === 'held') return this.#putHeld(domain, state, { lastUsedAt: now, now });
    this.#dropHeld(domain);
    this.#guests.delete(domain);
    this.#bare.delete(domain);
    if (state.kind === 'bare') this.#putBare(domain, state);
    return { kind: 'kept' };
  }

  load(domain: string, state: Held, lastUsedAt: number, now: number): PutResult {
    const result = this.#putHeld(domain, state, { lastUsedAt, now });
    const entry = this.#held.get(domain);
    if (entry !== undefined) {
      entry.storedUseAt = Math.max(entry.storedUseAt, lastUsedAt);
      entry.lastUsedAt = Math.max(entry.lastUsedAt, lastUsedAt);
    }
    return result;
  }

  entries(): IterableIterator<[string, CacheEntry]> {
    return this.#held.entries();
  }

  bareEntries(): IterableIterator<[string, Bare]> {
    return this.#bare.entries();
  }

  get size(): number {
    return this.#held.size;
  }

  count(mode: Held['policy']['mode']): number {
    return this.#counts[mode];
  }

  #putHeld(
    domain: string,
    state: Held,
    use: { readonly lastUsedAt: number; readonly now: number },
  ): PutResult {
    const entry = this.#held.get(domain);
    if (entry !== undefined) return this.#renew(domain, entry, state);
    const evicted = this.#held.size < this.#options.maxEntries ? undefined : this.#evict(use.now);
    // Kept or not, there is a policy: that there was none is no longer true.
    this.#bare.delete(domain);
    this.#guests.delete(domain);
    const room = this.#held.size < this.#options.maxEntries && this.#squeeze(domain, state.policy);
    if (room === false) {
      this.#putGuest(domain, state);
      return evicted === undefined ? { kind: 'refused' } : { kind: 'refused', squeezed: evicted };
    }
    const shared = this.#texts.take(state.policy);
    this.#counts[shared.mode] += 1;
    const kept = shared === state.policy ? state : { ...state, policy: shared };
    const { lastUsedAt } = use;
    this.#held.set(domain, { state: kept, lastUsedAt, storedUseAt: lastUsedAt });
    this.#big.add(domain, shared.weight);
    return { kind: 'kept', ...room, ...(evicted === undefined ? {} : { evicted }) };
  }

  #renew(domain: string, entry: CacheEntry, state: Held): PutResult {
    const old = entry.state.policy;
    const grows = state.policy.weight > Math.max(old.weight, SMALL_WEIGHT);
    const room = grows ? this.#squeeze(domain, state.policy) : {};
    if (room === false) {
      const squeezed = this.#drop(domain, entry);
      this.#putGuest(domain, state);
      return { kind: 'refused', squeezed };
    }
    entry.state = this.#swap(entry.state, state);
    this.#big.remove(domain, old.weight);
    this.#big.add(domain, entry.state.policy.weight);
    return { kind: 'kept', ...room };
  }

  /** Makes room for the text if it has to; false if only smaller ones could go for it. */
  #squeeze(domain: string, policy: SharedPolicy): { readonly squeezed?: Evicted } | false {
    if (this.#texts.weight + policy.weight <= this.#maxWeight) return {};
    if (this.#texts.weight + this.#texts.cost(policy) <= this.#maxWeight) return {};
    const found = this.#big.above(policy.weight, (other) => {
      const entry = this.#held.get(other);
      return other !== domain && entry !== undefined && this.#texts.isAlone(entry.state.policy);
    });
    if (found === undefined) return false;
    const entry = this.#held.get(found)!;
    const squeezed = this.#drop(found, entry);
    this.#putGuest(found, entry.state);
    return { squeezed };
  }

  #drop(domain: string, { state, lastUsedAt }: CacheEntry): Evicted {
    this.#dropHeld(domain);
    return { domain, fetchedAt: state.fetchedAt, lastUsedAt };
  }

  #putGuest(domain: string, state: Held): void {
    makeRoom(this.#guests, MAX_GUESTS);
    this.#guests.set(domain, state);
  }

  /** Keeps the count of texts and modes right when a policy takes another's place. */
  #swap(old: Held, next: Held): Held {
    if (old.policy === next.policy) return next;
    const shared = this.#texts.take(next.policy);
    this.#texts.release(old.policy);
    this.#counts[old.policy.mode] -= 1;
    this.#counts[shared.mode] += 1;
    return shared === next.policy ? next : { ...next, policy: shared };
  }

  #dropHeld(domain: string): void {
    const entry = this.#held.get(domain);
    if (entry === undefined) return;
    this.#held.delete(domain);
    this.#texts.release(entry.state.policy);
    this.#big.remove(domain, entry.state.policy.weight);
    this.#counts[entry.state.policy.mode] -= 1;
  }

  /** The least recently used that may go, of the next few entries in turn. */
  #evict(now: number): Evicted | undefined {
    let found: [string, CacheEntry] | undefined;
    const sample = Math.min(EVICTION_SAMPLE, this.#held.size);
    for (let seen = 0; seen < sample; seen += 1) {
      const candidate = this.#nextInTurn();
      if (candidate === undefined) break;
      if (!this.#mayGo(candidate[1], now)) continue;
      if (found === undefined || candidate[1].lastUsedAt < found[1].lastUsedAt) found = candidate;
    }
    if (found === undefined) return undefined;
    return this.#drop(...found);
  }

  #nextInTurn(): [string, CacheEntry] | undefined {
    for (let turn = 0; turn < 2; turn += 1) {
      this.#hand ??= this.#held.entries();
      const next = this.#hand.next();
      if (next.done !== true) return next.value;
      this.#hand = undefined;
    }
    return undefined;
  }

  /** A policy that asks for something, is in force and in use never goes for a newcomer. */
  #mayGo(entry: CacheEntry, now: number): boolean {
    if (entry.state.policy.mode === 'none' || now > entry.state.expiresAt) return true;
    return now - entry.lastUsedAt > this.#options.unusedAfterMs;
  }

  #putBare(domain: string, state: Bare): void {
    makeRoom(this.#bare, this.#options.maxBare);
    this.#bare.set(domain, state);
  }
}

/** The oldest goes. */
function makeRoom(map: Map<string, unknown>, most: number): void {
  if (map.size < most) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
