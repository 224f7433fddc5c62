/**
 * Answers at hand: from the octets of a request to the octets of its reply, many spellings to one
 * domain, bounded, with every step in constant time.
 *
 * @module
 */
import type { NextHop } from '../tls-policy/next-hop.ts';
import { nextHopText, policyDomainOf } from '../tls-policy/next-hop.ts';
import type { Dialect, DomainLevel } from './types.ts';

/** What is known of one next hop. */
export interface Entry {
  readonly nextHop: NextHop;
  /** The newest decision; it outlives {@link AnswerCache.forget}, so that a change can be told. */
  level: DomainLevel | undefined;
  /** The replies made of `level` so far, with their framing, at the place of the dialect. */
  readonly frames: (Buffer | undefined)[];
  /** When `level` was found, and until when it is good and may be given; milliseconds since the Unix epoch. */
  madeAt: number;
  freshUntil: number;
  staleUntil: number;
  /** Grows when what is known is forgotten: what is being found out meanwhile is old news. */
  generation: number;
  /** The look-up under way. */
  renewal: Promise<void> | undefined;
  readonly domain: DomainSlot;
}

/** All that stands and falls together. */
interface DomainSlot {
  readonly policyDomain: string;
  readonly entries: Entry[];
  readonly spellings: string[];
  /** How often the hand passes it by: 0, not used since it was last here. */
  chances: number;
}

/** A request that has been answered before. */
export interface Spelling {
  readonly entry: Entry;
  readonly dialect: Dialect;
}

/** More spellings and ports of one domain than anybody uses are not kept: one domain stays small. */
const MAX_SPELLINGS = 32;
const MAX_ENTRIES = 8;
/** How far the hand goes at most to find one that nobody uses. */
const MAX_STEPS = 16;

/** Answers at hand. The second-chance algorithm decides which domain goes. */
export class AnswerCache {
  readonly #maxDomains: number;
  readonly #spellings = new Map<string, Spelling>();
  readonly #domains = new Map<string, DomainSlot>();
  /** Walks along the domains in the order in which they came; one iterator, for a new one would first step over all that are gone. */
  #hand: Iterator<DomainSlot>;

  /** @param maxDomains policy domains kept at most */
  constructor(maxDomains: number) {
    this.#maxDomains = maxDomains;
    this.#hand = this.#domains.values();
  }

  /** Policy domains kept. */
  get size(): number {
    return this.#domains.size;
  }

  /** Requests that are recognised octet by octet. */
  get spellings(): number {
    return this.#spellings.size;
  }

  /** What is known of a request that came before, spelled just so. */
  spelling(request: string): Spelling | undefined {
    return this.#spellings.get(request);
  }

  /** The entry of a next hop, made if need be. */
  entry(nextHop: NextHop): Entry {
    const slot = this.#slot(policyDomainOf(nextHop) ?? nextHopText(nextHop));
    const known = slot.entries.find((entry) => isSame(entry.nextHop, nextHop));
    if (known !== undefined) return known;
    const entry = emptyEntry(nextHop, slot);
    if (slot.entries.length < MAX_ENTRIES) slot.entries.push(entry);
    return entry;
  }

  /** Lets {@link spelling} find the entry by this request from now on. */
  remember(request: string, spelling: Spelling): void {
    const slot = spelling.entry.domain;
    // An entry that is not kept could not be forgotten either.
    if (this.#domains.get(slot.policyDomain) !== slot) return;
    if (slot.spellings.length >= MAX_SPELLINGS || this.#spellings.has(request)) return;
    if (!slot.entries.includes(spelling.entry)) return;
    slot.spellings.push(request);
    this.#spellings.set(request, spelling);
  }

  /** Makes every answer of the domain, or of all domains, one that must be found out anew. */
  forget(policyDomain?: string): void {
    if (policyDomain === undefined) for (const slot of this.#domains.values()) forgetSlot(slot);
    else forgetSlot(this.#domains.get(policyDomain));
  }

  #slot(policyDomain: string): DomainSlot {
    const known = this.#domains.get(policyDomain);
    if (known !== undefined) return known;
    if (this.#domains.size >= this.#maxDomains) this.#evict();
    const slot = { policyDomain, entries: [], spellings: [], chances: 0 };
    if (this.#maxDomains > 0) this.#domains.set(policyDomain, slot);
    return slot;
  }

  /** Drops the first domain under the hand that was not used since the hand was last there. */
  #evict(): void {
    for (let step = 1; ; step += 1) {
      const slot = this.#next();
      if (slot === undefined) return;
      if (slot.chances === 0 || step >= MAX_STEPS) {
        for (const request of slot.spellings) this.#spellings.delete(request);
        this.#domains.delete(slot.policyDomain);
        return;
      }
      slot.chances -= 1;
      // To the end of the line: the hand only goes forward.
      this.#domains.delete(slot.policyDomain);
      this.#domains.set(slot.policyDomain, slot);
    }
  }

  #next(): DomainSlot | undefined {
    const step = this.#hand.next();
    if (step.done !== true) return step.value;
    this.#hand = this.#domains.values();
    const first = this.#hand.next();
    return first.done === true ? undefined : first.value;
  }
}

/**
 * Notes that an answer was of use. One that protects is kept longer than one that says "no policy":
 * a flood of strange domains must not drive it out.
 */
export function noteUse(entry: Entry): void {
  entry.domain.chances = entry.level?.kind === 'none' ? 1 : 3;
}

function emptyEntry(nextHop: NextHop, domain: DomainSlot): Entry {
  return {
    nextHop,
    level: undefined,
    frames: [],
    madeAt: 0,
    freshUntil: 0,
    staleUntil: 0,
    generation: 0,
    renewal: undefined,
    domain,
  };
}

function forgetSlot(slot: DomainSlot | undefined): void {
  for (const entry of slot?.entries ?? []) {
    entry.freshUntil = 0;
    entry.staleUntil = 0;
    entry.generation += 1;
  }
}

function isSame(a: NextHop, b: NextHop): boolean {
  return a.kind === b.kind && a.port === b.port;
}
