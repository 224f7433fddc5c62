/**
 * Collects everything that bears on a next hop: MX, addresses, TLSA records, the STS policy.
 * It judges nothing; `evaluate.ts` does.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import { lookUpDane } from '../dane/lookup.ts';
import type { Answer, LookupOptions, Resolver, RrType, Security } from '../dns/types.ts';
import type { ErrorCode } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { StsPolicies, StsStatus } from '../mta-sts/types.ts';
import { hostNameFault, hostsOf, type Candidate } from './mx-hosts.ts';
import type { NextHop } from './next-hop.ts';
import { pinnedStatus, type Override } from './overrides.ts';
import type { Evidence, HostEvidence, PolicyKnobs } from './types.ts';

/** What gathering stands on. */
export interface GatherDeps {
  readonly resolver: Resolver;
  readonly policies: Pick<StsPolicies, 'lookup' | 'peek'>;
  readonly clock: Clock;
}

/** How to gather. */
export interface GatherOptions {
  readonly knobs: Pick<PolicyKnobs, 'daneWithInsecureMx'>;
  /** Ask DNS anew. */
  readonly fresh?: boolean;
  /** Longest wait for a first contact with a policy host, milliseconds. */
  readonly budgetMs?: number;
  /** What an operator has decided for the policy domain. */
  readonly override?: Override | undefined;
  /** MX hosts looked up at once. Default 4: hosts of one domain must not take every place in DNS. */
  readonly concurrency?: number;
  /** Longest time for everything, milliseconds; what is missing then counts as failed. Default 60,000. */
  readonly totalMs?: number;
}

/** One gathering under way: what every step needs. */
interface Run {
  readonly deps: GatherDeps;
  readonly options: GatherOptions;
  readonly port: number;
  readonly lookup: LookupOptions & { readonly signal: AbortSignal };
}

const DEFAULT_CONCURRENCY = 4;
/** After so many hosts without any answer the rest is not asked: each would wait for a time-out. */
const MAX_SILENT_HOSTS = 8;
const DEFAULT_TOTAL_MS = 60_000;

/**
 * Gathers the evidence for a next hop. Never rejects for a network reason: what failed stands in
 * the evidence. Addresses are asked before TLSA (RFC 7672 §2.2.2); the STS policy is looked up
 * beside the hosts, and not at all for null MX and address literals (RFC 7505 §3, RFC 8461 §3.4).
 */
export async function gather(
  nextHop: NextHop,
  deps: GatherDeps,
  options: GatherOptions,
): Promise<Evidence> {
  const bound = new AbortController();
  const timer = deps.clock.after(options.totalMs ?? DEFAULT_TOTAL_MS, () => bound.abort());
  const lookup = { signal: bound.signal, ...(options.fresh === true ? { fresh: true } : {}) };
  const run: Run = { deps, options, port: nextHop.port, lookup };
  try {
    switch (nextHop.kind) {
      case 'domain':
        return await gatherDomain(nextHop, run);
      case 'host':
        return await gatherSmartHost(nextHop, run);
      case 'address':
        return addressEvidence(nextHop, deps.clock.now());
      default:
        return nextHop satisfies never;
    }
  } finally {
    timer.cancel();
  }
}

async function gatherDomain(
  nextHop: Extract<NextHop, { kind: 'domain' }>,
  run: Run,
): Promise<Evidence> {
  const mx = await ask(run, nextHop.domain, 'MX');
  const { hostsFrom, hosts } = hostsOf(nextHop.domain, mx);
  const security = securityOf(mx);
  const found = {
    nextHop,
    mx,
    hostsFrom,
    mxSecurity: security,
    ...(security === 'secure' && mx.kind !== 'failure' && mx.finalName !== nextHop.domain
      ? { expandedDomain: mx.finalName }
      : {}),
    ...overrideOf(run),
  } as const;
  if (hosts.length === 0) {
    const known = knownSts(nextHop.domain, run);
    return { ...found, gatheredAt: run.deps.clock.now(), hosts: [], ...known };
  }
  const askDane = security === 'secure' || run.options.knobs.daneWithInsecureMx;
  const [evidence, sts] = await Promise.all([
    hostsEvidence(hosts, askDane, run),
    stsStatus(nextHop.domain, hosts, run),
  ]);
  return { ...found, gatheredAt: run.deps.clock.now(), hosts: evidence, ...sts };
}

/** The operator named the host: that name needs no DNSSEC to be believed (RFC 7672 §2.2.2). */
async function gatherSmartHost(
  nextHop: Extract<NextHop, { kind: 'host' }>,
  run: Run,
): Promise<Evidence> {
  const hosts = [{ host: nextHop.host, preference: 0 }];
  const [evidence, sts] = await Promise.all([
    hostsEvidence(hosts, true, run),
    stsStatus(nextHop.host, hosts, run),
  ]);
  return {
    nextHop,
    gatheredAt: run.deps.clock.now(),
    hostsFrom: 'smart-host',
    mxSecurity: 'secure',
    ...overrideOf(run),
    hosts: evidence,
    ...sts,
  };
}

function overrideOf({ options: { override } }: Run): Pick<Evidence, 'override'> {
  return override === undefined ? {} : { override };
}

