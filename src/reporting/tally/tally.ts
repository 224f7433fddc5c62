/**
 * Counts sessions: in memory at once, in the store soon after.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../clock.ts';
import type { Log } from '../../log/log.ts';
import { databaseFault } from '../../store/fault.ts';
import { gathering } from '../../store/group-commit.ts';
import { reasonOf } from '../../store/store-error.ts';
import type { Store } from '../../store/types.ts';
import type { SessionResult } from '../../tlsrpt/session-result.ts';
import type { Tally, TallyNumbers } from '../types.ts';
import { type Added, type Held, heldBy, Pile, PILE_LIMITS, type PileLimits } from './pile.ts';
import { halves, sessionsIn } from './split-batch.ts';
import type { Batch, TallyMetrics } from './types.ts';
import { writeBatch } from './write-batch.ts';

/** What the tally stands on. */
export interface TallyOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: TallyMetrics;
  /** How long counts wait in memory for company. A crash loses as much. */
  readonly flushMs: number;
  /** Default {@link PILE_LIMITS}. */
  readonly limits?: PileLimits;
}

/** So many keys do not wait any longer. */
const ENOUGH_KEYS = 10_000;
/** In one transaction: the process serves nothing else while SQLite works. */
const KEYS_AT_ONCE = 1_000;
/** After a write that failed, milliseconds; doubles up to the second. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** Tries to write what is left when the tally closes. */
const LAST_TRIES = 3;

/** Makes a tally; it stays open until it is closed, the store longer. */
export function createTally(options: TallyOptions): Tally {
  return new BatchingTally(options);
}

class BatchingTally implements Tally {
  readonly #options: TallyOptions;
  readonly #writer = randomUUID();
  readonly #limits: PileLimits;
  readonly #pile: Pile;
  /** Taken off the pile, in the order in which they are written; the first may be under way. */
  #batches: readonly Batch[] = [];
  /** By {@link #batches}. */
  #held: Held = { keys: 0, octets: 0 };
  /** Of the first of {@link #batches}. */
  #number = 1;
  #pass: Promise<boolean> = Promise.resolve(true);
  #timer: Timer | undefined;
  #retryMs = FIRST_RETRY_MS;
  #sessions = 0;
  #cut = 0;
  #lost = 0;
  #isUp = true;
  #isHurried = false;
  #isClosed = false;
  /** Losses of which the log knows. */
  readonly #told = new Set<Loss>();
  readonly #closing = new AbortController();

  constructor(options: TallyOptions) {
    this.#options = options;
    this.#limits = options.limits ?? PILE_LIMITS;
    this.#pile = new Pile(this.#limits, () => this.#held);
  }

