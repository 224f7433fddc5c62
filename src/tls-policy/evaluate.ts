/**
 * The decision: from evidence to a TLS policy. Pure: the same evidence and knobs always give the
 * same policy, so a stored decision can be replayed.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import { expiresAt } from './expiry.ts';
import { hostPolicy, literalPolicy } from './host-policy.ts';
import { nextHopText } from './next-hop.ts';
import { applyOverride } from './overrides.ts';
import type { Evidence, HostPolicy, MxLevel, PolicyKnobs, TlsLevel, TlsPolicy } from './types.ts';

/** From weakest to strongest. */
const MX_LEVELS: readonly MxLevel[] = ['none', 'mta-sts', 'dnssec'];
const TLS_LEVELS: readonly TlsLevel[] = ['none', 'encrypted', 'authenticated'];

type Verdict = Pick<TlsPolicy, 'outcome' | 'failure'>;

/**
 * Decides how mail for the next hop may travel. Every host of the evidence is in the answer,
 * refused ones too, so that the walk over the MX list stays what RFC 5321 §5.1 makes it
 * (RFC 8461 §8.4). Security never changes the order (RFC 7672 §2.2.1).
 */
export function evaluate(gathered: Evidence, switches: PolicyKnobs): TlsPolicy {
  const { evidence, knobs } = applyOverride(gathered, switches);
  const hosts = hostPolicies(evidence, knobs);
  const { outcome, failure } = verdictOf(evidence, hosts, knobs);
  const active = evidence.sts?.kind === 'policy' ? evidence.sts.active : undefined;
  return {
    nextHop: evidence.nextHop,
    outcome,
    ...(failure === undefined ? {} : { failure }),
    hosts,
    ...(active === undefined
      ? {}
      : { sts: { mode: active.policy.mode, id: active.id, expiresAt: active.expiresAt } }),
    level: weakest(hosts),
    expiresAt: expiresAt(evidence),
  };
}

function hostPolicies(evidence: Evidence, knobs: PolicyKnobs): readonly HostPolicy[] {
  const { nextHop, hosts } = evidence;
  if (nextHop.kind === 'address') return [literalPolicy(nextHop.address, nextHop.port, evidence)];
  return hosts
    .map((host) => hostPolicy(host, evidence, knobs))
    .toSorted((a, b) => a.preference - b.preference);
}

function verdictOf(evidence: Evidence, hosts: readonly HostPolicy[], knobs: PolicyKnobs): Verdict {
  const domain = nextHopText(evidence.nextHop);
  switch (evidence.hostsFrom) {
    case 'null-mx':
      return failed({ code: 'POLICY_NULL_MX', detail: `${domain} takes no mail (null MX)` });
    case 'nothing':
      return withoutHosts(evidence, domain);
    case 'implicit':
      return implicitNowhere(hosts, domain) ?? amongHosts(evidence, hosts, knobs);
    case 'mx':
    case 'smart-host':
    case 'address-literal':
      return amongHosts(evidence, hosts, knobs);
    default:
      return evidence.hostsFrom satisfies never;
  }
}

/** The domain does not exist, or DNS would not say (RFC 5321 §5.1, RFC 7672 §2.1.2). */
function withoutHosts({ mx }: Evidence, domain: string): Verdict {
  if (mx?.kind === 'nxdomain') {
    return failed({ code: 'POLICY_DOMAIN_NOT_FOUND', detail: `${domain} does not exist` });
  }
  const cause = mx?.kind === 'failure' ? mx.failure : undefined;
  return deferred({
    code: 'POLICY_MX_LOOKUP_FAILED',
    detail: `MX of ${domain} could not be looked up: ${cause?.detail ?? 'no answer'}`,
    ...reportOf(cause),
  });
}