function addressEvidence(
  nextHop: Extract<NextHop, { kind: 'address' }>,
  gatheredAt: number,
): Evidence {
  const host = { host: nextHop.address, preference: 0, a: undefined, aaaa: undefined };
  return {
    nextHop,
    gatheredAt,
    hostsFrom: 'address-literal',
    mxSecurity: 'insecure',
    hosts: [host],
  };
}

/** What an operator's override puts in the place of the domain's own policy; undefined: nothing. */
function overriddenSts({ override }: GatherOptions): { readonly sts?: StsStatus } | undefined {
  if (override?.kind === 'skip') return {};
  return override?.kind === 'pin' ? { sts: pinnedStatus(override) } : undefined;
}

/**
 * A policy that is at hand, without asking anybody (RFC 7505 §3: a domain that takes no mail is
 * not asked): unsigned DNS that says so may be forged, and whoever passes our answer on must know.
 */
function knownSts(policyDomain: string, { deps, options }: Run): { readonly sts?: StsStatus } {
  const overridden = overriddenSts(options);
  if (overridden !== undefined) return overridden;
  const known = deps.policies.peek(policyDomain);
  return known?.kind === 'policy' ? { sts: known } : {};
}

/** Bounded by its own budget: a first contact that takes longer goes on behind the answer. */
async function stsStatus(
  policyDomain: string,
  hosts: readonly Candidate[],
  { deps, options }: Run,
): Promise<{ readonly sts?: StsStatus }> {
  const overridden = overriddenSts(options);
  if (overridden !== undefined) return overridden;
  const { budgetMs } = options;
  const sts = await deps.policies.lookup(policyDomain, {
    mxHosts: hosts.map(({ host }) => host),
    ...(budgetMs === undefined ? {} : { budgetMs }),
  });
  return { sts };
}

/** Looks the hosts up, several at a time, and keeps their order. */
async function hostsEvidence(
  hosts: readonly Candidate[],
  askDane: boolean,
  run: Run,
): Promise<readonly HostEvidence[]> {
  const results: HostEvidence[] = [];
  const queue = hosts.entries();
  let silent = 0;
  const worker = async (): Promise<void> => {
    for (const [index, host] of queue) {
      const asked = silent < MAX_SILENT_HOSTS;
      const evidence = asked ? await hostEvidence(host, askDane, run) : unasked(host, run);
      if (asked && isSilent(evidence)) silent += 1;
      results[index] = evidence;
    }
  };
  const workers = Math.min(run.options.concurrency ?? DEFAULT_CONCURRENCY, hosts.length);
  await Promise.all(Array.from({ length: workers }, worker));
  return results;
}

function isSilent({ a, aaaa }: HostEvidence): boolean {
  return [a, aaaa].every(
    (answer) => answer?.kind === 'failure' && TIMEOUTS.has(answer.failure.code),
  );
}

const TIMEOUTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DNS_TIMEOUT',
  'POLICY_GATHER_TIMEOUT',
]);

function unasked({ host, preference }: Candidate, { deps }: Run): HostEvidence {
  const failure: Failure = {
    code: 'POLICY_GATHER_TIMEOUT',
    detail: `${host} was not asked for: ${MAX_SILENT_HOSTS} hosts of the domain gave no answer`,
  };
  const receivedAt = deps.clock.now();
  const base = { kind: 'failure', name: host, failure, chain: [], receivedAt } as const;
  return { host, preference, a: { ...base, type: 'A' }, aaaa: { ...base, type: 'AAAA' } };
}

async function hostEvidence(
  { host, preference }: Candidate,
  askDane: boolean,
  run: Run,
): Promise<HostEvidence> {
  if (hostNameFault(host) !== undefined) {
    return { host, preference, a: undefined, aaaa: undefined };
  }
  const [a, aaaa] = await Promise.all([ask(run, host, 'A'), ask(run, host, 'AAAA')]);
  const reachable = a.kind === 'records' || aaaa.kind === 'records';
  const skipped = run.options.override?.kind === 'skip';
  if (!askDane || !reachable || skipped) return { host, preference, a, aaaa };
  const dane = await lookUpDane({
    // Through `ask`: freshness and the bound on the whole hold for these questions too.
    resolver: { lookup: async (name, type) => await ask(run, name, type) },
    host,
    port: run.port,
    a,
    aaaa,
  });
  return { host, preference, a, aaaa, dane };
}

/** Asks, and turns the end of the time for everything into a failed answer. */
async function ask<T extends RrType>(
  { deps, lookup }: Run,
  name: string,
  type: T,
): Promise<Answer<T>> {
  const late = (): Answer<T> => ({
    kind: 'failure',
    name,
    type,
    failure: {
      code: 'POLICY_GATHER_TIMEOUT',
      detail: `no time was left to ask for ${name} ${type}`,
    },
    chain: [],
    receivedAt: deps.clock.now(),
  });
  if (lookup.signal.aborted) return late();
  return await new Promise<Answer<T>>((resolve, reject) => {
    const onAbort = (): void => resolve(late());
    lookup.signal.addEventListener('abort', onAbort, { once: true });
    deps.resolver
      .lookup(name, type, lookup.fresh === true ? { fresh: true } : {})
      .then(resolve, reject)
      .finally(() => lookup.signal.removeEventListener('abort', onAbort));
  });
}

function securityOf(answer: Answer<'MX'>): Security {
  return answer.kind === 'failure' ? 'insecure' : answer.security;
}
