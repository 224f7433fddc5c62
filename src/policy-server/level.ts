/**
 * From what each MX host must show to the one thing that may be said of the whole domain.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { policyAllows } from '../mta-sts/match.ts';
import { policyDomainOf } from '../tls-policy/next-hop.ts';
import { applyOverride } from '../tls-policy/overrides.ts';
import type { DecisionRecord, HostPolicy } from '../tls-policy/types.ts';
import { surveyHosts, type HostSurvey } from './host-survey.ts';
import type { DomainLevel, StsFacts } from './types.ts';

/** The operator's choice where one level cannot say everything. */
export interface LevelOptions {
  /** What is said of a signed domain of which only some hosts have DANE, under an enforced policy. */
  readonly mixedDane: 'secure' | 'dane';
}

/**
 * What a map may say of the domain of this decision: the strongest level that leaves a way to the
 * hosts that may be used, and never one that opens a way to a host that may not, as far as one
 * level can say that. The first row that fits counts. "DANE" is a host with usable TLSA records;
 * hosts that may not be used are named where they matter.
 *
 * | the domain                                                    | level            |
 * | ------------------------------------------------------------- | ---------------- |
 * | an override skips it                                          | `none`           |
 * | it does not exist or takes no mail, DNSSEC vouches for that   | `none`           |
 * | the same unsigned, and enforced                               | `secure`         |
 * | the same unsigned, and DANE is mandatory                      | `temp`           |
 * | the same unsigned, and `require-tls`                          | `encrypt`        |
 * | the same unsigned, and nothing binds                          | `none`           |
 * | every host is outside the enforced policy                     | `secure`         |
 * | nobody can reach a host, MX unsigned, surely no MTA-STS       | `none`           |
 * | the same, and DANE is mandatory                               | `temp`           |
 * | the same, and `require-tls`                                   | `encrypt`        |
 * | no host may be used, or nothing is known                      | `temp`           |
 * | signed MX, DANE on all, and enforced, mandatory or no doubt   | `dane-only`      |
 * | enforced; signed MX, DANE on some, `mixedDane` is `dane`      | `dane`           |
 * | enforced                                                      | `secure`         |
 * | `require-tls`; signed MX, DANE on some                        | `dane-only`      |
 * | `require-tls`; the TLSA look-up of a host failed              | `temp`           |
 * | `require-tls`                                                 | `encrypt`        |
 * | TLSA records on some host, or their look-up failed            | `dane`           |
 * | otherwise (no policy, `testing`, `none`)                      | `none`           |
 *
 * "Doubt": the addresses or TLSA records of a host could not be looked up; a `dane-only` would
 * outlast it. Under `secure`, a host of the policy that may not be used narrows `match` to the
 * names of those that may.
 */
export function levelOf(record: DecisionRecord, options: LevelOptions): DomainLevel {
  const { policy } = record;
  if (record.evidence.override?.kind === 'skip') return { kind: 'none', why: 'skipped' };
  const standing = standingOf(record);
  if (policy.outcome === 'fail') return failedLevel(standing, policy.failure);
  if (policy.outcome === 'defer') {
    return isNowhere(record, standing)
      ? failedLevel(standing, policy.failure, NOWHERE_WHY)
      : deferredLevel(standing, policy.failure);
  }
  const { survey, signed, required, enforced } = standing;
  const allDane = signed && survey.dane.length === survey.usable.length;
  if (allDane && (enforced !== undefined || required || survey.doubt === 'none')) {
    return {
      kind: 'dane-only',
      why: 'DANE on every host',
      ...(enforced === undefined ? testingOf(standing) : enforcedOf(enforced, survey)),
    };
  }
  return enforced === undefined
    ? unenforcedLevel(standing)
    : enforcedLevel({ ...standing, enforced }, options);
}

/** What the levels are made of. */
interface Standing {
  readonly survey: HostSurvey;
  /** DNSSEC vouches for the host names. */
  readonly signed: boolean;
  /** DANE is mandatory by local choice. */
  readonly required: boolean;
  /** The policy that binds, after overrides and switches. */
  readonly enforced: StsFacts | undefined;
  /** A policy that only tests. */
  readonly testing: StsFacts | undefined;
  /** An operator asks for TLS wherever nothing stronger is asked for. */
  readonly tlsRequired: boolean;
}

function standingOf(record: DecisionRecord): Standing {
  const { evidence, knobs } = applyOverride(record.evidence, record.knobs);
  const domain = policyDomainOf(evidence.nextHop);
  const active = evidence.sts?.kind === 'policy' ? evidence.sts.active : undefined;
  const facts: StsFacts | undefined = active && {
    policyDomain: active.policyDomain,
    policy: active.policy,
    ...(active.refreshFailure === undefined ? {} : { failure: active.refreshFailure }),
  };
  const mode = active?.policy.mode;
  const binds = mode === 'enforce' || (mode === 'testing' && knobs.enforceTesting);
  return {
    survey: surveyHosts(record.policy.hosts),
    signed: evidence.mxSecurity === 'secure',
    required: domain !== undefined && knobs.daneRequired.includes(domain),
    enforced: binds ? facts : undefined,
    testing: mode === 'testing' && !binds ? facts : undefined,
    tlsRequired: evidence.override?.kind === 'require-tls',
  };
}

