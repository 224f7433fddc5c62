import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { decisionFromJson, decisionToJson } from './decision-record.ts';
import { evaluate } from './evaluate.ts';
import {
  BOGUS,
  daneState,
  empty,
  failedAnswer,
  hostEvidence,
  mxEvidence,
  noSts,
  NOW,
  records,
  SERVFAIL,
  stsPolicy,
  TLSA,
} from './evidence.fixture.ts';
import type { DecisionRecord, Evidence, HostEvidence, PolicyKnobs } from './types.ts';

const knobs: fc.Arbitrary<PolicyKnobs> = fc.record({
  daneSatisfiesSts: fc.boolean(),
  daneWithInsecureMx: fc.boolean(),
  enforceTesting: fc.boolean(),
  daneRequired: fc.constantFrom([], ['example.test']),
  deferOnDiscoveryError: fc.boolean(),
});

const names = fc.constantFrom(
  'mx1.example.test',
  'a.pool.test',
  'elsewhere.test',
  'example.test',
  '192.0.2.7',
  '',
  'no name',
);

const host: fc.Arbitrary<HostEvidence> = fc
  .record({
    name: names,
    preference: fc.nat(50),
    dane: fc.constantFrom('usable', 'unusable', 'absent', 'failed', undefined),
    a: fc.constantFrom('records', 'nodata', 'nxdomain', 'failure', undefined),
    aaaa: fc.constantFrom('records', 'nodata', 'failure'),
    ttl: fc.nat(100_000),
    octets: fc.uint8Array({ maxLength: 64 }),
  })
  .map(({ name, preference, dane, a, aaaa, ttl, octets }) => {
    const tlsa = { ...TLSA, data: octets };
    const answers = [records(`_25._tcp.${name}`, 'TLSA', [tlsa], { ttl })];
    return hostEvidence(
      name,
      dane === undefined ? undefined : { state: daneState(dane, name), tlsaAnswers: answers },
      {
        preference,
        a: a === undefined ? undefined : answerOf(a, name, 'A', '192.0.2.1'),
        aaaa: answerOf(aaaa, name, 'AAAA', '2001:db8::1'),
      },
    );
  });

function answerOf<T extends 'A' | 'AAAA'>(
  kind: 'records' | 'nodata' | 'nxdomain' | 'failure',
  name: string,
  type: T,
  address: string,
) {
  if (kind === 'records') return records<'A' | 'AAAA'>(name, type, [address]) as never;
  return kind === 'failure' ? failedAnswer(name, type, BOGUS) : empty(kind, name, type, 'insecure');
}

const evidence: fc.Arbitrary<Evidence> = fc
  .record({
    hosts: fc.array(host, { maxLength: 5 }),
    mxSecurity: fc.constantFrom('secure', 'insecure'),
    hostsFrom: fc.constantFrom('mx', 'implicit', 'nothing', 'null-mx', 'smart-host'),
    expandedDomain: fc.option(fc.constant('hosted.test'), { nil: undefined }),
    sts: fc.constantFrom(
      stsPolicy('enforce'),
      stsPolicy('testing'),
      stsPolicy('none'),
      noSts(),
      noSts(SERVFAIL),
      undefined,
    ),
  })
  .map(({ hosts, expandedDomain, sts, ...rest }) =>
    mxEvidence(hosts, {
      ...rest,
      ...(expandedDomain === undefined ? {} : { expandedDomain }),
      ...(sts === undefined ? {} : { sts }),
    }),
  );

const runs = { numRuns: 400 };

