/**
 * What would have waited if policies were enforced: for operators who only watch. Pure.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import type { DeliveryReport } from '../types.ts';

/** One session, or one next hop, that a policy would have refused. */
export interface WouldWait {
  /** Absent where the whole next hop would have been left alone. */
  readonly host?: string;
  readonly failure: Failure;
}

/** The first refusal of each next hop that was only watched. */
export function wouldWait({ hops }: DeliveryReport): readonly WouldWait[] {
  return hops.flatMap(({ policyUse, attempts, decision: { policy } }) => {
    if (policyUse !== 'report-only') return [];
    const event = attempts.find((attempt) => refusalOf(attempt) !== undefined);
    const failure = event === undefined ? undefined : refusalOf(event);
    if (event !== undefined && failure !== undefined) return [{ host: event.host, failure }];
    const used = attempts.some(({ outcome }) => outcome === 'ready');
    const { outcome, failure: why } = policy;
    return used && outcome === 'defer' && why !== undefined ? [{ failure: why }] : [];
  });
}

/** A `testing` policy that fails would not have stopped anything. */
function refusalOf({ outcome, requirement, verdict }: AttemptEvent): Failure | undefined {
  if (outcome !== 'ready' || verdict?.wouldFail === undefined) return undefined;
  switch (requirement.kind) {
    case 'sts':
    case 'dane-and-sts':
    case 'refused':
    case 'pkix':
      return verdict.wouldFail;
    case 'dane':
      return verdict.tls === 'authenticated' ? undefined : verdict.wouldFail;
    case 'encrypt':
      return verdict.tls === 'none' ? verdict.wouldFail : undefined;
    case 'opportunistic':
      return undefined;
    default:
      return requirement satisfies never;
  }
}
