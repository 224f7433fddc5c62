/**
 * How many sessions a report speaks of, where it counts the same ones under several policies.
 *
 * @module
 */
import type { ReceivedPolicy, ReceivedPolicyResult } from './report.ts';

/** Sessions with one domain. */
export interface SessionVolume {
  readonly successes: number;
  readonly failures: number;
}

/**
 * The sessions with each domain. A session may be listed under STS and under DANE (RFC 8460 §4), so
 * of these the larger sum counts, never both; under the other types a session is listed alone.
 */
export function sessionVolume(
  policies: readonly ReceivedPolicyResult[],
): ReadonlyMap<string, SessionVolume> {
  const sums = new Map<string, Map<ReceivedPolicy['type'], SessionVolume>>();
  for (const { policy, successes, failures } of policies) {
    const byType = sums.get(policy.domain) ?? new Map<ReceivedPolicy['type'], SessionVolume>();
    byType.set(policy.type, added(byType.get(policy.type), { successes, failures }));
    sums.set(policy.domain, byType);
  }
  return new Map(Array.from(sums, ([domain, byType]) => [domain, volumeOf(byType)]));
}

function volumeOf(byType: ReadonlyMap<ReceivedPolicy['type'], SessionVolume>): SessionVolume {
  const held = larger(byType.get('sts'), byType.get('tlsa'));
  return added(added(held, byType.get('no-policy-found')), byType.get('other'));
}

function larger(a: SessionVolume = NONE, b: SessionVolume = NONE): SessionVolume {
  return b.successes + b.failures > a.successes + a.failures ? b : a;
}

function added(a: SessionVolume = NONE, b: SessionVolume = NONE): SessionVolume {
  return { successes: a.successes + b.successes, failures: a.failures + b.failures };
}

const NONE: SessionVolume = { successes: 0, failures: 0 };
