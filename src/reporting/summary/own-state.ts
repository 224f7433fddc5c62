/**
 * Gathers what we know of a domain of ours: its policy, MX hosts, TLSA records and certificates,
 * looked up now and remembered from before.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import { lookUpDane } from '../../dane/lookup.ts';
import { tlsaText } from '../../dane/tlsa-text.ts';
import type { DaneState } from '../../dane/types.ts';
import type { Answer, Resolver } from '../../dns/types.ts';
import type { Failure } from '../../failure.ts';
import type { HttpsFetcher } from '../../http/https-fetcher.ts';
import { discover } from '../../mta-sts/discover.ts';
import { fetchStsPolicy } from '../../mta-sts/fetch-policy.ts';
import { readStsPolicy } from '../../mta-sts/policy.ts';
import type { StsPolicy } from '../../mta-sts/types.ts';
import type { Store } from '../../store/types.ts';
import { noteSighting, readSightings } from './own-history.ts';
import type { OwnHost, OwnPolicy, OwnState, OwnTls } from './own-state-types.ts';
import type { TlsProbe } from './own-tls.ts';

/** What to gather with. */
export interface OwnStateOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** A policy domain or an MX host of ours, normalised. */
  readonly domain: string;
  readonly resolver: Resolver;
  readonly fetcher: HttpsFetcher;
  /** Absent: certificates are not looked at. */
  readonly probe?: TlsProbe;
  /** Of MX hosts; part of the name of TLSA records. */
  readonly port: number;
  readonly signal?: AbortSignal;
}

const MOST_HOSTS = 10;

/** What was seen before, without any look-up. */
export async function rememberedState(store: Store, domain: string, at: number): Promise<OwnState> {
  const mx = await readSightings<readonly string[]>(store, { subject: domain, kind: 'mx' });
  const hosts = new Set(mx.flatMap(({ value }) => value).slice(0, 2 * MOST_HOSTS));
  return {
    domain,
    at,
    policies: await readSightings<OwnPolicy | undefined>(store, {
      subject: domain,
      kind: 'policy',
    }),
    mx,
    hosts: await Promise.all(Array.from(hosts, async (host) => await rememberedHost(store, host))),
  };
}

async function rememberedHost(store: Store, host: string): Promise<OwnHost> {
  return {
    host,
    tls: await readSightings<OwnTls>(store, { subject: host, kind: 'tls' }),
    tlsa: await readSightings<readonly string[]>(store, { subject: host, kind: 'tlsa' }),
  };
}

/** Looks everything up, notes what changed, and gives what is known now. */
export async function gatherOwnState(options: OwnStateOptions): Promise<OwnState> {
  const { store, clock, domain } = options;
  await noteCachedPolicy(options);
  const { hosts, failure: mxFailure } = await lookAtMx(options);
  // Mail and reports come for it: where DNS does not know it, that is the resolver of ours.
  const policyFailure = isUnknown(mxFailure) ? mxFailure : await lookAtPolicy(options);
  const faults = new Map<string, HostFaults>();
  for (const host of hosts) faults.set(host, await lookAtHost(options, host));
  const known = await rememberedState(store, domain, clock.now());
  return {
    ...known,
    hosts: known.hosts.map((host) => ({ ...host, ...faults.get(host.host) })),
    ...(policyFailure === undefined ? {} : { policyFailure }),
    ...(mxFailure === undefined ? {} : { mxFailure }),
  };
}

/** Mail to our own domain may have brought a policy into the cache before anybody looked here. */
async function noteCachedPolicy({ store, domain }: OwnStateOptions): Promise<void> {
  const seen = await readSightings(store, { subject: domain, kind: 'policy' });
  if (seen.length > 0) return;
  const row = await store.db
    .selectFrom('sts_policy')
    .select(['policy_text', 'fetched_at'])
    .where('policy_domain', '=', domain)
    .where('policy_text', '<>', '')
    .executeTakeFirst();
  const policy = row === undefined ? undefined : readStsPolicy(row.policy_text).value;
  if (row === undefined || policy === undefined) return;
  const value = ownPolicy(policy);
  await noteSighting(store, { subject: domain, kind: 'policy', value, at: row.fetched_at });
}

