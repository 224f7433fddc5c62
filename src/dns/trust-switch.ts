/**
 * A resolver whose word on DNSSEC can be taken back while it runs: when the self-test shows that
 * it does not validate, its answers count as insecure, so DANE is off until a test passes again.
 *
 * @module
 */
import { tapResolver } from './tap-resolver.ts';
import type { Answer, Resolver, RrType } from './types.ts';

/** A resolver and the switch. */
export interface TrustSwitch {
  readonly resolver: Resolver;
  /** Are its secure answers passed on as secure? True at first. */
  readonly trusted: boolean;
  set(trusted: boolean): void;
}

/** Wraps `inner`. */
export function createTrustSwitch(inner: Resolver): TrustSwitch {
  let trusted = true;
  return {
    resolver: tapResolver(inner, (answer) => (trusted ? answer : distrusted(answer))),
    get trusted() {
      return trusted;
    },
    set(next) {
      trusted = next;
    },
  };
}

/** What the answer is worth when nobody is believed to have validated it (RFC 7672 §2.1.1). */
function distrusted<T extends RrType>(answer: Answer<T>): Answer<T> {
  const chain = answer.chain.map((link) => ({ ...link, security: 'insecure' as const }));
  return answer.kind === 'failure'
    ? { ...answer, chain }
    : { ...answer, chain, security: 'insecure' };
}