/** No MX and no address is a definite answer: nothing will ever take mail there. */
function implicitNowhere(hosts: readonly HostPolicy[], domain: string): Verdict | undefined {
  const [only] = hosts;
  const gone =
    only?.requirement.kind === 'refused' && only.requirement.failure.code === 'POLICY_NO_ADDRESS';
  if (!gone) return undefined;
  return failed({ code: 'POLICY_NO_ADDRESS', detail: `${domain} has neither MX nor A nor AAAA` });
}

function amongHosts(
  { nextHop, sts }: Evidence,
  hosts: readonly HostPolicy[],
  knobs: PolicyKnobs,
): Verdict {
  const domain = nextHopText(nextHop);
  const unknown = sts?.kind === 'none' ? stsUnknown(sts, domain, knobs) : undefined;
  if (unknown !== undefined) return deferred(unknown);
  const [first] = hosts;
  if (first === undefined) {
    return deferred({
      code: 'POLICY_NO_MX_HOST',
      detail: `no MX record of ${domain} names a host`,
    });
  }
  if (hosts.some((host) => host.requirement.kind !== 'refused')) return { outcome: 'deliver' };
  const causes = hosts.flatMap(({ requirement }) =>
    requirement.kind === 'refused' ? [requirement.failure] : [],
  );
  const shown = causes.slice(0, 3).map(({ detail }) => detail);
  const more = causes.length > shown.length ? `; and ${causes.length - shown.length} more` : '';
  return deferred({
    code: 'POLICY_NO_HOST_USABLE',
    detail: `no host of ${domain} may be used: ${shown.join('; ')}${more}`,
    ...reportOf(causes[0]),
  });
}

/** Store trouble and a pinned policy that cannot be read always wait; a DNS failure at first contact waits where the operator says so. */
function stsUnknown(
  { failure, recordId }: Extract<StsStatus, { kind: 'none' }>,
  domain: string,
  { deferOnDiscoveryError }: PolicyKnobs,
): Failure | undefined {
  if (failure.code.startsWith('STORE_')) {
    return {
      code: 'POLICY_STORE_DOWN',
      detail: `the MTA-STS policy of ${domain} is not known: ${failure.detail}`,
    };
  }
  if (failure.code === 'OVERRIDE_PIN_INVALID') return failure;
  const discoveryFailed = recordId === undefined && isDiscoveryFailure(failure);
  if (!deferOnDiscoveryError || !discoveryFailed) return undefined;
  return {
    code: 'POLICY_DISCOVERY_FAILED',
    detail: `the MTA-STS record of ${domain} could not be looked up: ${failure.detail}`,
  };
}

/**
 * No answer about the record, or none yet: who drops packets must not do better than who breaks
 * them. A name that DNS cannot hold has no record: that is an answer.
 */
function isDiscoveryFailure({ code }: Failure): boolean {
  if (code === 'STS_FIRST_CONTACT_PENDING') return true;
  return code.startsWith('DNS_') && code !== 'DNS_NAME_INVALID';
}

function weakest(hosts: readonly HostPolicy[]): TlsPolicy['level'] {
  const open = hosts.filter((host) => host.requirement.kind !== 'refused');
  const mx = open.map((host) => MX_LEVELS.indexOf(host.level.mx));
  const tls = open.map((host) => TLS_LEVELS.indexOf(host.level.tls));
  return {
    mx: open.length === 0 ? 'none' : MX_LEVELS[Math.min(...mx)]!,
    tls: open.length === 0 ? 'none' : TLS_LEVELS[Math.min(...tls)]!,
  };
}

function failed(failure: Failure): Verdict {
  return { outcome: 'fail', failure };
}

function deferred(failure: Failure): Verdict {
  return { outcome: 'defer', failure };
}

function reportOf(failure: Failure | undefined): Pick<Failure, 'resultType' | 'reasonCode'> {
  return {
    ...(failure?.resultType === undefined ? {} : { resultType: failure.resultType }),
    ...(failure?.reasonCode === undefined ? {} : { reasonCode: failure.reasonCode }),
  };
}
