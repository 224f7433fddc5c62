import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DaneState } from '../dane/types.ts';
import type { StsMode } from '../mta-sts/types.ts';
import { MAX_ADDRESSES } from './addresses.ts';
import { evaluate } from './evaluate.ts';
import {
  BOGUS,
  empty,
  failedAnswer,
  hostEvidence,
  KNOBS,
  mxEvidence,
  noSts,
  records,
  stsPolicy,
} from './evidence.fixture.ts';
import type { Evidence, HostPolicy, PolicyKnobs, Requirement } from './types.ts';

const MX1 = 'mx1.example.test';
const OTHER = 'elsewhere.test';

function only(evidence: Evidence, knobs: Partial<PolicyKnobs> = {}): HostPolicy {
  const { hosts } = evaluate(evidence, { ...KNOBS, ...knobs });
  assert.equal(hosts.length, 1);
  return hosts[0]!;
}

type Kind = Requirement['kind'];
type Row = readonly [
  id: string,
  dane: DaneState['kind'] | undefined,
  sts: StsMode | 'no policy',
  matches: boolean,
  expected: Kind,
  withDaneSatisfiesSts?: Kind,
];

/** Table C.5 whole, each row with the MX host in the policy and out of it. */
const TABLE: readonly Row[] = [
  ['DANE-7672-2.2-1', 'usable', 'no policy', true, 'dane'],
  ['DANE-7672-2.2-1', 'usable', 'none', true, 'dane'],
  ['DANE-7672-2.2-1', 'usable', 'testing', true, 'dane'],
  ['STS-5-2', 'usable', 'testing', false, 'dane'],
  ['STS-4-1', 'usable', 'enforce', true, 'dane-and-sts', 'dane'],
  ['STS-5-1', 'usable', 'enforce', false, 'refused', 'dane'],
  ['DANE-7672-2.2-2', 'unusable', 'no policy', true, 'encrypt'],
  ['DANE-7672-2.2-2', 'unusable', 'none', true, 'encrypt'],
  ['DANE-7672-2.2-2', 'unusable', 'testing', true, 'encrypt'],
  ['DANE-7672-2.2.3-4', 'unusable', 'testing', false, 'encrypt'],
  ['STS-4-1', 'unusable', 'enforce', true, 'sts', 'sts'],
  ['STS-5-1', 'unusable', 'enforce', false, 'refused', 'refused'],
  ['DANE-7672-2.2-4', 'failed', 'no policy', true, 'refused'],
  ['DANE-7672-2.2-4', 'failed', 'none', true, 'refused'],
  ['DANE-7672-2.2-4', 'failed', 'testing', true, 'refused'],
  ['STS-2-1', 'failed', 'enforce', true, 'refused', 'refused'],
  ['STS-2-1', 'failed', 'enforce', false, 'refused', 'refused'],
  ['DANE-7672-2.2-3', 'absent', 'no policy', true, 'opportunistic'],
  ['STS-5-3', 'absent', 'none', true, 'opportunistic'],
  ['STS-5-3', 'absent', 'none', false, 'opportunistic'],
  ['STS-5-2', 'absent', 'testing', true, 'opportunistic'],
  ['STS-5-2', 'absent', 'testing', false, 'opportunistic'],
  ['STS-4-1', 'absent', 'enforce', true, 'sts', 'sts'],
  ['STS-5-1', 'absent', 'enforce', false, 'refused', 'refused'],
  ['STS-3.3-13', undefined, 'no policy', true, 'opportunistic'],
  ['STS-5-2', undefined, 'testing', false, 'opportunistic'],
  ['STS-4-1', undefined, 'enforce', true, 'sts', 'sts'],
  ['STS-5-1', undefined, 'enforce', false, 'refused', 'refused'],
];

