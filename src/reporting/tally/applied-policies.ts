/**
 * Which policies of a domain a decision rests on, and what is wrong with the policies themselves.
 *
 * @module
 */
import type { DaneState } from '../../dane/types.ts';
import type { Failure } from '../../failure.ts';
import type { ActivePolicy, StsStatus } from '../../mta-sts/types.ts';
import { applyOverride } from '../../tls-policy/overrides.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';

/** What the decision knew of the domain's MTA-STS. */
export type StsStanding =
  /** A policy in `enforce` or `testing`. */
  | { readonly kind: 'policy'; readonly active: ActivePolicy }
  /** There should be one, and none could be had (RFC 8460 §4.3.2.2). */
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** None is published, or its mode is `none`, which is as good as none (RFC 8461 §5). */
  | { readonly kind: 'none' }
  /** Not known yet, or not the domain's own: a report has nothing to say of it. */
  | { readonly kind: 'untold' };

/** What MTA-STS means here. */
export function stsStanding({ evidence }: DecisionRecord): StsStanding {
  // The pinned text is the operator's: its owner would look for it in vain.
  if (evidence.override?.kind === 'pin') return { kind: 'untold' };
  const { sts } = evidence;
  if (sts === undefined) return { kind: 'none' };
  switch (sts.kind) {
    case 'policy':
      return sts.active.policy.mode === 'none'
        ? { kind: 'none' }
        : { kind: 'policy', active: sts.active };
    case 'none':
      return withoutPolicy(sts);
    default:
      return sts satisfies never;
  }
}

/** A record that is broken is no record; a look-up that failed may pass (RFC 8460 §4.3.4). */
function withoutPolicy({ failure }: Extract<StsStatus, { kind: 'none' }>): StsStanding {
  if (failure.resultType !== undefined) return { kind: 'failed', failure };
  return failure.code.startsWith('STS_RECORD_') || failure.code === 'DNS_NAME_INVALID'
    ? { kind: 'none' }
    : { kind: 'untold' };
}

/**
 * Why the policy that is published now could not be had, while an older one holds. Its owner sees
 * no failed session until the older one runs out: then it is too late.
 */
export function renewalFailure(standing: StsStanding): Failure | undefined {
  if (standing.kind !== 'policy') return undefined;
  const failure = standing.active.refreshFailure;
  return failure?.resultType === undefined ? undefined : failure;
}

/** What was found of DANE for a host; undefined where it was not asked, or an operator skips it. */
export function daneOf(decision: DecisionRecord, host: string): DaneState | undefined {
  const { evidence } = applyOverride(decision.evidence, decision.knobs);
  return evidence.hosts.find((candidate) => candidate.host === host)?.dane?.state;
}
