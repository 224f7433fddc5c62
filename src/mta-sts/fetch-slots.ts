/**
 * Slots for fetches under way at once, in three lanes that cannot take each other's: for callers who
 * wait, for the daily refresh, and for slow hosts. A flood of hosts that never answer fills the last.
 *
 * @module
 */
import type { Clock, Timer } from '../clock.ts';

/** Why a fetch is made. */
export type Urgency = 'waited-for' | 'background';

/** How the slots are shared. */
export interface FetchSlotsOptions {
  /** Fetches at once in all lanes: half for callers, a quarter for refreshes, a quarter for slow hosts. */
  readonly slots: number;
  readonly clock: Clock;
  /** A fetch that callers wait for has this long, waiting for a slot included; then its host is slow. */
  readonly patienceMs: number;
}

/** Who wants a slot. */
export interface SlotClaim {
  readonly urgency: Urgency;
  /** A quarter of a lane at most is for one group, see `fetchGroup`. */
  readonly group: string;
  /** Aborts the signal of the task as well, once that has begun. */
  readonly signal?: AbortSignal;
}

/** What became of a task. */
export type SlotOutcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** It never began: no slot came free in time. */
  | { readonly kind: 'no-slot' }
  /** It was called off: slow, and no slot for slow ones was free. */
  | { readonly kind: 'cut' };

/** A bounded number of tasks at a time. */
export interface FetchSlots {
  /** Runs the task when there is a slot; its signal aborts when it is cut, or as the claim's does. Rejects as the task does. */
  run<T>(claim: SlotClaim, task: (cut: AbortSignal) => Promise<T>): Promise<SlotOutcome<T>>;
  readonly underWay: number;
  waiting(urgency: Urgency): number;
}

/** A refresh has no one waiting: its host has longer, and it waits longer for its turn, milliseconds. */
const BACKGROUND_PATIENCE_MS = 10_000;
const BACKGROUND_WAIT_MS = 300_000;

/** So many wait in a lane, and so many of them of one group; more are turned away at once. */
const MAX_WAITING = 1_000;
const MAX_WAITING_OF_GROUP = 100;

/** Nothing under way. */
export function createFetchSlots(options: FetchSlotsOptions): FetchSlots {
  return new Slots(options);
}

class Slots implements FetchSlots {
  readonly #clock: Clock;
  readonly #patience: Readonly<Record<Urgency, number>>;
  readonly #lanes: Readonly<Record<Urgency, Lane>>;
  readonly #slow: Lane;

  constructor({ slots, clock, patienceMs }: FetchSlotsOptions) {
    const quarter = Math.max(1, Math.floor(slots / 4));
    this.#clock = clock;
    this.#patience = { 'waited-for': patienceMs, background: BACKGROUND_PATIENCE_MS };
    this.#lanes = {
      'waited-for': new Lane(Math.max(1, slots - 2 * quarter)),
      background: new Lane(quarter),
    };
    this.#slow = new Lane(quarter);
  }

  get underWay(): number {
    const { background, 'waited-for': waitedFor } = this.#lanes;
    return waitedFor.running + background.running + this.#slow.running;
  }

  waiting(urgency: Urgency): number {
    return this.#lanes[urgency].waiting;
  }

  async run<T>(claim: SlotClaim, task: (cut: AbortSignal) => Promise<T>): Promise<SlotOutcome<T>> {
    const { urgency, group } = claim;
    const since = this.#clock.now();
    if (!(await this.#enter(claim))) return { kind: 'no-slot' };
    const patience = this.#patience[urgency];
    const waited = urgency === 'background' ? 0 : Math.max(0, this.#clock.now() - since);
    const cut = new AbortController();
    const onAbort = (): void => cut.abort(claim.signal?.reason);
    if (claim.signal?.aborted === true) onAbort();
    claim.signal?.addEventListener('abort', onAbort, { once: true });
    const end = Promise.withResolvers<SlotOutcome<T>>();
    let lane = this.#lanes[urgency];
    // Half of it at least: a fetch that is begun must be able to succeed.
    const timer = this.#clock.after(Math.max(patience / 2, patience - waited), () => {
      if (this.#slow.tryEnter(group)) {
        lane.leave(group);
        lane = this.#slow;
      } else {
        end.resolve({ kind: 'cut' });
        cut.abort(new Error('too many slow hosts'));
      }
    });
    try {
      const done = task(cut.signal).then((value) => ({ kind: 'done', value }) as const);
      return await Promise.race([done, end.promise]);
    } finally {
      timer.cancel();
      claim.signal?.removeEventListener('abort', onAbort);
      lane.leave(group);
    }
  }

  async #enter({ urgency, group }: SlotClaim): Promise<boolean> {
    const lane = this.#lanes[urgency];
    if (lane.tryEnter(group)) return true;
    const wait = urgency === 'background' ? BACKGROUND_WAIT_MS : this.#patience[urgency];
    return await lane.queue(group, (giveUp) => this.#clock.after(wait, giveUp));
  }
}

interface Waiter {
  readonly begin: () => void;
}

/** So many at a time, no group more than its part, and groups in turn. */
class Lane {
  readonly #size: number;
  readonly #groupSize: number;
  readonly #running = new Map<string, number>();
  readonly #queues = new Map<string, Set<Waiter>>();
  running = 0;
  waiting = 0;

  constructor(size: number) {
    this.#size = size;
    this.#groupSize = Math.max(1, Math.floor(size / 4));
  }

  tryEnter(group: string): boolean {
    if (this.running >= this.#size || !this.#hasRoomFor(group)) return false;
    this.running += 1;
    this.#running.set(group, (this.#running.get(group) ?? 0) + 1);
    return true;
  }

  leave(group: string): void {
    this.running -= 1;
    const left = (this.#running.get(group) ?? 1) - 1;
    if (left > 0) this.#running.set(group, left);
    else this.#running.delete(group);
    this.#callNext();
  }

  /** Resolves with true at its turn, with false when `start`'s timer calls `giveUp` before that. */
  async queue(group: string, start: (giveUp: () => void) => Timer): Promise<boolean> {
    const queue = this.#queues.get(group) ?? new Set();
    if (this.waiting >= MAX_WAITING || queue.size >= MAX_WAITING_OF_GROUP) return false;
    return await new Promise<boolean>((resolve) => {
      const waiter = {
        begin: () => {
          timer.cancel();
          resolve(true);
        },
      };
      queue.add(waiter);
      this.#queues.set(group, queue);
      this.waiting += 1;
      const timer = start(() => {
        this.#takeOut(group, queue, waiter);
        resolve(false);
      });
    });
  }

  #hasRoomFor(group: string): boolean {
    return (this.#running.get(group) ?? 0) < this.#groupSize;
  }

  #takeOut(group: string, queue: Set<Waiter>, waiter: Waiter): void {
    queue.delete(waiter);
    this.waiting -= 1;
    // At the back: another group's turn is next.
    this.#queues.delete(group);
    if (queue.size > 0) this.#queues.set(group, queue);
  }

  #callNext(): void {
    for (const [group, queue] of this.#queues) {
      if (!this.#hasRoomFor(group)) continue;
      const [waiter] = queue;
      if (waiter === undefined || !this.tryEnter(group)) return;
      this.#takeOut(group, queue, waiter);
      waiter.begin();
      return;
    }
  }
}
