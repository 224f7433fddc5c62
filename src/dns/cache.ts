/**
 * Keeps answers for as long as their TTL says, and a bounded number of them.
 *
 * @module
 */
import type { Answer, RrType } from './types.ts';
import { answerWeight } from './weight.ts';

/**
 * Octets that an answer may take on the average; an ordinary one takes half of it. A stranger's
 * zone may fill 64 KiB with addresses: the count alone would bound nothing.
 */
export const MEAN_WEIGHT = 1_000;

/**
 * The least recently used answer goes first. Every step is O(1): a `Map` keeps the order in which
 * entries were put in, and an entry that is used is put in again.
 */
export class AnswerCache {
  readonly #entries = new Map<string, Answer<RrType>>();
  readonly #limit: number;
  readonly #budget: number;
  #weight = 0;

  /** @param limit answers kept at most; 0 keeps none. Their memory is bounded with it: see {@link MEAN_WEIGHT} */
  constructor(limit: number) {
    this.#limit = limit;
    this.#budget = limit * MEAN_WEIGHT;
  }

  /** Roughly how many octets the answers take. */
  get weight(): number {
    return this.#weight;
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
    const age = now - entry.receivedAt;
    if (entry.kind === 'failure' || age < 0 || age >= entry.ttl * 1000) {
      this.#drop(key);
      return undefined;
    }
    this.#entries.delete(key);
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
    this.#drop(key);
    const weight = answerWeight(answer);
    if (answer.ttl <= 0 || this.#limit === 0 || weight > this.#budget) return;
    while (this.#entries.size >= this.#limit || this.#weight + weight > this.#budget) {
      const oldest = this.#entries.keys().next();
      if (oldest.done === true) break;
      this.#drop(oldest.value);
    }
    this.#entries.set(key, answer);
    this.#weight += weight;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#weight -= answerWeight(entry);
  }
}

function keyOf(name: string, type: RrType): string {
  return `${name}/${type}`;
}
