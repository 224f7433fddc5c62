/**
 * Policy texts in memory. Many domains of one provider publish the same text: it is kept once,
 * and parsed once, when it is first needed.
 *
 * @module
 */
import { SMALL_WEIGHT } from './big-texts.ts';
import { readStsPolicy } from './policy.ts';
import type { StsMode, StsPolicy } from './types.ts';

/** A policy text that several domains may share. */
export interface SharedPolicy {
  readonly text: string;
  readonly mode: StsMode;
  /** About how many bytes it takes in memory, with its share of what is made of its lines. */
  readonly weight: number;
  /** The parsed policy; undefined for a stored text that this release no longer accepts. */
  parsed(): StsPolicy | undefined;
}

/** Keeps each text once for as long as a domain holds it. */
export interface PolicyTexts {
  /** The shared form of the policy; each call is matched by a {@link PolicyTexts.release}. */
  take(policy: SharedPolicy): SharedPolicy;
  release(policy: SharedPolicy): void;
  /** By how much {@link PolicyTexts.weight} would grow with this policy: not at all if it is shared. */
  cost(policy: SharedPolicy): number;
  /** Does one domain alone hold the policy? */
  isAlone(policy: SharedPolicy): boolean;
  /** Distinct texts. */
  readonly size: number;
  /** Of all of them. */
  readonly weight: number;
}

/** What a line costs beside its text, bytes. */
const LINE_WEIGHT = 40;

class Shared implements SharedPolicy {
  readonly text: string;
  readonly mode: StsMode;
  readonly weight: number;
  /** Of a large policy no more than its text is kept for good: parsed, it takes many times as much. */
  #parsed: StsPolicy | WeakRef<StsPolicy> | undefined | null = null;

  constructor(text: string, mode: StsMode, parsed: StsPolicy | null) {
    this.text = text;
    this.mode = mode;
    this.weight = text.length + LINE_WEIGHT * countLines(text);
    this.#parsed = parsed === null ? null : this.#keep(parsed);
  }

  parsed(): StsPolicy | undefined {
    const kept = this.#parsed instanceof WeakRef ? this.#parsed.deref() : this.#parsed;
    if (kept !== null && (kept !== undefined || this.#parsed === undefined)) return kept;
    const read = readStsPolicy(this.text).value;
    const sound = read?.mode === this.mode ? read : undefined;
    this.#parsed = this.#keep(sound);
    return sound;
  }

  #keep(policy: StsPolicy | undefined): StsPolicy | WeakRef<StsPolicy> | undefined {
    return policy === undefined || this.weight <= SMALL_WEIGHT ? policy : new WeakRef(policy);
  }
}

function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** A policy just fetched: parsed already, shared with nobody yet. */
export function freshPolicy(policy: StsPolicy): SharedPolicy {
  return new Shared(policy.text, policy.mode, policy);
}

/** A policy read from the table: parsed when it is first asked for. */
export function storedPolicy(text: string, mode: StsMode): SharedPolicy {
  return new Shared(text, mode, null);
}

/** An empty set of texts. */
export function createPolicyTexts(): PolicyTexts {
  const texts = new Map<string, { readonly policy: SharedPolicy; holders: number }>();
  let weight = 0;
  return {
    take(policy) {
      const known = texts.get(policy.text);
      if (known === undefined) {
        // The newcomer itself becomes the shared one: a start with a million rows copies nothing.
        texts.set(policy.text, { policy, holders: 1 });
        weight += policy.weight;
        return policy;
      }
      // One text has one mode; a row that contradicts its text is not mixed with others.
      if (known.policy.mode !== policy.mode) return policy;
      known.holders += 1;
      return known.policy;
    },
    release(policy) {
      const known = texts.get(policy.text);
      if (known?.policy !== policy) return;
      known.holders -= 1;
      if (known.holders > 0) return;
      texts.delete(policy.text);
      weight -= known.policy.weight;
    },
    cost: (policy) => (texts.has(policy.text) ? 0 : policy.weight),
    isAlone: (policy) => texts.get(policy.text)?.holders === 1,
    get weight() {
      return weight;
    },
    get size() {
      return texts.size;
    },
  };
}
