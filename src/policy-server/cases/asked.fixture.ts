/**
 * From DNS records, a policy and a question to the line an MTA gets: everything between is real.
 *
 * @module
 */
import { mapResolver, type MapResolver, type MapWorld } from '../../dns/map-resolver.fixture.ts';
import { readStsPolicy } from '../../mta-sts/policy.ts';
import type { StsStatus } from '../../mta-sts/types.ts';
import { FakeClock } from '../../clock.fixture.ts';
import { KNOBS, NOW, TLSA } from '../../tls-policy/evidence.fixture.ts';
import { evaluate } from '../../tls-policy/evaluate.ts';
import { gather } from '../../tls-policy/gather.ts';
import { parseNextHop } from '../../tls-policy/next-hop.ts';
import type { Override } from '../../tls-policy/overrides.ts';
import { fakePolicies } from '../../tls-policy/policies.fixture.ts';
import type { PolicyKnobs } from '../../tls-policy/types.ts';
import { lineFor } from '../level.fixture.ts';
import { levelOf, type LevelOptions } from '../level.ts';
import type { Dialect } from '../types.ts';

/** A world with one question. What is left out is as simple as can be. */
export interface Case extends Partial<MapWorld> {
  readonly records: MapWorld['records'];
  /** Lines of the policy of `d.test` between version and max_age; absent: there is none. */
  readonly policy?: readonly string[];
  /** Default `d.test`. */
  readonly nextHop?: string;
  /** Default `postfix`. */
  readonly dialect?: Dialect;
  readonly knobs?: Partial<PolicyKnobs>;
  readonly mixedDane?: LevelOptions['mixedDane'];
  readonly override?: Override;
}

/** `mode: enforce`, with the host of all these cases. */
export const STS_P: readonly string[] = ['mode: enforce', 'mx: mx1.d.test'];

/** A host with an address. */
export const HOST = { A: ['192.0.2.1'] } as const;

/** TLSA `3 1 1`. */
export const HAS_TLSA = { TLSA: [TLSA] } as const;

/** `d.test` with these MX hosts, by preference. */
export function mxOf(...hosts: readonly string[]): MapWorld['records'] {
  const MX = hosts.map((exchange, index) => ({ exchange, preference: 10 * (index + 1) }));
  return { 'd.test': { MX } };
}

/** The line, and the resolver that tells what was looked up. */
export async function asked(
  one: Case,
): Promise<{ readonly line: string; readonly resolver: MapResolver }> {
  const { policy, nextHop = 'd.test', dialect = 'postfix', mixedDane = 'secure' } = one;
  const clock = new FakeClock(NOW);
  const resolver = mapResolver({ secure: ['test'], clock, ...one });
  const policies = fakePolicies();
  if (policy !== undefined) policies.now.set('d.test', statusOf(policy));
  const knobs = { ...KNOBS, ...one.knobs };
  const hop = parseNextHop(nextHop, 25);
  if (!hop.ok) throw new Error(hop.failure.detail);
  const evidence = await gather(
    hop.value,
    { resolver, policies, clock },
    { knobs, override: one.override },
  );
  const record = { version: 1, evidence, knobs, policy: evaluate(evidence, knobs) } as const;
  return { line: lineFor(dialect, levelOf(record, { mixedDane })), resolver };
}

/** The line alone. */
export async function lineOf(one: Case): Promise<string> {
  return (await asked(one)).line;
}

/** The policy of these lines, in force; none where the text is not valid. */
function statusOf(lines: readonly string[]): StsStatus {
  const text = ['version: STSv1', ...lines, 'max_age: 604800', ''].join('\r\n');
  const { value } = readStsPolicy(text);
  if (value === undefined) {
    return { kind: 'none', failure: { code: 'STS_POLICY_INVALID', detail: 'not valid' } };
  }
  const times = { fetchedAt: NOW, expiresAt: NOW + 604_800_000 };
  const active = { policyDomain: 'd.test', policy: value, id: '1', source: 'cache' as const };
  return { kind: 'policy', active: { ...active, ...times } };
}
