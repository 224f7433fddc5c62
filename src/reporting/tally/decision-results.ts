/**
 * What a decision says of policies before any session: all that a policy server sees.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import { policyDomainOf } from '../../tls-policy/next-hop.ts';
import { mxMismatch } from '../../tls-policy/sts-effect.ts';
import type { DecisionRecord, HostPolicy, StsDemand } from '../../tls-policy/types.ts';
import type { ReportPolicy } from '../../tlsrpt/report.ts';
import type { SessionResult } from '../../tlsrpt/session-result.ts';
import { daneOf, renewalFailure, stsStanding } from './applied-policies.ts';
import { failureDetail, type Detail } from './failure-detail.ts';
import { noPolicy, stsReportPolicy, tlsaReportPolicy, unknownStsPolicy } from './policy-of.ts';

/** A policy that is at fault itself. */
interface AtFault {
  readonly policy: ReportPolicy;
  readonly failures: readonly Detail[];
}

/**
 * The policies of a domain that are at fault themselves, whatever its hosts do: an STS policy that
 * cannot be had, TLSA records of which none is usable or whose look-up failed, DANE that is a must
 * and missing, hosts that the STS policy does not name. Each once, with its faults.
 *
 * Of the hosts only those count that a mail server would try first: whether it ever comes to another
 * one is not known here. Successes are not seen at all.
 *
 * Empty where an operator's override skips the domain; a pinned policy is not the domain's, so
 * nothing is said of MTA-STS then.
 *
 * @param at when the question was answered, milliseconds since the Unix epoch
 */
export function decisionFailures(decision: DecisionRecord, at: number): readonly SessionResult[] {
  const hosts = triedFirst(decision.policy.hosts);
  return resultsOf(decision, at, (domain) => [
    ...withoutHosts(decision, domain),
    ...stsAtHosts(decision, hosts),
    ...stsUnavailable(decision, domain),
    ...hosts.flatMap((host) => daneAtFault(decision, host)),
  ]);
}

/**
 * Of {@link decisionFailures} those that no answer tells a mail server: a policy that cannot be had,
 * or not be renewed, looks to it like none, or like the one before.
 */
export function untoldFailures(decision: DecisionRecord, at: number): readonly SessionResult[] {
  return resultsOf(decision, at, (domain) => stsUnavailable(decision, domain));
}

function resultsOf(
  { evidence }: DecisionRecord,
  at: number,
  faultsOf: (recipientDomain: string) => readonly AtFault[],
): readonly SessionResult[] {
  const recipientDomain = policyDomainOf(evidence.nextHop);
  if (recipientDomain === undefined || evidence.override?.kind === 'skip') return [];
  return faultsOf(recipientDomain).map((fault) => ({ at, recipientDomain, ...fault }));
}

function triedFirst(hosts: readonly HostPolicy[]): readonly HostPolicy[] {
  const best = Math.min(...hosts.map(({ preference }) => preference));
  return hosts.filter(({ preference }) => preference === best);
}

/** Bogus MX records: there is no host to name, and no policy was found. */
function withoutHosts({ policy }: DecisionRecord, domain: string): readonly AtFault[] {
  return policy.hosts.length === 0 ? atFault(noPolicy(domain), [policy.failure]) : [];
}

function stsUnavailable(decision: DecisionRecord, domain: string): readonly AtFault[] {
  const standing = stsStanding(decision);
  const failure = standing.kind === 'failed' ? standing.failure : renewalFailure(standing);
  return atFault(unknownStsPolicy(domain), [failure]);
}

function stsAtHosts(decision: DecisionRecord, hosts: readonly HostPolicy[]): readonly AtFault[] {
  const standing = stsStanding(decision);
  return standing.kind === 'policy' ? atFaultAtHosts(stsReportPolicy(standing.active), hosts) : [];
}

function atFaultAtHosts(policy: ReportPolicy, hosts: readonly HostPolicy[]): readonly AtFault[] {
  const failures = hosts.flatMap((host) => {
    const detail = outsideDetail(host);
    return detail === undefined ? [] : [{ ...detail, receivingMxHostname: host.host }];
  });
  return failures.length === 0 ? [] : [{ policy, failures }];
}

function outsideDetail({ requirement }: HostPolicy): Detail | undefined {
  if (requirement.kind === 'refused') {
    const { failure } = requirement;
    return failure.code === 'POLICY_MX_NOT_IN_POLICY' ? failureDetail(failure) : undefined;
  }
  const testing: StsDemand | undefined = 'testing' in requirement ? requirement.testing : undefined;
  return testing?.mxMatches === false ? failureDetail(mxMismatch(testing)) : undefined;
}

function daneAtFault(
  decision: DecisionRecord,
  { host, requirement }: HostPolicy,
): readonly AtFault[] {
  const state = daneOf(decision, host);
  const known = state?.kind === 'usable' || state?.kind === 'unusable' ? state : undefined;
  const policy = tlsaReportPolicy(known?.baseDomain ?? host, known?.records ?? []);
  const refusal = requirement.kind === 'refused' ? requirement.failure : undefined;
  if (refusal !== undefined && refusal.code !== 'POLICY_MX_NOT_IN_POLICY') {
    return atFault(policy, [refusal], host);
  }
  return state?.kind === 'unusable' ? atFault(policy, [state.failure], host) : [];
}

/** Nothing where the failure is none that a report mentions. */
function atFault(
  policy: ReportPolicy,
  [failure]: readonly [Failure | undefined],
  host?: string,
): readonly AtFault[] {
  const detail = failure === undefined ? undefined : failureDetail(failure);
  if (detail === undefined) return [];
  const named = host === undefined ? {} : { receivingMxHostname: host };
  return [{ policy, failures: [{ ...detail, ...named }] }];
}
