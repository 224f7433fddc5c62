/**
 * The background work: every minute what is due is refreshed or dropped, the table is read
 * for changes, and what could not be written is written.
 *
 * @module
 */
import type { Clock, Timer } from '../clock.ts';
import type { Log } from '../log/log.ts';
import { releaseLease, takeLease } from '../store/lease.ts';
import type { Attempts } from './attempts.ts';
import type { DomainLife } from './domain-life.ts';
import { CLOCK_TOLERANCE_MS } from './life-times.ts';
import type { CacheEntry, MemoryCache } from './memory-cache.ts';
import type { PolicyKeeper } from './policy-keeper.ts';
import { deleteDead } from './policy-table.ts';
import type { RefreshSchedule } from './refresh-schedule.ts';
import type { TableSync } from './table-sync.ts';

/** What the loop stands on. */
export interface RefreshLoopOptions {
  readonly attempts: Attempts;
  readonly cache: MemoryCache;
  readonly schedule: RefreshSchedule;
  readonly keeper: PolicyKeeper;
  readonly table: TableSync;
  readonly life: DomainLife;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** Refreshes under way at once. */
  readonly concurrency: number;
  readonly unusedAfterMs: number;
  /** Who takes the lease. */
  readonly owner: string;
}

/** The background work. */
export interface RefreshLoop {
  start(): void;
  /** Policies that are due and wait for their turn. */
  readonly backlog: number;
  close(): Promise<void>;
}

const TICK_MS = 60_000;

/**
 * How often the clock is looked at, and other nodes' orders to forget a domain are looked for: an
 * operator waits for them.
 */
const WATCH_MS = 3_000;

const LEASE = 'sts-refresh';
const LEASE_MS = 3 * TICK_MS;

/** A node without the lease looks again at what is due after this long. */
const FOLLOWER_MS = 300_000;

/** The wall clock went forward by more than this without time passing: a jump, or a machine that slept. */
const LEAP_MS = 3_600_000;

/** What expired by a leap is refreshed over this long, rather than dropped at once. */
const SPREAD_MS = 3_600_000;

/** How often dead rows are removed, and how long they are kept for other nodes to see. */
const SWEEP_MS = 3_600_000;

/** The loop, not yet running. */
export function createRefreshLoop(options: RefreshLoopOptions): RefreshLoop {
  return new Loop(options);
}

class Loop implements RefreshLoop {
  readonly #options: RefreshLoopOptions;
  #timer: Timer | undefined;
  #watchTimer: Timer | undefined;
  #orders: Promise<void> | undefined;
  #tick: Promise<void> = Promise.resolve();
  /** In the order in which they came due: under load each has its turn, none the last. */
  readonly #queue = new Set<string>();
  #turns: IterableIterator<string> | undefined;
  readonly #workers = new Set<Promise<void>>();
  /** What the clock showed when it was last looked at, seconds ago. */
  #clockSeen = 0;
  #leapEndsAt = Number.NEGATIVE_INFINITY;
  #sweptAt = Number.NEGATIVE_INFINITY;
  #state: 'new' | 'running' | 'closed' = 'new';

  constructor(options: RefreshLoopOptions) {
    this.#options = options;
  }

  get backlog(): number {
    return this.#queue.size;
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#clockSeen = this.#options.clock.now();
    // Not at once: a machine that has just started may not know the time yet.
    this.#sweptAt = this.#clockSeen;
    this.#tick = this.#turn();
    this.#watch();
  }

