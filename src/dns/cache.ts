/**
 * Keeps answers for as long as their TTL says, and a bounded number of them.
 *
 * @module
 */
import type { Answer, RrType } from './types.ts';

/**
 * The least recently used answer goes first. Every step is O(1): a `Map` keeps the order in which
 * entries were put in, and an entry that is used is put in again.
 */
export class AnswerCache {
  readonly #entries = new Map<string, Answer<RrType>>();
  readonly #limit: number;

  /** @param limit answers kept at most; 0 keeps none */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many answers are kept, expired ones among them. */
  get size(): number {
    return this.#entries.size;
  }

  /** The answer, if its TTL has not run out. A clock that went back makes it count as run out. */
  get<T extends RrType>(name: string, type: T, now: number): Answer<T> | undefined {
    const key = keyOf(name, type);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    const age = now - entry.receivedAt;
    if (entry.kind === 'failure' || age < 0 || age >= entry.ttl * 1000) return undefined;
    this.#entries.set(key, entry);
    return entry as Answer<T>;
  }

  /**
   * Keeps an answer in place of an older one. A failure is not kept, and pushes no answer out:
   * the resolver that failed has a cache of failures itself (RFC 9520 §3.2).
   */
  put(answer: Answer<RrType>): void {
    if (answer.kind === 'failure') return;
    const key = keyOf(answer.name, answer.type);
    this.#entries.delete(key);
    if (answer.ttl <= 0 || this.#limit === 0) return;
    if (this.#entries.size >= this.#limit) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, answer);
  }
}

function keyOf(name: string, type: RrType): string {
  return `${name}/${type}`;
}