describe('evaluate: DANE meets MTA-STS', () => {
  for (const [id, dane, sts, matches, expected, satisfied = expected] of TABLE) {
    const place = matches ? 'MX in the policy' : 'MX not in the policy';
    it(`${id}: TLSA ${dane ?? 'not asked'}, STS ${sts}, ${place} → ${expected}`, () => {
      const evidence = mxEvidence([hostEvidence(matches ? MX1 : OTHER, dane)], {
        sts: sts === 'no policy' ? noSts() : stsPolicy(sts),
      });
      assert.equal(only(evidence).requirement.kind, expected);
      const knobs = { daneSatisfiesSts: true };
      assert.equal(only(evidence, knobs).requirement.kind, satisfied);
    });
  }

  it('G-11: DANE behind forged MX records does not satisfy a policy that names other hosts', () => {
    const forged = mxEvidence([hostEvidence(OTHER, 'usable')], {
      mxSecurity: 'insecure',
      sts: stsPolicy('enforce'),
    });
    assert.equal(only(forged, { daneSatisfiesSts: true }).requirement.kind, 'refused');
    const named = mxEvidence([hostEvidence(MX1, 'usable')], {
      mxSecurity: 'insecure',
      sts: stsPolicy('enforce'),
    });
    assert.equal(only(named, { daneSatisfiesSts: true }).requirement.kind, 'dane');
  });

  it('STS-5-2: a testing demand goes along with its pattern match, whatever DANE says', () => {
    for (const dane of ['usable', 'unusable', 'absent'] as const) {
      for (const host of [MX1, OTHER]) {
        const { requirement } = only(
          mxEvidence([hostEvidence(host, dane)], { sts: stsPolicy('testing') }),
        );
        assert.ok('testing' in requirement);
        assert.deepEqual(requirement.testing, {
          policyDomain: 'example.test',
          mode: 'testing',
          id: 'id1',
          host,
          mxMatches: host === MX1,
        });
      }
    }
  });

  it('enforceTesting makes testing bind', () => {
    const evidence = (host: string) =>
      mxEvidence([hostEvidence(host, 'absent')], { sts: stsPolicy('testing') });
    assert.equal(only(evidence(MX1), { enforceTesting: true }).requirement.kind, 'sts');
    assert.equal(only(evidence(OTHER), { enforceTesting: true }).requirement.kind, 'refused');
  });

  it('an MX host outside an enforced policy is reported as validation-failure, sts-mx-mismatch', () => {
    const { requirement, why } = only(
      mxEvidence([hostEvidence(OTHER, 'absent')], { sts: stsPolicy('enforce') }),
    );
    assert.ok(requirement.kind === 'refused');
    assert.equal(requirement.failure.code, 'POLICY_MX_NOT_IN_POLICY');
    assert.equal(requirement.failure.resultType, 'validation-failure');
    assert.equal(requirement.failure.reasonCode, 'sts-mx-mismatch');
    assert.equal(requirement.rule, 'RFC 8461 §4.1');
    assert.match(why, /elsewhere\.test.*example\.test/);
  });

  it('STS-4.1-1, STS-4.1-2, STS-4.1-3: the MX record name is matched, wildcards cover one label', () => {
    const kind = (host: string): Kind =>
      only(mxEvidence([hostEvidence(host)], { sts: stsPolicy('enforce') })).requirement.kind;
    assert.equal(kind('a.pool.test'), 'sts');
    assert.equal(kind('pool.test'), 'refused');
    assert.equal(kind('a.b.pool.test'), 'refused');
    const cname = hostEvidence(MX1, 'absent', {
      a: records(MX1, 'A', ['192.0.2.1'], { finalName: 'other.example' }),
    });
    const policy = only(mxEvidence([cname], { sts: stsPolicy('enforce') }));
    assert.equal(policy.requirement.kind, 'sts');
  });

  it('STS-3.3-14: a cached policy binds although its refresh failed', () => {
    const status = stsPolicy('enforce');
    assert.ok(status.kind === 'policy');
    const refreshFailure = { code: 'STS_RECORD_NONE', detail: 'gone' } as const;
    const sts = { ...status, active: { ...status.active, refreshFailure } };
    assert.equal(only(mxEvidence([hostEvidence(MX1)], { sts })).requirement.kind, 'sts');
  });
});