/**
 * Who can forge MX records can forge that there are none, and the MTA asks DNS once more after us:
 * what binds the domain goes on binding it (RFC 8461 §3.3). An honest answer costs nothing by it,
 * since the MTA returns the message whatever the level.
 */
function failedLevel(
  standing: Standing,
  failure: Failure | undefined,
  why = failure?.detail ?? 'the domain takes no mail',
): DomainLevel {
  const { signed, enforced, required, tlsRequired } = standing;
  if (signed) return { kind: 'none', why };
  if (required) return { kind: 'temp', failure: failure ?? UNEXPLAINED };
  if (enforced !== undefined) {
    return { kind: 'secure', why, match: enforced.policy.mx, sts: enforced };
  }
  return tlsRequired ? { kind: 'encrypt', why } : { kind: 'none', why };
}

const NOWHERE_WHY = 'nobody can reach a host of it, and it has neither MTA-STS nor a signed MX';

/**
 * Hosts without an address, or with an address for a name: left to itself the MTA returns the
 * message or finds a way of its own. That is its affair only where nothing can bind the domain: DNS
 * said that there is no MTA-STS record, and DANE would need a signed MX or an address. Anything less
 * sure waits.
 */
function isNowhere({ evidence, policy }: DecisionRecord, { survey, signed }: Standing): boolean {
  const { hostsFrom, sts } = evidence;
  if (hostsFrom !== 'mx' || signed || policy.failure?.code !== 'POLICY_NO_HOST_USABLE') {
    return false;
  }
  const { usable, outside, barred } = survey;
  const reachable = usable.length + outside.length + barred.length;
  return reachable === 0 && sts?.kind === 'none' && sts.failure.code === 'STS_RECORD_NONE';
}

/**
 * Hosts that are all outside the policy leave nothing to wait for but the policy's patterns, which
 * the MTA checks against the MX hosts it finds: strict, and reported as what it is (RFC 8461 §5).
 */
function deferredLevel(
  { survey, required, enforced }: Standing,
  failure: Failure | undefined,
): DomainLevel {
  const onlyOutside = survey.outside.length > 0 && survey.barred.length === 0;
  if (enforced !== undefined && onlyOutside && !required) {
    return {
      kind: 'secure',
      why: 'no MX host is named by the enforced MTA-STS policy',
      match: enforced.policy.mx,
      sts: enforced,
    };
  }
  return { kind: 'temp', failure: failure ?? UNEXPLAINED };
}

const UNEXPLAINED: Failure = { code: 'POLICY_NO_HOST_USABLE', detail: 'no host may be used' };

/**
 * Without a signed MX, DANE protects nobody from a forged one, and the policy does: `secure`
 * (RFC 8461 §2 speaks of DANE that failed, not of DANE that was never sure). With a signed MX and
 * DANE on some hosts only, the operator chooses.
 */
function enforcedLevel(
  { survey, signed, enforced }: Standing & { readonly enforced: StsFacts },
  { mixedDane }: LevelOptions,
): DomainLevel {
  if (signed && survey.dane.length > 0 && mixedDane === 'dane') {
    const why = 'DANE on some hosts; the operator prefers it to the enforced MTA-STS policy';
    return { kind: 'dane', why, ...enforcedOf(enforced, survey) };
  }
  return {
    kind: 'secure',
    why: `the MTA-STS policy of ${enforced.policyDomain} is enforced`,
    ...enforcedOf(enforced, survey),
  };
}

function unenforcedLevel(standing: Standing): DomainLevel {
  const { survey, tlsRequired } = standing;
  if (tlsRequired) return tlsRequiredLevel(standing);
  const sts = testingOf(standing);
  if (survey.dane.length > 0 || survey.tlsaUnusable || survey.doubt === 'tlsa') {
    return { kind: 'dane', why: 'DANE where a host has it', ...sts };
  }
  return {
    kind: 'none',
    why: sts.sts === undefined ? 'no policy binds' : 'the MTA-STS policy only tests',
    ...sts,
  };
}

/** `dane` lets a host without TLSA records do without TLS, `encrypt` one with them show any certificate. */
function tlsRequiredLevel(standing: Standing): DomainLevel {
  const { survey, signed } = standing;
  const sts = testingOf(standing);
  if (signed && survey.dane.length > 0) {
    return { kind: 'dane-only', why: 'TLS is a must by override, and hosts have DANE', ...sts };
  }
  const [barred] = survey.barred;
  if (survey.doubt === 'tlsa' && barred !== undefined) {
    return { kind: 'temp', failure: barred.failure };
  }
  return { kind: 'encrypt', why: 'TLS is a must by override', ...sts };
}

function testingOf({ testing }: Standing): { readonly sts?: StsFacts } {
  return testing === undefined ? {} : { sts: testing };
}

function enforcedOf(
  enforced: StsFacts,
  survey: HostSurvey,
): { readonly sts: StsFacts; readonly match: readonly string[] } {
  return { sts: enforced, match: matchOf(enforced, survey) };
}

/**
 * The patterns: MX records may change before the MTA looks at them. Only where they would let a
 * host in that must not be used, the names of those that may.
 */
function matchOf({ policy }: StsFacts, { usable, barred }: HostSurvey): readonly string[] {
  const allows = ({ host }: Pick<HostPolicy, 'host'>): boolean => policyAllows(policy, host);
  if (!barred.some(allows)) return policy.mx;
  const names = usable.filter(allows).map(({ host }) => host);
  return names.length === 0 ? policy.mx : names;
}
