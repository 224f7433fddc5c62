/**
 * What one MX host must show: the table in which DANE and MTA-STS meet.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { addressesOf } from './addresses.ts';
import { daneDemand } from './dane-demand.ts';
import { besideDane, whyOf } from './host-why.ts';
import { demandText, withDemand } from './hop-demand.ts';
import { hostNameFault } from './mx-hosts.ts';
import { addressLiteral, policyDomainOf } from './next-hop.ts';
import { overrideText } from './overrides.ts';
import { mxMismatch, stsEffect, type StsEffect } from './sts-effect.ts';
import type {
  Evidence,
  HostEvidence,
  HostPolicy,
  MxLevel,
  PolicyKnobs,
  Requirement,
  StsDemand,
  TlsLevel,
} from './types.ts';

type DaneState = NonNullable<HostEvidence['dane']>['state'];

/** The policy for one host of the evidence. Pure; a host is refused, never dropped (RFC 8461 §8.4). */
export function hostPolicy(host: HostEvidence, evidence: Evidence, knobs: PolicyKnobs): HostPolicy {
  const place = { host: host.host, preference: host.preference, port: evidence.nextHop.port };
  const nameFault = hostNameFault(host.host);
  if (nameFault !== undefined) {
    return refusedHost(place, [], refused(nameFault, 'RFC 5321 §5.1'), evidence);
  }
  const addresses = addressesOf(host);
  if (!addresses.ok) {
    return refusedHost(place, [], refused(addresses.failure, 'RFC 5321 §5.1'), evidence);
  }
  const asked = requirementOf(host, evidence, knobs);
  const requirement = withDemand(asked, host.host, evidence);
  if (requirement.kind === 'refused') {
    return refusedHost(place, addresses.value, requirement, evidence);
  }
  return {
    ...place,
    addresses: addresses.value,
    requirement,
    ...demandOf(evidence),
    servername: servernameOf(requirement, host.host),
    level: { mx: mxLevel(requirement, evidence), tls: tlsLevel(requirement) },
    why: withOverride(whyOf(requirement, host, evidence), evidence),
  };
}

/** Whoever looks at a host under an override must see it. */
function withOverride(why: string, { override }: Evidence): string {
  return override === undefined ? why : `${why}; ${overrideText(override)}`;
}

function demandOf({ demand }: Evidence): Pick<HostPolicy, 'demand'> {
  return demand === undefined ? {} : { demand };
}

/**
 * The one host of an address literal: no name, hence no policy (RFC 8461 §3.4, RFC 7672 §2.2), and
 * no certificate for it. What is left is TLS with any certificate, where a route asks for it.
 */
export function literalPolicy(address: string, port: number, evidence: Evidence): HostPolicy {
  const host = addressLiteral(address);
  const requirement = withDemand({ kind: 'opportunistic' }, host, evidence);
  const why = 'an address literal has no policy';
  return {
    host,
    preference: 0,
    port,
    addresses: [address],
    requirement,
    ...demandOf(evidence),
    servername: undefined,
    level: { mx: 'none', tls: tlsLevel(requirement) },
    why: evidence.demand === undefined ? why : `${demandText(evidence.demand)}; ${why}`,
  };
}

/**
 * DANE first: what it refuses nothing rescues (RFC 8461 §2). Then mandatory DANE, then both
 * together (RFC 8461 §5, RFC 7672 §2.2).
 */
function requirementOf(
  { host, dane }: HostEvidence,
  evidence: Evidence,
  knobs: PolicyKnobs,
): Requirement {
  const state = dane?.state;
  if (state?.kind === 'failed') return refused(state.failure, 'RFC 7672 §2.1.2');
  const required = daneRequiredFault(state, evidence, knobs);
  if (required !== undefined) return refused(required, 'RFC 7672 §2.2');
  const sts = stsEffect(evidence.sts, host, knobs);
  switch (state?.kind) {
    case 'usable':
      return withUsableTlsa(state, sts, evidence, knobs);
    case 'unusable':
      return withUnusableTlsa(state, sts);
    case 'absent':
    case undefined:
      return withoutTlsa(sts, evidence);
    default:
      return state satisfies never;
  }
}

function withUsableTlsa(
  state: Extract<DaneState, { kind: 'usable' }>,
  sts: StsEffect,
  evidence: Evidence,
  knobs: PolicyKnobs,
): Requirement {
  const dane = daneDemand(state, evidence);
  switch (sts.kind) {
    case 'none':
      return { kind: 'dane', dane };
    case 'testing':
      return { kind: 'dane', dane, testing: sts.demand };
    case 'enforce':
      if (knobs.daneSatisfiesSts && isVouchedFor(sts.demand, evidence))
        return { kind: 'dane', dane };
      return sts.demand.mxMatches
        ? { kind: 'dane-and-sts', dane, sts: sts.demand }
        : refused(besideDane(mxMismatch(sts.demand), evidence), 'RFC 8461 §4.1');
    default:
      return sts satisfies never;
  }
}

