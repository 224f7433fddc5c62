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
  /** That of `level`. Here and not there: one object less for the hot path to wait for. */
  kind: DomainLevel['kind'];
  /** Was an answer of use since the hand was last here? */
  used: boolean;
  /** When `level` was found, and until when it is good and may be given; milliseconds since the Unix epoch. */
  madeAt: number;
  freshUntil: number;
  staleUntil: number;
  /** Grows when what is known is forgotten: what is being found out meanwhile is old news. */
  generation: number;
  /** The look-up under way. */
  renewal: Promise<void> | undefined;
  /** Counts an answer that shows a policy at fault; undefined for nearly all domains. */
  atFault: ((at: number) => void) | undefined;
  /** The same, of faults that the answer does not tell; undefined where `atFault` is. */
  untold: ((at: number) => void) | undefined;
  readonly domain: DomainSlot;
}

/** All that stands and falls together. */
interface DomainSlot {
  readonly policyDomain: string;
  readonly entries: Entry[];
  readonly spellings: string[];
  /** How often the hand still passes it by. */
  chances: number;
}

/** A request that has been answered before. */
export interface Spelling {
  readonly entry: Entry;
  readonly dialect: Dialect;
  /** The reply with its framing, an octet in each character, once it was made. */
  frame: string | undefined;
  /** The level of which it was made. */
  frameLevel: DomainLevel | undefined;
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
    if (policyDomain !== undefined) {
      forgetSlot(this.#domains.get(policyDomain));
      return;
    }
    // Which dialect a map name chooses may be another one now.
    this.#spellings.clear();
    for (const slot of this.#domains.values()) {
      slot.spellings.length = 0;
      forgetSlot(slot);
    }
  }

  #slot(policyDomain: string): DomainSlot {
    const known = this.#domains.get(policyDomain);
    if (known !== undefined) return known;
    if (this.#domains.size >= this.#maxDomains) this.#evict();
    const slot = { policyDomain, entries: [], spellings: [], chances: 0 };
    if (this.#maxDomains > 0) this.#domains.set(policyDomain, slot);
    return slot;
  }

  /** Drops the first domain under the hand that has no chance left. */
  #evict(): void {
    for (let step = 1; ; step += 1) {
      const slot = this.#next();
      if (slot === undefined) return;
      if (!hasChance(slot) || step >= MAX_STEPS) {
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

/** Chances of a domain that was used, with a policy and without. */
const [WITH_POLICY, WITHOUT] = [3, 1];

/**
 * Whether the hand passes by. A domain that is protected gets more chances than one without a
 * policy: a flood of strange domains must not drive it out.
 */
function hasChance(slot: DomainSlot): boolean {
  for (const entry of slot.entries) {
    if (!entry.used) continue;
    entry.used = false;
    slot.chances = Math.max(slot.chances, entry.kind === 'none' ? WITHOUT : WITH_POLICY);
  }
  return slot.chances > 0;
}

function emptyEntry(nextHop: NextHop, domain: DomainSlot): Entry {
  return {
    nextHop,
    level: undefined,
    kind: 'none',
    used: false,
    madeAt: 0,
    freshUntil: 0,
    staleUntil: 0,
    generation: 0,
    renewal: undefined,
    atFault: undefined,
    untold: undefined,
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
