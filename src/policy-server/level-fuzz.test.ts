import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { mxMatches } from '../mta-sts/match.ts';
import {
  empty,
  failedAnswer,
  hostEvidence,
  mxEvidence,
  noSts,
  SERVFAIL,
  stsPolicy,
} from '../tls-policy/evidence.fixture.ts';
import { override } from '../tls-policy/overrides.fixture.ts';
import type {
  DecisionRecord,
  Evidence,
  HostEvidence,
  HostPolicy,
  PolicyKnobs,
} from '../tls-policy/types.ts';
import { decisionOf } from './level.fixture.ts';
import { levelOf } from './level.ts';
import type { DomainLevel } from './types.ts';

/** What a host shows when it is connected to. */
interface Peer {
  readonly tls: boolean;
  readonly tlsaMatches: boolean;
  /** A valid certificate for the host's own name. */
  readonly pkix: boolean;
}

/** May a message go to the host by its own policy? */
function allowedByHost({ requirement }: HostPolicy, peer: Peer): boolean {
  switch (requirement.kind) {
    case 'dane':
      return peer.tls && peer.tlsaMatches;
    case 'dane-and-sts':
      return peer.tls && peer.tlsaMatches && peer.pkix;
    case 'sts':
    case 'pkix':
      return peer.tls && peer.pkix;
    case 'encrypt':
      return peer.tls;
    case 'opportunistic':
      return true;
    case 'refused':
      return false;
    default:
      return requirement satisfies never;
  }
}

/**
 * Would an MTA send there that keeps to the level, finds in DNS what we found, and asks of a host's
 * name and certificate what the level says?
 */
function allowedByLevel(level: DomainLevel, host: HostEvidence, mx: string, peer: Peer): boolean {
  const state = host.dane?.state.kind;
  switch (level.kind) {
    case 'none':
      return true;
    case 'encrypt':
      return peer.tls;
    case 'dane':
      if (state === 'failed') return false;
      if (state === 'usable') return peer.tls && peer.tlsaMatches;
      return state === 'unusable' ? peer.tls : true;
    case 'dane-only':
      return mx === 'secure' && state === 'usable' && peer.tls && peer.tlsaMatches;
    case 'secure':
      return level.match.some((one) => mxMatches(one, host.host)) && peer.tls && peer.pkix;
    case 'temp':
      return false;
    default:
      return level satisfies never;
  }
}

/** What one level for a domain cannot say (docs/how-it-decides.md, docs/postfix.md). */
function isBeyondWords(level: DomainLevel, { requirement }: HostPolicy, mx: string): boolean {
  const { kind } = requirement;
  switch (level.kind) {
    case 'secure':
      // The certificate is checked, the TLSA records are not.
      return kind === 'dane-and-sts' || kind === 'dane';
    case 'dane-only':
      // The TLSA records are checked, the policy is not.
      return (
        kind === 'dane-and-sts' ||
        (kind === 'refused' && requirement.failure.code === 'POLICY_MX_NOT_IN_POLICY')
      );
    case 'encrypt':
      // `require-tls`: without a signed MX, DANE is only opportunistic.
      return kind === 'dane' && mx === 'insecure';
    case 'none':
    case 'dane':
    case 'temp':
      return false;
    default:
      return level satisfies never;
  }
}

const knobs: fc.Arbitrary<Partial<PolicyKnobs>> = fc.record({
  daneSatisfiesSts: fc.boolean(),
  enforceTesting: fc.boolean(),
  daneRequired: fc.constantFrom([], [], ['example.test']),
  deferOnDiscoveryError: fc.boolean(),
});

const host: fc.Arbitrary<HostEvidence> = fc
  .record({
    name: fc.constantFrom('mx1.example.test', 'a.pool.test', 'b.pool.test', 'elsewhere.test'),
    preference: fc.nat(20),
    dane: fc.constantFrom('usable', 'usable', 'unusable', 'absent', 'absent', 'failed', undefined),
    address: fc.constantFrom('found', 'found', 'found', 'none', 'failed'),
  })
  .map(({ name, preference, dane, address }) => {
    if (address === 'found') return hostEvidence(name, dane, { preference });
    const a = address === 'none' ? empty('nxdomain', name, 'A') : failedAnswer(name, 'A');
    const aaaa = address === 'none' ? empty('nodata', name, 'AAAA') : failedAnswer(name, 'AAAA');
    return hostEvidence(name, undefined, { preference, a, aaaa });
  });

