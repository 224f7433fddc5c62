/**
 * Evidence in a few words, for tests of the decision.
 *
 * @module
 */
import type { DaneEvidence, DaneState } from '../dane/types.ts';
import type { Answer, RecordOf, RrType, Security, Tlsa } from '../dns/types.ts';
import type { Failure } from '../failure.ts';
import type { StsMode, StsStatus } from '../mta-sts/types.ts';
import type { Evidence, HostEvidence, PolicyKnobs } from './types.ts';

/** When all evidence was gathered. */
export const NOW = Date.UTC(2026, 0, 1);

/** Every switch in its default position. */
export const KNOBS: PolicyKnobs = {
  daneSatisfiesSts: false,
  daneWithInsecureMx: true,
  enforceTesting: false,
  daneRequired: [],
  deferOnDiscoveryError: false,
};

/** A TLSA record `3 1 1` with a digest of zeros. */
export const TLSA: Tlsa = { usage: 3, selector: 1, matchingType: 1, data: new Uint8Array(32) };

/** What a failed look-up carries. */
export const SERVFAIL: Failure = { code: 'DNS_SERVFAIL', detail: 'SERVFAIL' };
/** The same for DNSSEC. */
export const BOGUS: Failure = {
  code: 'DNS_BOGUS',
  detail: 'DNSSEC bogus',
  resultType: 'dnssec-invalid',
};

/** An answer with records. */
export function records<T extends RrType>(
  name: string,
  type: T,
  list: readonly RecordOf[T][],
  more: { readonly security?: Security; readonly ttl?: number; readonly finalName?: string } = {},
): Answer<T> {
  return { kind: 'records', ...base(name, type, more), records: list };
}

/** An answer without records. */
export function empty<T extends RrType>(
  kind: 'nodata' | 'nxdomain',
  name: string,
  type: T,
  security: Security = 'secure',
): Answer<T> {
  return { kind, ...base(name, type, { security }) };
}

/** No answer. */
export function failedAnswer<T extends RrType>(
  name: string,
  type: T,
  failure: Failure = SERVFAIL,
): Answer<T> {
  return { kind: 'failure', name, type, failure, chain: [], receivedAt: NOW };
}

function base<T extends RrType>(
  name: string,
  type: T,
  more: { readonly security?: Security; readonly ttl?: number; readonly finalName?: string },
) {
  const { security = 'secure', ttl = 3600, finalName = name } = more;
  const upstream = '127.0.0.1#53';
  return { name, type, finalName, chain: [], security, ttl, receivedAt: NOW, upstream } as const;
}

/** DANE states by name; the base domain is the host. */
export function daneState(
  kind: DaneState['kind'],
  host: string,
  failure: Failure = SERVFAIL,
): DaneState {
  switch (kind) {
    case 'absent':
      return { kind, failure: { code: 'DNS_SERVFAIL', detail: 'securely denied' } };
    case 'failed':
      return { kind, failure };
    case 'unusable': {
      const invalid = { code: 'DANE_NO_MATCH', detail: 'all unusable' } as const;
      return {
        kind,
        baseDomain: host,
        records: [{ ...TLSA, usage: 1 }],
        failure: { ...invalid, resultType: 'tlsa-invalid' },
      };
    }
    case 'usable':
      return { kind, baseDomain: host, records: [TLSA], usable: [TLSA], ttl: 3600 };
    default:
      return kind satisfies never;
  }
}

/** A host with one address of each family. */
export function hostEvidence(
  host: string,
  dane?: DaneState['kind'] | DaneEvidence,
  more: Partial<HostEvidence> = {},
): HostEvidence {
  const evidence =
    typeof dane === 'string' ? { state: daneState(dane, host), tlsaAnswers: [] } : dane;
  return {
    host,
    preference: 10,
    a: records(host, 'A', ['192.0.2.1']),
    aaaa: records(host, 'AAAA', ['2001:db8::1']),
    ...(evidence === undefined ? {} : { dane: evidence }),
    ...more,
  };
}

/** An STS policy in force for `example.test`, for `mx1.example.test` and one label under `pool.test`. */
export function stsPolicy(
  mode: StsMode,
  mx: readonly string[] = ['mx1.example.test', '*.pool.test'],
): StsStatus {
  return {
    kind: 'policy',
    active: {
      policyDomain: 'example.test',
      policy: {
        mode,
        mx,
        maxAge: 604_800,
        extensions: [],
        text: `version: STSv1\nmode: ${mode}\n`,
      },
      id: 'id1',
      source: 'cache',
      fetchedAt: NOW - 1000,
      expiresAt: NOW + 604_799_000,
    },
  };
}

/** No STS policy, and why. */
export function noSts(
  failure: Failure = { code: 'STS_RECORD_NONE', detail: 'no record' },
): StsStatus {
  return { kind: 'none', failure };
}

/** Evidence for `example.test` on port 25 with these hosts. */
export function mxEvidence(
  hosts: readonly HostEvidence[],
  more: Partial<Evidence> & { readonly mxSecurity?: Security } = {},
): Evidence {
  const security = more.mxSecurity ?? 'secure';
  const mx = hosts.map(({ host, preference }) => ({ exchange: host, preference }));
  return {
    nextHop: { kind: 'domain', domain: 'example.test', port: 25 },
    gatheredAt: NOW,
    mx: records('example.test', 'MX', mx, { security }),
    hostsFrom: 'mx',
    mxSecurity: security,
    hosts,
    ...more,
  };
}
