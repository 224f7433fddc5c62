/**
 * The hosts of a decision sorted by what they mean for the domain as a whole.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { HostPolicy } from '../tls-policy/types.ts';

/** A host that may not be used, and why. */
export interface BarredHost {
  readonly host: string;
  readonly failure: Failure;
}

/** The hosts by kind. */
export interface HostSurvey {
  /** Those to which a message may go, if they show what they must. */
  readonly usable: readonly HostPolicy[];
  /** Those of {@link usable} that have usable TLSA records. */
  readonly dane: readonly HostPolicy[];
  /** Refused because the policy does not name them. */
  readonly outside: readonly BarredHost[];
  /**
   * Refused for another reason, and an MTA that does not know it could connect. A host without an
   * address or with a name that is none is in no list: nobody can.
   */
  readonly barred: readonly BarredHost[];
  /** The worst that was not found out of a {@link barred} host: `addresses` < `tlsa`. */
  readonly doubt: 'none' | 'addresses' | 'tlsa';
  /** Some usable host has TLSA records, and none of them is usable. */
  readonly tlsaUnusable: boolean;
}

/** Nobody can connect there. */
const NOWHERE: readonly ErrorCode[] = [
  'POLICY_NO_ADDRESS',
  'POLICY_MX_IS_ADDRESS',
  'POLICY_MX_NAME_INVALID',
];

/** Sorts the hosts. Pure. */
export function surveyHosts(hosts: readonly HostPolicy[]): HostSurvey {
  const usable = hosts.filter(({ requirement }) => requirement.kind !== 'refused');
  const refused = hosts
    .flatMap(({ host, requirement }) =>
      requirement.kind === 'refused' ? [{ host, failure: requirement.failure }] : [],
    )
    .filter(({ failure }) => !NOWHERE.includes(failure.code));
  const barred = refused.filter(({ failure }) => failure.code !== 'POLICY_MX_NOT_IN_POLICY');
  return {
    usable,
    dane: usable.filter(({ requirement: { kind } }) => kind === 'dane' || kind === 'dane-and-sts'),
    outside: refused.filter(({ failure }) => failure.code === 'POLICY_MX_NOT_IN_POLICY'),
    barred,
    doubt: doubtOf(barred),
    tlsaUnusable: usable.some(
      ({ requirement }) =>
        requirement.kind === 'encrypt' && requirement.because.kind === 'tlsa-unusable',
    ),
  };
}

/** Mandatory DANE that a host does not have is no doubt: it is known. */
function doubtOf(barred: readonly BarredHost[]): HostSurvey['doubt'] {
  const codes = barred.map(({ failure }) => failure.code);
  const isTlsa = (code: ErrorCode): boolean =>
    code !== 'POLICY_ADDRESS_LOOKUP_FAILED' && code !== 'POLICY_DANE_REQUIRED';
  if (codes.some(isTlsa)) return 'tlsa';
  return codes.includes('POLICY_ADDRESS_LOOKUP_FAILED') ? 'addresses' : 'none';
}
