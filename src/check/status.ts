/**
 * The one word for a domain: is mail to it protected?
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { HostPolicy, TlsPolicy } from '../tls-policy/types.ts';
import type { Failure } from '../failure.ts';
import type { HostProbe } from './probe.ts';

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
]);

/** Does the failure mean "nobody answered", rather than "the answer was bad"? */
export function isNoAnswer(failure: Failure | undefined): boolean {
  return failure !== undefined && NO_ANSWER.has(failure.code);
}

/** May an attacker neither redirect the mail to another host nor read it on the way to this one? */
export function isProtected(host: HostPolicy): boolean {
  return host.level.tls === 'authenticated' && host.level.mx !== 'none';
}

/** The status that a decision alone gives. */
export function statusOf(policy: TlsPolicy): Status {
  switch (policy.outcome) {
    case 'fail':
      return 'unsafe';
    case 'defer':
      return isNoAnswer(policy.failure) ? 'unknown' : 'unsafe';
    case 'deliver': {
      const open = policy.hosts.filter((host) => host.requirement.kind !== 'refused');
      return open.every(isProtected) ? 'protected' : 'unprotected';
    }
  }
}

/** The status once the hosts were connected to: a host that refuses safe delivery may leave none. */
export function statusAfterProbes(policy: TlsPolicy, probes: readonly HostProbe[]): Status {
  const before = statusOf(policy);
  if (policy.outcome !== 'deliver') return before;
  const accepted = probes.filter((probe) =>
    probe.connections.some((each) => each.kind === 'ready'),
  );
  if (accepted.length > 0) {
    return accepted.every((probe) => isProtected(probe.hostPolicy)) ? 'protected' : 'unprotected';
  }
  const seen = probes.some((probe) => probe.connections.some((each) => each.kind === 'refused'));
  return seen ? 'unsafe' : 'unknown';
}
