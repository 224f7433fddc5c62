/**
 * The addresses of a host in the order to try, or why there are none.
 *
 * @module
 */
import type { Answer } from '../dns/types.ts';
import type { Failure, Outcome } from '../failure.ts';
import type { HostEvidence } from './types.ts';

/** The most addresses of one host that are kept. */
export const MAX_ADDRESSES = 20;

/**
 * The host's addresses, IPv6 and IPv4 in turn so that a dead family costs one attempt
 * (RFC 5321 §5.1 asks for at least two attempts). One family that failed is no obstacle while the
 * other one answered.
 */
export function addressesOf({ host, a, aaaa }: HostEvidence): Outcome<readonly string[]> {
  const v6 = recordsOf(aaaa);
  const v4 = recordsOf(a);
  const inTurn = Array.from({ length: Math.max(v6.length, v4.length) }, (_, index) => [
    ...v6.slice(index, index + 1),
    ...v4.slice(index, index + 1),
  ]).flat();
  return inTurn.length > 0
    ? { ok: true, value: inTurn.slice(0, MAX_ADDRESSES) }
    : { ok: false, failure: whyNone(host, [a, aaaa]) };
}

function recordsOf(answer: Answer<'A'> | Answer<'AAAA'> | undefined): readonly string[] {
  return answer?.kind === 'records' ? answer.records : [];
}

function whyNone(
  host: string,
  answers: readonly (Answer<'A'> | Answer<'AAAA'> | undefined)[],
): Failure {
  const failed = answers.find((answer) => answer?.kind === 'failure');
  if (failed?.kind !== 'failure') {
    return { code: 'POLICY_NO_ADDRESS', detail: `${host} has neither A nor AAAA records` };
  }
  const { resultType, reasonCode, detail } = failed.failure;
  return {
    code: 'POLICY_ADDRESS_LOOKUP_FAILED',
    detail: `addresses of ${host} could not be looked up: ${detail}`,
    ...(resultType === undefined ? {} : { resultType }),
    ...(reasonCode === undefined ? {} : { reasonCode }),
  };
}
