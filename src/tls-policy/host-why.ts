/**
 * Why a host must show what it must show, in one sentence for a person.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { demandText } from './hop-demand.ts';
import type { EncryptCause, Evidence, HostEvidence, Requirement } from './types.ts';

/** The sentence. Each half of it stands by itself: what MTA-STS says, and what DANE says. */
export function whyOf(requirement: Requirement, host: HostEvidence, evidence: Evidence): string {
  if (evidence.override?.kind === 'skip') return skippedWhy(requirement);
  switch (requirement.kind) {
    case 'dane':
      return `usable TLSA records at ${requirement.dane.baseDomain}`;
    case 'dane-and-sts':
      return `usable TLSA records at ${requirement.dane.baseDomain}, and the MTA-STS policy of ${requirement.sts.policyDomain} is enforced`;
    case 'sts':
      return `the MTA-STS policy of ${requirement.sts.policyDomain} is enforced`;
    case 'encrypt':
      return encryptWhy(requirement.because, host, evidence);
    case 'pkix':
      return `${demandText(requirement.demand)}; else nothing binds: ${withoutBond(host, evidence)}`;
    case 'opportunistic':
      return withoutBond(host, evidence);
    case 'refused':
      return requirement.failure.detail;
    default:
      return requirement satisfies never;
  }
}

/** An override lifts what the domain publishes, not what a route asks for. */
function skippedWhy(requirement: Requirement): string {
  const none = 'no policy is asked for';
  if (requirement.kind === 'pkix') return `${demandText(requirement.demand)}; else ${none}`;
  return requirement.kind === 'encrypt' && requirement.because.kind === 'route'
    ? `${demandText(requirement.because.demand)}; else ${none}`
    : none;
}

function encryptWhy(because: EncryptCause, host: HostEvidence, evidence: Evidence): string {
  switch (because.kind) {
    case 'tlsa-unusable':
      return `TLSA records exist, none can be used: ${because.failure.detail}`;
    case 'override':
      return `an override asks for TLS; else nothing binds: ${withoutBond(host, evidence)}`;
    case 'route':
      return `${demandText(because.demand)}; else nothing binds: ${withoutBond(host, evidence)}`;
    default:
      return because satisfies never;
  }
}

function withoutBond({ dane }: HostEvidence, evidence: Evidence): string {
  const noDane = dane?.state.kind === 'absent' ? dane.state.failure.detail : 'it does not apply';
  return `${stsText(evidence)}, and no DANE (${noDane})`;
}

function stsText({ sts }: Evidence): string {
  if (sts === undefined) return 'MTA-STS does not apply';
  if (sts.kind === 'none') return `no MTA-STS policy (${noneText(sts.failure)})`;
  const { policyDomain, policy } = sts.active;
  const effect = policy.mode === 'testing' ? ' and binds nobody' : '';
  return `the MTA-STS policy of ${policyDomain} is in mode ${policy.mode}${effect}`;
}

function noneText({ code, detail }: Failure): string {
  return code === 'STS_RECORD_NONE' ? 'no record' : detail;
}

/** The refusal of a host outside an enforced policy, for one whose TLSA records are usable. */
export function besideDane(mismatch: Failure, { mxSecurity }: Evidence): Failure {
  const but =
    mxSecurity === 'secure'
      ? 'they are enough only under policy.dane_satisfies_sts'
      : "nothing signed says that the host is the domain's";
  return { ...mismatch, detail: `${mismatch.detail}; its TLSA records are usable, but ${but}` };
}
