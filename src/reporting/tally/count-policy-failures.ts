/**
 * Counts the answers of the policy server that show a policy at fault.
 *
 * @module
 */
import type { DecisionRecord } from '../../tls-policy/types.ts';
import type { Tally } from '../types.ts';
import { decisionFailures } from './decision-results.ts';

/**
 * What the policy server calls with each new decision: the returned function counts one answer that
 * is made of it. Undefined for a decision without a fault, which is nearly all of them: their
 * answers have nothing to count.
 */
export function countPolicyFailures(
  tally: Pick<Tally, 'count'>,
): (decision: DecisionRecord) => ((at: number) => void) | undefined {
  return (decision) => {
    const failures = decisionFailures(decision, 0);
    if (failures.length === 0) return undefined;
    return (at) => {
      for (const failure of failures) tally.count({ ...failure, at });
    };
  };
}