describe('evaluate, for any evidence', () => {
  it('fuzz: never throws, keeps every host, and is sorted by preference', () => {
    fc.assert(
      fc.property(evidence, knobs, (e, k) => {
        const { hosts } = evaluate(e, k);
        assert.deepEqual(
          hosts.map(({ host }) => host).toSorted(),
          e.hosts.map((h) => h.host).toSorted(),
        );
        const order = hosts.map(({ preference }) => preference);
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        );
      }),
      runs,
    );
  });

  it('fuzz: STS-2-1, DANE-7672-2.2-4: a host whose DANE failed is always refused', () => {
    fc.assert(
      fc.property(evidence, knobs, (e, k) => {
        const failed = e.hosts.filter(({ dane }) => dane?.state.kind === 'failed');
        const { hosts } = evaluate({ ...e, hosts: failed }, k);
        assert.ok(hosts.every(({ requirement }) => requirement.kind === 'refused'));
      }),
      runs,
    );
  });

  it('fuzz: STS-5-1: an enforced policy never leaves a host without authentication', () => {
    fc.assert(
      fc.property(evidence, knobs, (e, k) => {
        const { hosts } = evaluate({ ...e, sts: stsPolicy('enforce') }, k);
        const kinds = new Set(hosts.map(({ requirement }) => requirement.kind));
        assert.ok(!kinds.has('opportunistic') && !kinds.has('encrypt'));
      }),
      runs,
    );
  });

  it('fuzz: DANE-7672-2.2.3-4: secure TLSA records never leave a host in clear text', () => {
    fc.assert(
      fc.property(evidence, knobs, (e, k) => {
        const signed = e.hosts.filter(({ dane }) => /usable/.test(dane?.state.kind ?? ''));
        const { hosts } = evaluate({ ...e, hosts: signed }, k);
        assert.ok(hosts.every(({ requirement }) => requirement.kind !== 'opportunistic'));
      }),
      runs,
    );
  });

  it('fuzz: delivers exactly when some host is not refused and nothing else stands in the way', () => {
    fc.assert(
      fc.property(evidence, knobs, (e, k) => {
        const { outcome, hosts, failure } = evaluate(e, k);
        const open = hosts.some(({ requirement }) => requirement.kind !== 'refused');
        if (outcome === 'deliver') assert.ok(open);
        assert.equal(failure === undefined, outcome === 'deliver');
      }),
      runs,
    );
  });

  it('fuzz: a decision survives JSON and evaluates again to the same policy', () => {
    fc.assert(
      fc.property(evidence, knobs, (e, k) => {
        const record: DecisionRecord = {
          version: 1,
          evidence: e,
          knobs: k,
          policy: evaluate(e, k),
        };
        const read = decisionFromJson(decisionToJson(record));
        assert.ok(read.ok);
        assert.deepEqual(evaluate(read.value.evidence, read.value.knobs), record.policy);
        assert.equal(decisionToJson(read.value), decisionToJson(record));
      }),
      { numRuns: 150 },
    );
  });
});

describe('decision records', () => {
  const record = (): DecisionRecord => {
    const e = mxEvidence([hostEvidence('mx1.example.test', 'usable')], {
      sts: stsPolicy('testing'),
    });
    const k = {
      daneSatisfiesSts: false,
      daneWithInsecureMx: true,
      enforceTesting: false,
      daneRequired: [],
      deferOnDiscoveryError: false,
    };
    return { version: 1, evidence: e, knobs: k, policy: evaluate(e, k) };
  };

  it('the whole record comes back, octets as hex in between', () => {
    const text = decisionToJson(record());
    assert.match(text, /"data":"0{64}"/);
    assert.deepEqual(decisionFromJson(text), { ok: true, value: record() });
  });

  it('keys are sorted, so equal records give equal text', () => {
    const { policy, knobs: k, evidence: e } = record();
    assert.equal(
      decisionToJson({ policy, knobs: k, evidence: { ...e, gatheredAt: NOW }, version: 1 }),
      decisionToJson(record()),
    );
  });

  it('anything else is a coded failure', () => {
    const text = decisionToJson(record());
    const broken = [
      '',
      '[]',
      'null',
      '{}',
      '{"version":1}',
      text.replace('"version":1', '"version":2'),
      text.replace('"hosts":[', '"guests":['),
      text.replace(/"data":"0{64}"/, '"data":"zz"'),
      text.slice(0, -1),
      text.replace('"hosts":[', '"hosts":[null,'),
      text.replace('"hosts":[', '"hosts":[{},'),
      '['.repeat(100_000),
      `{"version":1,"evidence":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    ];
    for (const bad of broken) {
      const outcome = decisionFromJson(bad);
      assert.equal(outcome.ok, false, bad.slice(0, 60));
      assert.equal(outcome.failure.code, 'POLICY_DECISION_INVALID');
    }
  });
});
