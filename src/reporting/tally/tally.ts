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
import { Pile, PILE_LIMITS, type PileLimits } from './pile.ts';
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
  #batches: Batch[] = [];
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
  readonly #closing = new AbortController();

  constructor(options: TallyOptions) {
    this.#options = options;
    this.#limits = options.limits ?? PILE_LIMITS;
    this.#pile = new Pile(this.#limits);
  }

  count(result: SessionResult): void {
    const { sessions = 1, policy, failures } = result;
    const added = this.#pile.add(result);
    this.#sessions += sessions;
    if (added === 'without-details') this.#cut += sessions;
    if (added === 'lost') this.#lose(sessions);
    const outcome = failures.length === 0 ? 'success' : 'failure';
    this.#options.metrics?.sessionsCounted(policy.type, outcome, sessions);
    if (this.#isUp && !this.#isHurried && this.#pile.keys >= ENOUGH_KEYS) this.#hurry();
    this.#timer ??= this.#later(this.#options.flushMs);
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
      waiting: this.#pile.keys + this.#batches.reduce((sum, batch) => sum + keysIn(batch), 0),
      cutDetails: this.#cut,
      storeUp: this.#isUp,
      lostSessions: this.#lost,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (let tries = 1; tries <= LAST_TRIES; tries += 1) if (await this.#write()) break;
    this.#timer?.cancel();
    const left = [...this.#batches, ...this.#pile.take(KEYS_AT_ONCE)];
    this.#batches = [];
    const sessions = left.reduce((sum, batch) => sum + sessionsIn(batch), 0);
    if (sessions > 0) this.#lose(sessions);
  }

  /** True once all that was counted before is in the store. One pass at a time. */
  async #write(): Promise<boolean> {
    this.#pass = this.#pass.then(async () => {
      // What was taken off the pile once never changes: it may be in the store already.
      if (!(await this.#writeBatches())) return false;
      this.#batches = [...this.#pile.take(KEYS_AT_ONCE)];
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
    this.#batches = [...instead, ...this.#batches.slice(1)];
    this.#number += 1;
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

  #lose(sessions: number): void {
    if (this.#lost === 0 || this.#closing.signal.aborted) {
      this.#options.log.error(
        { event: 'tally-lost', sessions },
        this.#closing.signal.aborted
          ? `the counts of ${sessions} sessions are lost: the database did not take them`
          : 'session counts are being lost: the database is away and memory for them is full',
      );
    }
    this.#lost += sessions;
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

function keysIn({ counts, failures }: Batch): number {
  return counts.length + failures.length;
}
