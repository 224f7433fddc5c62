/**
 * What MTA-STS asks of a host: nothing, a report, or proof.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { policyAllows } from '../mta-sts/match.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import type { PolicyKnobs, StsDemand } from './types.ts';

/** What the STS policy of the domain means for one MX host. */
export type StsEffect =
  | { readonly kind: 'none' }
  /** Checked and reported, never in the way (RFC 8461 §5). */
  | { readonly kind: 'testing'; readonly demand: StsDemand }
  | { readonly kind: 'enforce'; readonly demand: StsDemand };

/**
 * The effect on the host with this **MX record name** (RFC 8461 §4.1: not a CNAME target). The
 * mode `none` and no policy ask nothing; `enforceTesting` makes `testing` bind.
 */
export function stsEffect(
  status: StsStatus | undefined,
  host: string,
  knobs: Pick<PolicyKnobs, 'enforceTesting'>,
): StsEffect {
  if (status?.kind !== 'policy') return { kind: 'none' };
  const { policyDomain, policy, id } = status.active;
  const demand: StsDemand = {
    policyDomain,
    mode: policy.mode,
    id,
    host,
    mxMatches: policyAllows(policy, host),
  };
  switch (policy.mode) {
    case 'none':
      return { kind: 'none' };
    case 'testing':
      return { kind: knobs.enforceTesting ? 'enforce' : 'testing', demand };
    case 'enforce':
      return { kind: 'enforce', demand };
    default:
      return policy.mode satisfies never;
  }
}

/** RFC 8460 has no result type of its own for this: `validation-failure` with a reason code. */
export function mxMismatch({ host, policyDomain, id }: StsDemand): Failure {
  return {
    code: 'POLICY_MX_NOT_IN_POLICY',
    detail: `MX host ${host} matches no mx pattern of the MTA-STS policy of ${policyDomain} (id ${id || 'pinned'})`,
    resultType: 'validation-failure',
    reasonCode: 'sts-mx-mismatch',
  };
}
