/**
 * From one session of the relay to what it says about each policy it was held to.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import { policyDomainOf } from '../../tls-policy/next-hop.ts';
import type { DecisionRecord, Requirement, StsDemand, Verdict } from '../../tls-policy/types.ts';
import type { ReportPolicy } from '../../tlsrpt/report.ts';
import type { SessionResult } from '../../tlsrpt/session-result.ts';
import { daneOf, renewalFailure, stsStanding, type StsStanding } from './applied-policies.ts';
import { failureDetail, sessionDetail, type Detail } from './failure-detail.ts';
import { noPolicy, stsReportPolicy, tlsaReportPolicy, unknownStsPolicy } from './policy-of.ts';

/** One policy and what it holds against the session: nothing is a success. */
interface Held {
  readonly policy: ReportPolicy;
  readonly failures: readonly Detail[];
}

/** All that is known of the session. */
interface Case {
  readonly event: AttemptEvent;
  readonly decision: DecisionRecord;
  readonly domain: string;
  readonly standing: StsStanding;
}

/**
 * What the session says about each policy that applied, DANE and MTA-STS side by side (RFC 8460 §4).
 * A policy counts by what it asks, not by what became of the mail: a policy in `testing` that was
 * not met is a failure though the message went out. Of the faults under one policy the first counts.
 *
 * Empty where a report has nothing to say: the network failed (RFC 8460 §4.3.4), the next hop is an
 * address, an operator's override took the domain's policies away, or what refused the session was
 * the operator's own demand. A second try is part of the same session.
 *
 * Whoever sends reports does not hand their sessions in (RFC 8460 §3).
 */
export function sessionResults(
  event: AttemptEvent,
  decision: DecisionRecord,
): readonly SessionResult[] {
  const domain = policyDomainOf(decision.evidence.nextHop);
  if (domain === undefined || event.outcome === 'unreachable') return [];
  if (decision.evidence.override?.kind === 'skip') return [];
  const found = { event, decision, domain, standing: stsStanding(decision) };
  const held = [...heldToDane(found), ...heldToSts(found)];
  return (held.length > 0 ? held : heldToNone(found)).map(({ policy, failures }) => ({
    at: event.startedAt,
    recipientDomain: domain,
    policy,
    failures,
  }));
}

function heldToDane({ event, decision }: Case): readonly Held[] {
  const { requirement, host, verdict } = event;
  const state = daneOf(decision, host);
  const known = state?.kind === 'usable' || state?.kind === 'unusable' ? state : undefined;
  const policy = tlsaReportPolicy(known?.baseDomain ?? host, known?.records ?? []);
  if (requirement.kind === 'refused') {
    const { failure } = requirement;
    // No TLSA record is to be seen, or DANE is a must and is not there: only a name is left to report on.
    return isOutsideSts(failure) ? [] : judged(policy, [failure], event);
  }
  if (state?.kind === 'unusable') return judged(policy, [state.failure], event);
  if (state?.kind !== 'usable' || !hasDane(requirement) || verdict === undefined) return [];
  const { failure, alsoFails, wouldFail, alsoWouldFail } = verdict;
  const faults = present([failure, alsoFails, wouldFail, alsoWouldFail]);
  return judged(
    policy,
    faults.filter((fault) => concernsDane(fault, verdict)),
    event,
  );
}

function heldToSts({ event, domain, standing }: Case): readonly Held[] {
  switch (standing.kind) {
    case 'policy': {
      const faults = stsFaults(event);
      const policy = stsReportPolicy(standing.active);
      const renewal = renewalFailure(standing);
      return [
        ...(faults === undefined ? [] : judged(policy, faults, event)),
        ...(renewal === undefined ? [] : [unfetched(policy.domain, renewal)]),
      ];
    }
    case 'failed':
      return [unfetched(domain, standing.failure)];
    case 'none':
    case 'untold':
      return [];
    default:
      return standing satisfies never;
  }
}

/** No host, no address: it failed before there was a session (RFC 8460 §4.3.2.2). */
function unfetched(domain: string, failure: Failure): Held {
  return { policy: unknownStsPolicy(domain), failures: present([failureDetail(failure)]) };
}

/** What the STS policy holds against the session; undefined where it was not held to the policy. */
function stsFaults({ requirement, verdict }: AttemptEvent): readonly Failure[] | undefined {
  if (requirement.kind === 'refused') {
    return isOutsideSts(requirement.failure) ? [requirement.failure] : undefined;
  }
  if (stsDemandOf(requirement) === undefined || verdict === undefined) return undefined;
  const { failure, alsoFails, wouldFail, alsoWouldFail } = verdict;
  return present([wouldFail, alsoWouldFail, failure, alsoFails]).filter((fault) => !isDanes(fault));
}

/** Without a policy, TLS of any kind is a success, and clear text a failure. */
function heldToNone({ event, decision, domain, standing }: Case): readonly Held[] {
  const { verdict, failure } = event;
  if (standing.kind !== 'none' || verdict === undefined) return [];
  const state = daneOf(decision, event.host);
  if (state !== undefined && state.kind !== 'absent') return [];
  const faults = verdict.tls === 'none' ? present([failure ?? verdict.failure]) : [];
  return judged(noPolicy(domain), faults, event);
}

/** The first fault that has a name in reports; nothing where all that stood in the way has none. */
function judged(
  policy: ReportPolicy,
  faults: readonly Failure[],
  event: AttemptEvent,
): readonly Held[] {
  const [first] = present(faults.map(failureDetail));
  if (first !== undefined) {
    return [{ policy, failures: [{ ...first, ...sessionDetail(event) }] }];
  }
  return faults.length === 0 ? [{ policy, failures: [] }] : [];
}

function hasDane({ kind }: Requirement): boolean {
  return kind === 'dane' || kind === 'dane-and-sts';
}

function stsDemandOf(requirement: Requirement): StsDemand | undefined {
  switch (requirement.kind) {
    case 'sts':
    case 'dane-and-sts':
      return requirement.sts;
    case 'dane':
    case 'pkix':
    case 'encrypt':
    case 'opportunistic':
      return requirement.testing;
    case 'refused':
      return undefined;
    default:
      return requirement satisfies never;
  }
}

/** Certificates that TLSA records do not vouch for. What the web PKI says of them is not DANE's affair. */
function isDanes({ code }: Failure): boolean {
  return code.startsWith('DANE_');
}

function isOutsideSts({ code }: Failure): boolean {
  return code === 'POLICY_MX_NOT_IN_POLICY';
}

/** Its own faults, and those that left no certificate worth a look: they are everybody's. */
function concernsDane(fault: Failure, { tls }: Verdict): boolean {
  if (isDanes(fault)) return true;
  return fault.code === 'TLS_VERSION_TOO_OLD' || (tls === 'none' && !isOutsideSts(fault));
}

function present<T>(list: readonly (T | undefined)[]): readonly T[] {
  return list.filter((item) => item !== undefined);
}