const evidence: fc.Arbitrary<Evidence> = fc
  .record({
    hosts: fc.uniqueArray(host, { minLength: 1, maxLength: 4, selector: (one) => one.host }),
    mxSecurity: fc.constantFrom('secure', 'insecure'),
    hostsFrom: fc.constantFrom('mx', 'mx', 'implicit', 'smart-host'),
    sts: fc.constantFrom(
      stsPolicy('enforce'),
      stsPolicy('enforce'),
      stsPolicy('testing'),
      stsPolicy('none'),
      noSts(),
      noSts(SERVFAIL),
    ),
    override: fc.constantFrom(undefined, undefined, 'require-tls', 'enforce-testing', 'pin'),
  })
  .map(({ hosts, override: kind, ...rest }) => {
    const under = kind === undefined ? {} : { override: override(kind) };
    // Without MX records the domain itself is the one host.
    const found = rest.hostsFrom === 'mx' ? hosts : hosts.slice(0, 1);
    return mxEvidence(found, { ...rest, ...under });
  });

const peer: fc.Arbitrary<Peer> = fc.record({
  tls: fc.boolean(),
  tlsaMatches: fc.boolean(),
  pkix: fc.boolean(),
});

const runs = { numRuns: 3000 };

function eachHost(
  { evidence: { hosts }, policy }: DecisionRecord,
  check: (host: HostEvidence, policy: HostPolicy) => void,
): void {
  for (const host of hosts) {
    // Nobody can connect to a host without an address.
    if (host.a?.kind !== 'records' && host.aaaa?.kind !== 'records') continue;
    check(
      host,
      policy.hosts.find((one) => one.host === host.host)!,
    );
  }
}

describe('levelOf, for any evidence', () => {
  it('fuzz: STS-2-1: opens no way to a host that its own policy refuses, as far as one level can say', () => {
    fc.assert(
      fc.property(evidence, knobs, peer, (e, k, p) => {
        const record = decisionOf(e, k);
        const level = levelOf(record, { mixedDane: 'secure' });
        eachHost(record, (host, policy) => {
          if (!allowedByLevel(level, host, e.mxSecurity, p)) return;
          if (isBeyondWords(level, policy, e.mxSecurity)) return;
          assert.ok(allowedByHost(policy, p), `${level.kind} lets ${host.host} in`);
        });
      }),
      runs,
    );
  });

  it('fuzz: leaves a way to some host that may be used and shows everything', () => {
    const best: Peer = { tls: true, tlsaMatches: true, pkix: true };
    fc.assert(
      fc.property(evidence, knobs, fc.constantFrom('secure', 'dane'), (e, k, mixedDane) => {
        const record = decisionOf(e, k);
        const level = levelOf(record, { mixedDane });
        if (record.policy.outcome !== 'deliver') return;
        const isDoubt = e.override?.kind === 'require-tls' && level.kind === 'temp';
        if (isDoubt) return;
        let open = 0;
        eachHost(record, (host, policy) => {
          const both = allowedByHost(policy, best);
          if (both && allowedByLevel(level, host, e.mxSecurity, best)) open += 1;
        });
        assert.ok(open > 0, `${level.kind} stops all mail`);
      }),
      runs,
    );
  });

  it('fuzz: G27, G24: dane-only never without a signed MX', () => {
    fc.assert(
      fc.property(evidence, knobs, (e, k) => {
        const level = levelOf(decisionOf(e, k), { mixedDane: 'dane' });
        if (level.kind === 'dane-only') assert.equal(e.mxSecurity, 'secure');
      }),
      runs,
    );
  });

  it('fuzz: a host that was ruled out is in no match', () => {
    fc.assert(
      fc.property(evidence, knobs, (e, k) => {
        const record = decisionOf(e, k);
        const level = levelOf(record, { mixedDane: 'secure' });
        if (level.kind !== 'secure') return;
        assert.ok(level.match.length > 0);
        eachHost(record, (host, { requirement }) => {
          if (requirement.kind !== 'refused') return;
          assert.ok(!level.match.some((one) => mxMatches(one, host.host)), host.host);
        });
      }),
      runs,
    );
  });
});