/** The knob spares the certificate check alone: somebody must say that the host is the domain's. */
function isVouchedFor({ mxMatches }: StsDemand, { mxSecurity }: Evidence): boolean {
  return mxMatches || mxSecurity === 'secure';
}

/** TLS is a must; whose certificate it is matters only to STS (RFC 7672 §2.2). */
function withUnusableTlsa(
  { baseDomain, failure }: Extract<DaneState, { kind: 'unusable' }>,
  sts: StsEffect,
): Requirement {
  const because = { kind: 'tlsa-unusable', baseDomain, failure } as const;
  switch (sts.kind) {
    case 'none':
      return { kind: 'encrypt', because };
    case 'testing':
      return { kind: 'encrypt', because, testing: sts.demand };
    case 'enforce':
      return enforced(sts);
    default:
      return sts satisfies never;
  }
}

function withoutTlsa(sts: StsEffect, evidence: Evidence): Requirement {
  switch (sts.kind) {
    case 'none':
      return unbound(evidence, {});
    case 'testing':
      return unbound(evidence, { testing: sts.demand });
    case 'enforce':
      return enforced(sts);
    default:
      return sts satisfies never;
  }
}

/** Where nothing binds, an operator may still ask for TLS. */
function unbound(
  { override }: Evidence,
  testing: Pick<Extract<Requirement, { kind: 'opportunistic' }>, 'testing'>,
): Requirement {
  return override?.kind === 'require-tls'
    ? { kind: 'encrypt', because: { kind: 'override', override }, ...testing }
    : { kind: 'opportunistic', ...testing };
}

function enforced({ demand }: Extract<StsEffect, { kind: 'enforce' }>): Requirement {
  return demand.mxMatches
    ? { kind: 'sts', sts: demand }
    : refused(mxMismatch(demand), 'RFC 8461 §4.1');
}

/** Mandatory DANE needs a secure path to the host and usable records (RFC 7672 §2.2, §2.2.1, §6). */
function daneRequiredFault(
  state: DaneState | undefined,
  { nextHop, mxSecurity }: Evidence,
  { daneRequired }: PolicyKnobs,
): Failure | undefined {
  const domain = policyDomainOf(nextHop);
  if (domain === undefined || !daneRequired.includes(domain)) return undefined;
  if (state?.kind === 'usable' && mxSecurity === 'secure') return undefined;
  const why =
    mxSecurity === 'secure' ? missingWhy(state) : `DNSSEC does not vouch for the MX of ${domain}`;
  return {
    code: 'POLICY_DANE_REQUIRED',
    detail: `DANE is mandatory for ${domain}, but ${why}`,
    resultType: 'dane-required',
  };
}

function missingWhy(state: DaneState | undefined): string {
  return state === undefined || state.kind === 'usable'
    ? 'no TLSA records were looked up'
    : state.failure.detail;
}

function refused(failure: Failure, rule: string): Extract<Requirement, { kind: 'refused' }> {
  return { kind: 'refused', failure, rule };
}

function refusedHost(
  place: Pick<HostPolicy, 'host' | 'preference' | 'port'>,
  addresses: readonly string[],
  requirement: Extract<Requirement, { kind: 'refused' }>,
  evidence: Evidence,
): HostPolicy {
  return {
    ...place,
    addresses,
    requirement,
    ...demandOf(evidence),
    servername: place.host,
    level: { mx: 'none', tls: 'none' },
    why: withOverride(requirement.failure.detail, evidence),
  };
}

/** RFC 7672 §8.1 wants the TLSA base domain, RFC 8461 §7.1 the MX host; under both, DANE goes first. */
function servernameOf(requirement: Requirement, host: string): string {
  switch (requirement.kind) {
    case 'dane':
    case 'dane-and-sts':
      return requirement.dane.baseDomain;
    case 'encrypt':
      return requirement.because.kind === 'tlsa-unusable' ? requirement.because.baseDomain : host;
    case 'sts':
    case 'pkix':
    case 'opportunistic':
    case 'refused':
      return host;
    default:
      return requirement satisfies never;
  }
}

/**
 * `dnssec` where the whole path to the name is signed; a name that an operator wrote down counts
 * as such only when DANE speaks for the host. `mta-sts` only under an enforced, matching policy.
 */
function mxLevel(requirement: Requirement, { mxSecurity, hostsFrom }: Evidence): MxLevel {
  const dane = requirement.kind === 'dane' || requirement.kind === 'dane-and-sts';
  if (mxSecurity === 'secure' && (hostsFrom !== 'smart-host' || dane)) return 'dnssec';
  return requirement.kind === 'sts' || requirement.kind === 'dane-and-sts' ? 'mta-sts' : 'none';
}

function tlsLevel(requirement: Requirement): TlsLevel {
  switch (requirement.kind) {
    case 'dane':
    case 'dane-and-sts':
    case 'sts':
    case 'pkix':
      return 'authenticated';
    case 'encrypt':
      return 'encrypted';
    case 'opportunistic':
    case 'refused':
      return 'none';
    default:
      return requirement satisfies never;
  }
}