describe('evaluate: hosts', () => {
  it('DANE-7672-2.1.2-2: one host whose TLSA fails is refused, the others stay', () => {
    const { hosts, outcome } = evaluate(
      mxEvidence([hostEvidence(MX1, 'failed'), hostEvidence('mx2.example.test', 'absent')]),
      KNOBS,
    );
    assert.equal(outcome, 'deliver');
    assert.deepEqual(
      hosts.map(({ requirement }) => requirement.kind),
      ['refused', 'opportunistic'],
    );
  });

  it('STS-8.4-1, DANE-7672-2.2.1-1: refused hosts stay in the list, and security does not reorder it', () => {
    const { hosts } = evaluate(
      mxEvidence(
        [
          hostEvidence('c.pool.test', 'usable', { preference: 30 }),
          hostEvidence(OTHER, 'absent', { preference: 10 }),
          hostEvidence('b.pool.test', 'absent', { preference: 20 }),
        ],
        { sts: stsPolicy('enforce') },
      ),
      KNOBS,
    );
    assert.deepEqual(
      hosts.map(({ host, requirement }) => [host, requirement.kind]),
      [
        [OTHER, 'refused'],
        ['b.pool.test', 'sts'],
        ['c.pool.test', 'dane-and-sts'],
      ],
    );
  });

  it('one address family that fails is no obstacle', () => {
    const host = hostEvidence(MX1, 'usable', { aaaa: failedAnswer(MX1, 'AAAA') });
    const policy = only(mxEvidence([host]));
    assert.equal(policy.requirement.kind, 'dane');
    assert.deepEqual(policy.addresses, ['192.0.2.1']);
  });

  it('both families failed: refused with the DNS failure, and bogus keeps its result type', () => {
    const host = hostEvidence(MX1, undefined, {
      a: failedAnswer(MX1, 'A', BOGUS),
      aaaa: failedAnswer(MX1, 'AAAA'),
    });
    const { requirement } = only(mxEvidence([host]));
    assert.ok(requirement.kind === 'refused');
    assert.equal(requirement.failure.code, 'POLICY_ADDRESS_LOOKUP_FAILED');
    assert.equal(requirement.failure.resultType, 'dnssec-invalid');
  });

  it('no addresses: refused', () => {
    const host = hostEvidence(MX1, undefined, {
      a: empty('nodata', MX1, 'A'),
      aaaa: empty('nxdomain', MX1, 'AAAA'),
    });
    const { requirement } = only(mxEvidence([host]));
    assert.ok(requirement.kind === 'refused');
    assert.equal(requirement.failure.code, 'POLICY_NO_ADDRESS');
  });

  it('DANE-7672-2.2-6: an MX that is an address is refused, not fatal', () => {
    const bad = hostEvidence('192.0.2.9', undefined, { a: undefined, aaaa: undefined });
    const { outcome, hosts } = evaluate(mxEvidence([bad, hostEvidence(MX1)]), KNOBS);
    assert.equal(outcome, 'deliver');
    assert.ok(hosts[0]?.requirement.kind === 'refused');
    assert.equal(hosts[0].requirement.failure.code, 'POLICY_MX_IS_ADDRESS');
  });

  it('SMTP-5.1-4: addresses of both families in turn, IPv6 first', () => {
    const host = hostEvidence(MX1, undefined, {
      a: records(MX1, 'A', ['192.0.2.1', '192.0.2.2', '192.0.2.3']),
      aaaa: records(MX1, 'AAAA', ['2001:db8::1']),
    });
    const { addresses } = only(mxEvidence([host]));
    assert.deepEqual(addresses, ['2001:db8::1', '192.0.2.1', '192.0.2.2', '192.0.2.3']);
  });

  it('of more addresses than anybody needs the first of both families are kept', () => {
    const many = (prefix: string): string[] =>
      Array.from({ length: 100 }, (_, index) => `${prefix}${index + 1}`);
    const host = hostEvidence(MX1, undefined, {
      a: records(MX1, 'A', many('192.0.2.')),
      aaaa: records(MX1, 'AAAA', many('2001:db8::')),
    });
    const { addresses } = only(mxEvidence([host]));
    assert.equal(addresses.length, MAX_ADDRESSES);
    assert.deepEqual(addresses.slice(0, 3), ['2001:db8::1', '192.0.2.1', '2001:db8::2']);
    assert.equal(addresses.at(-1), '192.0.2.10');
  });

  it('DANE-7672-2.2-5, TLS-3207-6-1: where DANE is mandatory, only usable records over a secure path will do', () => {
    const knobs = { daneRequired: ['example.test'] };
    const kindAndType = (evidence: Evidence): unknown => {
      const { requirement } = only(evidence, knobs);
      return requirement.kind === 'refused' ? requirement.failure.resultType : requirement.kind;
    };
    assert.equal(kindAndType(mxEvidence([hostEvidence(MX1, 'usable')])), 'dane');
    for (const dane of ['unusable', 'absent', undefined] as const) {
      assert.equal(kindAndType(mxEvidence([hostEvidence(MX1, dane)])), 'dane-required');
    }
    const insecure = mxEvidence([hostEvidence(MX1, 'usable')], { mxSecurity: 'insecure' });
    assert.equal(kindAndType(insecure), 'dane-required');
    assert.equal(only(insecure, { daneRequired: ['other.test'] }).requirement.kind, 'dane');
  });

  it('DANE-7671-10.3-1, DANE-7672-2.2.1-3: mandatory DANE that cannot be done defers, with the reason', () => {
    const { outcome, failure } = evaluate(mxEvidence([hostEvidence(MX1, 'unusable')]), {
      ...KNOBS,
      daneRequired: ['example.test'],
    });
    assert.equal(outcome, 'defer');
    assert.equal(failure?.resultType, 'dane-required');
    assert.match(failure?.detail ?? '', /DANE is mandatory for example\.test/);
  });
});
