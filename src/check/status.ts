/**
 * The one word for a domain: is mail to it protected?
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { DecisionRecord, Evidence, HostPolicy } from '../tls-policy/types.ts';
import type { Answer, RrType } from '../dns/types.ts';
import type { HostProbe, ProbedAddress } from './probe.ts';

/** What `explain` says of a domain. */
export type Status =
  /** Deliverable, and every host that may get a message must prove who it is. */
  | 'protected'
  /** Deliverable, but someone on the way could read the mail. */
  | 'unprotected'
  /** Not deliverable safely: nothing is sent. */
  | 'unsafe'
  /** It could not be found out: try again later. */
  | 'unknown';

/** Failures that say nothing of the domain: no answer came. */
const NO_ANSWER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DNS_TIMEOUT',
  'DNS_SERVFAIL',
  'DNS_REFUSED',
  'DNS_NOTIMP',
  'DNS_FORMERR',
  'DNS_RCODE',
  'DNS_UNREACHABLE',
  'DNS_TCP_CLOSED',
  'DNS_ANSWER_MALFORMED',
  'DNS_ANSWER_MISMATCH',
  'DNS_ANSWER_TRUNCATED',
  'DNS_NOT_RECURSIVE',
  'DNS_SOCKETS',
  'DNS_OVERLOADED',
  'DNS_ABORTED',
  'DNS_CLOSED',
  'STORE_UNAVAILABLE',
  'STORE_ROW_DAMAGED',
  'STS_FIRST_CONTACT_PENDING',
]);

/** Is it a failed answer that says nothing, rather than a bad one? */
function isSilent(answer: Answer<RrType> | undefined): boolean {
  return answer?.kind === 'failure' && NO_ANSWER.has(answer.failure.code);
}

/** Nobody answered the questions on which the decision rests. */
function isInTheDark({ evidence, policy }: DecisionRecord): boolean {
  const { mx, hosts } = evidence;
  if (isSilent(mx) || isStsUnknown(evidence)) return true;
  if (policy.failure?.code === 'POLICY_GATHER_TIMEOUT') return true;
  return hosts.length > 0 && hosts.every(({ a, aaaa }) => isSilent(a) && isSilent(aaaa));
}

/** Whether the domain has a policy could not be found out. */
function isStsUnknown({ sts }: Evidence): boolean {
  return sts?.kind === 'none' && NO_ANSWER.has(sts.failure.code);
}

/** May an attacker neither redirect the mail to another host nor read it on the way to this one? */
export function isProtected(host: HostPolicy): boolean {
  return host.level.tls === 'authenticated' && host.level.mx !== 'none';
}

/** The status that a decision alone gives. */
export function statusOf(record: DecisionRecord): Status {
  const { policy } = record;
  switch (policy.outcome) {
    case 'fail':
      return 'unsafe';
    case 'defer':
      return isInTheDark(record) ? 'unknown' : 'unsafe';
    case 'deliver': {
      const open = policy.hosts.filter((host) => host.requirement.kind !== 'refused');
      return open.every(isProtected) ? 'protected' : unprotected(record);
    }
  }
}

/** The status once the hosts were connected to: a host that refuses safe delivery may leave none. */
export function statusAfterProbes(record: DecisionRecord, probes: readonly HostProbe[]): Status {
  if (record.policy.outcome !== 'deliver') return statusOf(record);
  const accepted = probes.filter(({ connections }) => connections.some(isReady));
  if (accepted.length > 0) {
    return accepted.every(({ hostPolicy }) => isProtected(hostPolicy))
      ? 'protected'
      : 'unprotected';
  }
  const seen = probes.some(({ connections }) => connections.some(({ kind }) => kind === 'refused'));
  return seen ? 'unsafe' : 'unknown';
}

/** Not protected, as far as can be told. */
function unprotected({ evidence }: DecisionRecord): Status {
  return isStsUnknown(evidence) ? 'unknown' : 'unprotected';
}

function isReady({ kind }: ProbedAddress): boolean {
  return kind === 'ready';
}
