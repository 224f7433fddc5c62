/**
 * Policy texts in memory. Many domains of one provider publish the same text: it is kept once,
 * and parsed once, when it is first needed.
 *
 * @module
 */
import { readStsPolicy } from './policy.ts';
import type { StsMode, StsPolicy } from './types.ts';

/** A policy text that several domains may share. */
export interface SharedPolicy {
  readonly text: string;
  readonly mode: StsMode;
  /** The parsed policy; undefined for a stored text that this release no longer accepts. */
  parsed(): StsPolicy | undefined;
}

/** Keeps each text once for as long as a domain holds it. */
export interface PolicyTexts {
  /** The shared form of the policy; each call is matched by a {@link PolicyTexts.release}. */
  take(policy: SharedPolicy): SharedPolicy;
  release(policy: SharedPolicy): void;
  /** Distinct texts. */
  readonly size: number;
}

class Shared implements SharedPolicy {
  readonly text: string;
  readonly mode: StsMode;
  #parsed: StsPolicy | undefined | null = null;

  constructor(text: string, mode: StsMode, parsed: StsPolicy | null) {
    this.text = text;
    this.mode = mode;
    this.#parsed = parsed;
  }

  parsed(): StsPolicy | undefined {
    if (this.#parsed === null) {
      const read = readStsPolicy(this.text).value;
      this.#parsed = read?.mode === this.mode ? read : undefined;
    }
    return this.#parsed;
  }
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
  return {
    take(policy) {
      const known = texts.get(policy.text);
      if (known === undefined) {
        // The newcomer itself becomes the shared one: a start with a million rows copies nothing.
        texts.set(policy.text, { policy, holders: 1 });
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
      if (known.holders <= 0) texts.delete(policy.text);
    },
    get size() {
      return texts.size;
    },
  };
}
