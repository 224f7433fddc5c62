/**
 * Where TLSA records for a host may stand (RFC 7672 §2.2.2): at the host's name, and at the end of its CNAME chain.
 *
 * @module
 */
import type { Answer } from '../dns/types.ts';

/** An answer to an address look-up; undefined if that family was not asked for. */
export type AddressAnswer = Answer<'A'> | Answer<'AAAA'> | undefined;

/** What the address answers mean for DANE. */
export type BaseDomains =
  /** Names to ask at, in this order. */
  | { readonly kind: 'candidates'; readonly names: readonly string[] }
  /** The answers are insecure: TLSA must not be asked for (RFC 7672 §2.2.2). */
  | { readonly kind: 'insecure' }
  | { readonly kind: 'no-address' }
  /** Nothing can be known about the addresses. */
  | {
      readonly kind: 'failed';
      readonly answer: Extract<Answer<'A' | 'AAAA'>, { kind: 'failure' }>;
    };

/**
 * The candidates for the TLSA base domain. One family with a secure answer and addresses is enough:
 * the host can be reached, and authenticated, through it, whatever became of the other family.
 */
export function baseDomains(answers: readonly AddressAnswer[]): BaseDomains {
  const known = answers.filter((answer) => answer !== undefined);
  const withAddresses = known.filter((answer) => answer.kind === 'records');
  // The longest list first: a chain that is secure to its end in one family names its end too.
  const [names] = withAddresses
    .map(candidatesOf)
    .toSorted((one, other) => other.length - one.length);
  if (names !== undefined && names.length > 0) return { kind: 'candidates', names };
  if (names !== undefined) return { kind: 'insecure' };
  const failed = known.find((answer) => answer.kind === 'failure');
  return failed === undefined ? { kind: 'no-address' } : { kind: 'failed', answer: failed };
}

/** The four cases of RFC 7672 §2.2.2. Names in the middle of a chain are never candidates (§2.2.3). */
function candidatesOf(answer: Extract<Answer<'A' | 'AAAA'>, { kind: 'records' }>): string[] {
  const { name, finalName, chain, security } = answer;
  if (security === 'secure') return finalName === name ? [name] : [finalName, name];
  return chain[0]?.security === 'secure' ? [name] : [];
}
