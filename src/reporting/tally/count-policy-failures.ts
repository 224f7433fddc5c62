/**
 * Counts the answers of the policy server that show a policy at fault.
 *
 * @module
 */
import type { DecisionRecord } from '../../tls-policy/types.ts';
import type { Tally } from '../types.ts';
import { decisionFailures, untoldFailures } from './decision-results.ts';

/** Counts one answer that is made of a decision, at the time given. */
type Count = (at: number) => void;

/** What there is to count of a decision. */
export interface PolicyFaults {
  /** Every fault: where the mail server reports nothing itself. */
  readonly all: Count;
  /** Those that no answer tells the mail server; undefined where it can see all. */
  readonly untold: Count | undefined;
}

/**
 * What the policy server calls with each new decision. Undefined for a decision without a fault,
 * which is nearly all of them: their answers have nothing to count.
 */
export function countPolicyFailures(
  tally: Pick<Tally, 'count'>,
): (decision: DecisionRecord) => PolicyFaults | undefined {
  const countAll = (failures: ReturnType<typeof decisionFailures>): Count | undefined =>
    failures.length === 0
      ? undefined
      : (at) => {
          for (const failure of failures) tally.count({ ...failure, at });
        };
  return (decision) => {
    const all = countAll(decisionFailures(decision, 0));
    return all === undefined ? undefined : { all, untold: countAll(untoldFailures(decision, 0)) };
  };
}