  count(result: SessionResult): void {
    const { sessions = 1, policy, failures } = result;
    this.#sessions += sessions;
    if (this.#isClosed) {
      this.#lose(sessions, 'closed');
      return;
    }
    const added = this.#add(result);
    if (added === 'without-details') this.#cut += sessions;
    if (added === 'lost') this.#lose(sessions, 'full');
    const outcome = failures.length === 0 ? 'success' : 'failure';
    this.#options.metrics?.sessionsCounted(policy.type, outcome, sessions);
    // What comes while it closes is written with the rest, by who closes it.
    if (this.#closing.signal.aborted) return;
    if (this.#isUp && !this.#isHurried && this.#pile.keys >= ENOUGH_KEYS) this.#hurry();
    this.#timer ??= this.#later(this.#options.flushMs);
  }

  #add(result: SessionResult): Added {
    const before = this.#pile.cutPolicies;
    const added = this.#pile.add(result);
    if (before === 0 && this.#pile.cutPolicies > 0) {
      const { domain } = result.policy;
      this.#options.log.warn(
        { event: 'tally-policy-cut', domain, characters: this.#limits.policyText },
        `a policy of ${domain} is too long to be reported whole: its last lines are left out`,
      );
    }
    return added;
  }

  async flush(): Promise<void> {
    while (!(await this.#write())) {
      if (this.#closing.signal.aborted) return;
      await this.#options.clock.sleep(this.#retryMs, this.#closing.signal).catch(() => undefined);
    }
  }

  stats(): TallyNumbers {
    return {
      sessions: this.#sessions,
      waiting: this.#pile.keys + this.#held.keys,
      cutDetails: this.#cut,
      storeUp: this.#isUp,
      lostSessions: this.#lost,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#timer?.cancel();
    for (let tries = 1; tries <= LAST_TRIES; tries += 1) {
      if ((await this.#write()) && this.#pile.keys === 0) break;
    }
    this.#isClosed = true;
    const left = [...this.#batches, ...this.#pile.take(KEYS_AT_ONCE)];
    this.#setBatches([]);
    const sessions = left.reduce((sum, batch) => sum + sessionsIn(batch), 0);
    if (sessions > 0) this.#lose(sessions, 'left');
  }

  /** True once all that was counted before is in the store. One pass at a time. */
  async #write(): Promise<boolean> {
    this.#pass = this.#pass.then(async () => {
      // What was taken off the pile once never changes: it may be in the store already.
      if (!(await this.#writeBatches())) return false;
      this.#setBatches(this.#pile.take(KEYS_AT_ONCE));
      return await this.#writeBatches();
    });
    return await this.#pass;
  }

  async #writeBatches(): Promise<boolean> {
    const { store, log, metrics } = this.#options;
    for (;;) {
      const [batch] = this.#batches;
      if (batch === undefined) return true;
      try {
        const writing = { writer: this.#writer, number: this.#number };
        const { cut } = await writeBatch(store, batch, {
          ...writing,
          mostKinds: this.#limits.kinds,
        });
        this.#cut += cut;
        this.#done([]);
        await gathering();
        metrics?.tallyWritten('written');
        if (!this.#isUp) log.info({ event: 'tally-written' }, 'session counts are written again');
        this.#isUp = true;
        this.#retryMs = FIRST_RETRY_MS;
      } catch (error) {
        metrics?.tallyWritten('failed');
        if (databaseFault(error) === 'row') this.#setApart(batch, error);
        else return this.#failed(error);
      }
    }
  }

  /** Takes the first batch away; these come in its place. */
  #done(instead: readonly Batch[]): void {
    this.#setBatches([...instead, ...this.#batches.slice(1)]);
    this.#number += 1;
  }

  #setBatches(batches: readonly Batch[]): void {
    const left = this.#batches.filter((batch) => !batches.includes(batch));
    const fresh = batches.filter((batch) => !this.#batches.includes(batch));
    const [less, more] = [left, fresh].map((some) => sumOf(some.map(heldBy)));
    this.#batches = batches;
    this.#held = {
      keys: this.#held.keys - less!.keys + more!.keys,
      octets: this.#held.octets - less!.octets + more!.octets,
    };
  }

  /** One row is at fault, and nothing was written: the others go on without it. */
  #setApart(batch: Batch, error: unknown): void {
    const parts = halves(batch);
    this.#done(parts);
    if (parts.length > 0) return;
    const sessions = sessionsIn(batch);
    const reason = reasonOf(error);
    this.#options.log.error(
      { event: 'tally-row-refused', sessions, reason },
      `the database refuses the count of ${sessions} sessions, which are lost: ${reason}`,
    );
    this.#lost += sessions;
  }

  #failed(error: unknown): false {
    if (this.#isUp) {
      const reason = reasonOf(error);
      this.#options.log.warn(
        { code: 'STORE_UNAVAILABLE', reason },
        `session counts wait in memory until the database is back: ${reason}`,
      );
    }
    this.#isUp = false;
    return false;
  }

  #lose(sessions: number, why: Loss): void {
    const isNews = why === 'left' || !this.#told.has(why);
    this.#told.add(why);
    this.#lost += sessions;
    if (!isNews) return;
    this.#options.log.error({ event: 'tally-lost', sessions, why }, lossText(why, sessions));
  }

  #hurry(): void {
    this.#isHurried = true;
    void this.#write().finally(() => {
      this.#isHurried = false;
    });
  }

  #later(delayMs: number): Timer {
    return this.#options.clock.after(delayMs, () => {
      void this.#write().then((isDone) => {
        this.#timer = undefined;
        if (this.#closing.signal.aborted || (isDone && this.#pile.keys === 0)) return;
        this.#timer ??= this.#later(isDone ? this.#options.flushMs : this.#nextRetryMs());
      });
    });
  }

  #nextRetryMs(): number {
    const delayMs = this.#retryMs;
    this.#retryMs = Math.min(2 * delayMs, LONGEST_RETRY_MS);
    return delayMs;
  }
}

/** Why counts are lost. */
type Loss =
  /** Memory is full while the store is away. */
  | 'full'
  /** They could not be written at the end. */
  | 'left'
  /** They came after the end. */
  | 'closed';

function lossText(why: Loss, sessions: number): string {
  switch (why) {
    case 'full':
      return 'session counts are being lost: the database is away and memory for them is full';
    case 'left':
      return `the counts of ${sessions} sessions are lost: the database did not take them`;
    case 'closed':
      return 'sessions that end after the service are not counted';
    default:
      return why satisfies never;
  }
}

function sumOf(all: readonly Held[]): Held {
  return {
    keys: all.reduce((sum, { keys }) => sum + keys, 0),
    octets: all.reduce((sum, { octets }) => sum + octets, 0),
  };
}
