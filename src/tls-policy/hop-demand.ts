/**
 * What a route asks of its next hop, laid over what the policies of the hop ask. It only ever adds.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { policyDomainOf } from './next-hop.ts';
import type { Evidence, HopDemand, Requirement, StsDemand, Verdict } from './types.ts';

/** The requirement with the route's demand on top. */
export function withDemand(
  requirement: Requirement,
  host: string,
  evidence: Pick<Evidence, 'nextHop' | 'mxSecurity' | 'demand'>,
): Requirement {
  const { demand } = evidence;
  if (demand === undefined) return requirement;
  switch (demand.kind) {
    case 'encrypt':
      return requirement.kind === 'opportunistic'
        ? { kind: 'encrypt', because: { kind: 'route', demand }, ...testingOf(requirement) }
        : requirement;
    case 'verify':
      return verified(requirement, { host, demand, evidence });
    default:
      return demand.kind satisfies never;
  }
}

interface VerifyContext {
  readonly host: string;
  readonly demand: HopDemand;
  readonly evidence: Pick<Evidence, 'nextHop' | 'mxSecurity'>;
}

function verified(requirement: Requirement, context: VerifyContext): Requirement {
  const { host, demand } = context;
  switch (requirement.kind) {
    case 'refused':
    case 'sts':
    case 'dane-and-sts':
    case 'pkix':
      return requirement;
    case 'dane':
      return isVouchedFor(context) ? requirement : unvouched(context);
    case 'encrypt':
    case 'opportunistic':
      return isVouchedFor(context)
        ? { kind: 'pkix', host, demand, ...testingOf(requirement) }
        : unvouched(context);
    default:
      return requirement satisfies never;
  }
}

/**
 * A certificate for the MX host proves nothing where anybody may have named that host: DNSSEC must
 * vouch for it, or it must be the next hop itself or a name below it.
 */
function isVouchedFor({ host, evidence }: VerifyContext): boolean {
  const { nextHop, mxSecurity } = evidence;
  const domain = policyDomainOf(nextHop);
  if (nextHop.kind !== 'domain' || domain === undefined) return true;
  return mxSecurity === 'secure' || host === domain || host.endsWith(`.${domain}`);
}

function unvouched({ host, demand, evidence }: VerifyContext): Requirement {
  const domain = policyDomainOf(evidence.nextHop) ?? host;
  const failure: Failure = {
    code: 'ROUTE_HOST_UNVOUCHED',
    detail: `${demandText(demand)}, but nothing signed says that MX host ${host} belongs to ${domain}`,
  };
  return { kind: 'refused', failure, rule: 'RFC 3207 §6' };
}

function testingOf(requirement: { readonly testing?: StsDemand }): {
  readonly testing?: StsDemand;
} {
  return requirement.testing === undefined ? {} : { testing: requirement.testing };
}

/** `the route of *.example.com asks for TLS`, the start of a sentence for a person. */
export function demandText({ kind, route, because }: HopDemand): string {
  if (because === 'password') return `the route of ${route} has a password, hence verified TLS`;
  return `the route of ${route} asks for ${kind === 'verify' ? 'verified TLS' : 'TLS'}`;
}

/**
 * Why a session falls short of the demand although its message lifts the policies; undefined: it
 * does not. What the operator asks of a smart host is not the sender's to lift.
 */
export function shortOf(demand: HopDemand | undefined, verdict: Verdict): Failure | undefined {
  if (demand === undefined || meets(demand, verdict)) return undefined;
  return (
    verdict.failure ?? {
      code: 'POLICY_TLS_MISSING',
      detail: `${demandText(demand)}, and the session shows less: ${verdict.why}`,
    }
  );
}

function meets({ kind }: HopDemand, { tls }: Verdict): boolean {
  switch (kind) {
    case 'encrypt':
      return tls !== 'none';
    case 'verify':
      return tls === 'authenticated';
    default:
      return kind satisfies never;
  }
}