async function lookAtPolicy(options: OwnStateOptions): Promise<Failure | undefined> {
  const { store, clock, domain, resolver, fetcher, signal } = options;
  const more = signal === undefined ? {} : { signal };
  const found = await discover({ resolver, policyDomain: domain, fresh: true, ...more });
  const note = async (value: OwnPolicy | undefined): Promise<void> =>
    await noteSighting(store, { subject: domain, kind: 'policy', value, at: clock.now() });
  if (found.kind === 'failed') return found.failure;
  if (found.kind === 'absent') {
    if (found.failure.code !== 'STS_RECORD_NONE') return found.failure;
    await note(undefined);
    return undefined;
  }
  const fetched = await fetchStsPolicy({ fetcher, policyDomain: domain, ...more });
  if (!fetched.ok) return fetched.failure;
  await note(ownPolicy(fetched.value.policy));
  return undefined;
}

function ownPolicy({ mode, mx, maxAge, text }: StsPolicy): OwnPolicy {
  return { mode, mx, maxAge, text };
}

interface MxSeen {
  readonly hosts: readonly string[];
  readonly failure?: Failure;
}

async function lookAtMx(options: OwnStateOptions): Promise<MxSeen> {
  const { store, clock, domain, resolver, signal } = options;
  const more = signal === undefined ? {} : { signal };
  const answer = await resolver.lookup(domain, 'MX', { fresh: true, ...more });
  if (answer.kind === 'failure') return { hosts: [], failure: answer.failure };
  if (answer.kind === 'nxdomain') {
    const detail = `${domain} does not exist, says our resolver`;
    return { hosts: [], failure: { code: UNKNOWN_DOMAIN, detail } };
  }
  const hosts = mxHosts(domain, answer);
  await noteSighting(store, { subject: domain, kind: 'mx', value: hosts, at: clock.now() });
  return { hosts: hosts.slice(0, MOST_HOSTS) };
}

const UNKNOWN_DOMAIN = 'DNS_DOMAIN_UNKNOWN';

function isUnknown(failure: Failure | undefined): boolean {
  return failure?.code === UNKNOWN_DOMAIN;
}

/** Without MX records the domain is its own host (RFC 5321 §5.1): so is an MX host asked about itself. */
function mxHosts(domain: string, answer: Exclude<Answer<'MX'>, { kind: 'failure' }>): string[] {
  if (answer.kind === 'records') {
    const names = answer.records.map(({ exchange }) => exchange);
    return Array.from(new Set(names.filter((name) => name !== ''))).toSorted();
  }
  return answer.kind === 'nodata' ? [domain] : [];
}

type HostFaults = Pick<OwnHost, 'tlsFailure' | 'tlsaFailure'>;

async function lookAtHost(options: OwnStateOptions, host: string): Promise<HostFaults> {
  const { store, clock, resolver, port, probe, signal } = options;
  const more = signal === undefined ? {} : { signal };
  const a = await resolver.lookup(host, 'A', more);
  const aaaa = await resolver.lookup(host, 'AAAA', more);
  const dane = await lookUpDane({ resolver, host, port, a, aaaa, fresh: true, ...more });
  const records = recordsOf(dane.state);
  if (records !== undefined) {
    await noteSighting(store, { subject: host, kind: 'tlsa', value: records, at: clock.now() });
  }
  const tlsaFault = dane.state.kind === 'failed' ? { tlsaFailure: dane.state.failure } : {};
  if (probe === undefined) return tlsaFault;
  const addresses = [a, aaaa].flatMap((answer) =>
    answer.kind === 'records' ? answer.records : [],
  );
  const tls = await probe({ host, addresses, ...more });
  if (!tls.ok) return { ...tlsaFault, tlsFailure: tls.failure };
  await noteSighting(store, { subject: host, kind: 'tls', value: tls.value, at: clock.now() });
  return tlsaFault;
}

function recordsOf(state: DaneState): readonly string[] | undefined {
  switch (state.kind) {
    case 'usable':
    case 'unusable':
      return state.records.map(tlsaText).toSorted();
    case 'absent':
      return [];
    case 'failed':
      return undefined;
  }
}