  async close(): Promise<void> {
    const wasRunning = this.#state === 'running';
    this.#state = 'closed';
    this.#timer?.cancel();
    this.#watchTimer?.cancel();
    this.#queue.clear();
    await Promise.all([this.#tick, this.#orders]);
    await Promise.all(this.#workers);
    const { keeper, owner } = this.#options;
    if (!wasRunning || keeper.store === undefined || !keeper.up.write) return;
    await keeper.ask('write', async (store) => await releaseLease(store, { name: LEASE, owner }));
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** What must not wait for a round: a database may hold that up for long. */
  #watch(): void {
    const { clock, keeper, table } = this.#options;
    this.#watchTimer = clock.after(WATCH_MS, () => {
      this.#lookAtClock();
      if (keeper.store !== undefined) {
        this.#orders ??= table.pollForgotten().finally(() => {
          this.#orders = undefined;
        });
      }
      this.#watch();
    });
  }

  /** One round, and the timer for the next: a bug in a round must not be the end of refreshing. */
  async #turn(): Promise<void> {
    const { clock, log } = this.#options;
    try {
      await this.#round();
    } catch (error) {
      log.error({ error: String(error) }, 'a round of the policy refresh broke off');
    }
    if (this.#isClosed()) return;
    this.#timer = clock.after(TICK_MS, () => {
      this.#tick = this.#turn();
    });
  }

  async #round(): Promise<void> {
    const { clock, keeper, table, schedule } = this.#options;
    this.#lookAtClock();
    if (keeper.store !== undefined) {
      // Before anything is written, what others have learned meanwhile.
      if (table.loaded) await table.poll();
      else await table.load(() => this.#isClosed());
      await keeper.flush();
      await table.writeUses();
    }
    const leads = await this.#leads();
    if (leads && !this.#isClosed()) await this.#sweepTable();
    for (const domain of schedule.takeDue(clock.now())) this.#due(domain, leads);
    this.#employ();
  }

  /** A clock that jumps must neither keep a policy for ever nor drop all of them at once. */
  #lookAtClock(): void {
    const { clock, life, log } = this.#options;
    const leap = clock.now() - this.#clockSeen;
    this.#clockSeen = clock.now();
    if (leap < -CLOCK_TOLERANCE_MS) {
      log.warn({ leapMs: leap }, 'the clock went back: lives of policies are shortened to fit');
      life.rebaseAll();
    }
    if (leap > LEAP_MS) {
      log.warn({ leapMs: leap }, 'the clock went forward: what is due is refreshed bit by bit');
      this.#leapEndsAt = clock.now() + SPREAD_MS;
      this.#spread();
    }
  }

  #spread(): void {
    const { clock, schedule, random } = this.#options;
    for (const domain of schedule.takeDue(clock.now())) {
      schedule.set(domain, clock.now() + random() * SPREAD_MS);
    }
  }

  /** While the table does not answer nobody can know who leads: then each looks after its own. */
  async #leads(): Promise<boolean> {
    const { keeper, clock, owner } = this.#options;
    if (keeper.store === undefined || !keeper.up.write) return true;
    const claim = { name: LEASE, owner, now: clock.now(), holdMs: LEASE_MS };
    const outcome = await keeper.ask('write', async (store) => await takeLease(store, claim));
    return outcome.ok ? outcome.value : true;
  }

  async #sweepTable(): Promise<void> {
    const { keeper, clock } = this.#options;
    if (keeper.store === undefined) return;
    // Not after a leap: the clock may yet go back.
    if (clock.now() < Math.max(this.#leapEndsAt, this.#sweptAt) + SWEEP_MS) return;
    this.#sweptAt = clock.now();
    const before = clock.now() - SWEEP_MS;
    await keeper.ask('write', async (store) => await deleteDead(store, before));
  }

  #due(domain: string, leads: boolean): void {
    const { cache, clock, life, schedule, unusedAfterMs } = this.#options;
    const now = clock.now();
    const entry = cache.entry(domain);
    if (entry === undefined || entry.state.refreshAt > now) return;
    const { expiresAt } = entry.state;
    const leapt = this.#afterLeap(expiresAt, now);
    if (now > expiresAt && !leapt) {
      life.apply(domain, { kind: 'time' });
    } else if (now - entry.lastUsedAt > unusedAfterMs && !leapt) {
      schedule.set(domain, expiresAt + 1);
    } else if (leads) {
      this.#queue.add(domain);
    } else {
      schedule.set(domain, Math.min(now + FOLLOWER_MS, Math.max(now, expiresAt) + 1));
    }
  }

  /** Did it expire by the leap alone, so that it deserves a fetch before it is dropped? */
  #afterLeap(expiresAt: number, now: number): boolean {
    return now <= this.#leapEndsAt + TICK_MS && expiresAt < this.#leapEndsAt;
  }

  #employ(): void {
    while (this.#workers.size < this.#options.concurrency && this.#queue.size > 0) {
      const worker = this.#work().then(() => {
        this.#workers.delete(worker);
      });
      this.#workers.add(worker);
    }
  }

  async #work(): Promise<void> {
    for (;;) {
      const domain = this.#next();
      if (domain === undefined || this.#isClosed()) return;
      const entry = this.#options.cache.entry(domain);
      if (entry !== undefined) await this.#refresh(domain, entry);
    }
  }

  /** One iterator for all: a new one would walk over all that was taken out before. */
  #next(): string | undefined {
    for (let turn = 0; turn < 2; turn += 1) {
      this.#turns ??= this.#queue.values();
      const next = this.#turns.next();
      if (next.done !== true) {
        this.#queue.delete(next.value);
        return next.value;
      }
      this.#turns = undefined;
    }
    return undefined;
  }

  async #refresh(domain: string, entry: CacheEntry): Promise<void> {
    const { attempts, cache, clock, log, schedule } = this.#options;
    const before = entry.state;
    if (before.refreshAt > clock.now()) return;
    try {
      await attempts.run(domain, 'refresh');
    } catch (error) {
      log.error({ policyDomain: domain, error: String(error) }, `${domain}: refresh broke off`);
    }
    // Whatever came of it, a policy that is still there is never without a next time.
    const after = cache.entry(domain)?.state;
    if (after !== undefined && after.refreshAt === before.refreshAt) {
      schedule.set(
        domain,
        Math.min(clock.now() + FOLLOWER_MS, Math.max(clock.now(), after.expiresAt) + 1),
      );
    }
  }
}
