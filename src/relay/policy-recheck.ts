/**
 * Is there a newer policy? Asked before a message is returned for a policy failure.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import type { AttemptEvent } from '../tls-policy/attempt-event.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { policyDomainOf } from '../tls-policy/next-hop.ts';
import type { DecisionRecord } from '../tls-policy/types.ts';
import { stsDoubt } from './require-tls.ts';

/** Whether MTA-STS stood in the way of this attempt. Connections that fail do not count (RFC 8461 App. B). */
export function failedForSts({ outcome, requirement }: AttemptEvent): boolean {
  if (outcome !== 'refused') return false;
  switch (requirement.kind) {
    case 'sts':
    case 'dane-and-sts':
      return true;
    case 'refused':
      return requirement.failure.code === 'POLICY_MX_NOT_IN_POLICY';
    case 'dane':
    case 'pkix':
    case 'encrypt':
    case 'opportunistic':
      return false;
    default:
      return requirement satisfies never;
  }
}

/** What the look showed. */
export interface PolicyRecheck {
  /** Another policy than the one decided with: decide anew and try once more. */
  readonly changed: boolean;
  /** Why the look was not good enough to end a message on; absent: it was. */
  readonly doubt?: Failure;
}

/**
 * Looks up whether the domain has another policy than the one decided with (RFC 8461 §5, §5.1
 * step 3): to be called before any permanent failure, and worth calling after each failed attempt.
 */
export async function recheckPolicy(
  engine: Pick<Engine, 'policies'>,
  { evidence }: DecisionRecord,
  signal?: AbortSignal,
): Promise<PolicyRecheck> {
  const domain = policyDomainOf(evidence.nextHop);
  if (domain === undefined || evidence.sts === undefined) return { changed: false };
  // Whatever the domain publishes now, the operator's own policy stays in force.
  if (evidence.override?.kind === 'pin') return { changed: false };
  const options = signal === undefined ? {} : { signal };
  const now = await engine.policies.recheck(domain, options);
  const changed = fingerprint(now) !== fingerprint(evidence.sts);
  const doubt = stsDoubt(now);
  return doubt === undefined ? { changed } : { changed, doubt };
}

function fingerprint(status: StsStatus): string {
  return status.kind === 'policy'
    ? JSON.stringify([status.active.id, status.active.policy.text])
    : 'none';
}
