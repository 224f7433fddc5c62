import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DaneState } from '../dane/types.ts';
import type { StsMode } from '../mta-sts/types.ts';
import { decisionFromJson, decisionToJson } from './decision-record.ts';
import { evaluate } from './evaluate.ts';
import {
  empty,
  hostEvidence,
  KNOBS,
  mxEvidence,
  noSts,
  NOW,
  stsPolicy,
} from './evidence.fixture.ts';
import { override, PINNED, UNTIL } from './overrides.fixture.ts';
import { isInForce, overrideText, untilText, type Override } from './overrides.ts';
import type { Evidence, PolicyKnobs, Requirement, TlsPolicy } from './types.ts';

const MX1 = 'mx1.example.test';
const STRANGER = 'elsewhere.test';

type Dane = DaneState['kind'] | undefined;
type Sts = StsMode | 'no policy';
type Kinds = Readonly<Record<Override['kind'], Requirement['kind']>>;
type Row = readonly [dane: Dane, sts: Sts, host: string, expected: Kinds];

const kinds = (
  skip: Requirement['kind'],
  requireTls: Requirement['kind'],
  enforceTesting: Requirement['kind'],
  pin: Requirement['kind'],
): Kinds => ({ skip, 'require-tls': requireTls, 'enforce-testing': enforceTesting, pin });

const NOTHING = 'opportunistic';
const BOTH = 'dane-and-sts';

/** Each state of DANE and MTA-STS under each override; the pinned policy names the first host alone. */
const TABLE: readonly Row[] = [
  ['usable', 'no policy', MX1, kinds(NOTHING, 'dane', 'dane', BOTH)],
  ['usable', 'none', MX1, kinds(NOTHING, 'dane', 'dane', BOTH)],
  ['usable', 'testing', MX1, kinds(NOTHING, 'dane', BOTH, BOTH)],
  ['usable', 'enforce', MX1, kinds(NOTHING, BOTH, BOTH, BOTH)],
  ['usable', 'no policy', STRANGER, kinds(NOTHING, 'dane', 'dane', 'refused')],
  ['usable', 'testing', STRANGER, kinds(NOTHING, 'dane', 'refused', 'refused')],
  ['usable', 'enforce', STRANGER, kinds(NOTHING, 'refused', 'refused', 'refused')],
  ['unusable', 'no policy', MX1, kinds(NOTHING, 'encrypt', 'encrypt', 'sts')],
  ['unusable', 'none', MX1, kinds(NOTHING, 'encrypt', 'encrypt', 'sts')],
  ['unusable', 'testing', MX1, kinds(NOTHING, 'encrypt', 'sts', 'sts')],
  ['unusable', 'enforce', MX1, kinds(NOTHING, 'sts', 'sts', 'sts')],
  ['unusable', 'testing', STRANGER, kinds(NOTHING, 'encrypt', 'refused', 'refused')],
  ['unusable', 'enforce', STRANGER, kinds(NOTHING, 'refused', 'refused', 'refused')],
  ['failed', 'no policy', MX1, kinds(NOTHING, 'refused', 'refused', 'refused')],
  ['failed', 'testing', MX1, kinds(NOTHING, 'refused', 'refused', 'refused')],
  ['failed', 'enforce', MX1, kinds(NOTHING, 'refused', 'refused', 'refused')],
  ['absent', 'no policy', MX1, kinds(NOTHING, 'encrypt', NOTHING, 'sts')],
  ['absent', 'none', MX1, kinds(NOTHING, 'encrypt', NOTHING, 'sts')],
  ['absent', 'testing', MX1, kinds(NOTHING, 'encrypt', 'sts', 'sts')],
  ['absent', 'enforce', MX1, kinds(NOTHING, 'sts', 'sts', 'sts')],
  ['absent', 'no policy', STRANGER, kinds(NOTHING, 'encrypt', NOTHING, 'refused')],
  ['absent', 'testing', STRANGER, kinds(NOTHING, 'encrypt', 'refused', 'refused')],
  ['absent', 'enforce', STRANGER, kinds(NOTHING, 'refused', 'refused', 'refused')],
  [undefined, 'no policy', MX1, kinds(NOTHING, 'encrypt', NOTHING, 'sts')],
  [undefined, 'testing', MX1, kinds(NOTHING, 'encrypt', 'sts', 'sts')],
  [undefined, 'enforce', STRANGER, kinds(NOTHING, 'refused', 'refused', 'refused')],
];

function decide(evidence: Evidence, knobs: Partial<PolicyKnobs> = {}): TlsPolicy {
  return evaluate(evidence, { ...KNOBS, ...knobs });
}

function requirementOf(policy: TlsPolicy): Requirement {
  assert.equal(policy.hosts.length, 1);
  return policy.hosts[0]!.requirement;
}

describe('overrides: what they make of DANE and MTA-STS', () => {
  for (const [dane, sts, host, expected] of TABLE) {
    for (const [kind, requirement] of Object.entries(expected)) {
      const place = host === MX1 ? 'MX in the policy' : 'MX not in the policy';
      it(`${kind}: TLSA ${dane ?? 'not asked'}, STS ${sts}, ${place} → ${requirement}`, () => {
        const policy = decide(
          mxEvidence([hostEvidence(host, dane)], {
            sts: sts === 'no policy' ? noSts() : stsPolicy(sts),
            override: override(kind as Override['kind']),
          }),
        );
        assert.equal(requirementOf(policy).kind, requirement);
        assert.match(policy.hosts[0]!.why, /; override: a partner moves until 2026-02-01$/);
      });
    }
  }

  it('require-tls says in the requirement that an operator wants it, and keeps what is being tested', () => {
    const asked = override('require-tls');
    const policy = decide(
      mxEvidence([hostEvidence(MX1, 'absent')], { sts: stsPolicy('testing'), override: asked }),
    );
    const requirement = requirementOf(policy);
    assert.ok(requirement.kind === 'encrypt');
    assert.deepEqual(requirement.because, { kind: 'override', override: asked });
    assert.equal(requirement.testing?.mode, 'testing');
    assert.equal(policy.hosts[0]!.servername, MX1);
    assert.equal(policy.level.tls, 'encrypted');
  });

  it('require-tls leaves unusable TLSA records their own reason', () => {
    const evidence = mxEvidence([hostEvidence(MX1, 'unusable')], {
      override: override('require-tls'),
    });
    const requirement = requirementOf(decide(evidence));
    assert.ok(requirement.kind === 'encrypt' && requirement.because.kind === 'tlsa-unusable');
  });

  it('a pinned policy is told as such, and holds to the end of the override whatever its max_age', () => {
    const evidence = mxEvidence([hostEvidence(MX1, 'absent')], { override: override('pin') });
    assert.deepEqual(decide(evidence).sts, { mode: 'enforce', id: '', expiresAt: UNTIL });
  });

  it('a pinned policy that this release cannot read makes mail wait', () => {
    const broken = { ...override('pin'), policyText: 'version: STSv9' } as Override;
    const policy = decide(mxEvidence([hostEvidence(MX1, 'absent')], { override: broken }));
    assert.equal(policy.outcome, 'defer');
    assert.equal(policy.failure?.code, 'OVERRIDE_PIN_INVALID');
  });

  it('skip lets go of mandatory DANE and of a store that is down', () => {
    const down = { code: 'STORE_UNAVAILABLE', detail: 'down' } as const;
    const evidence = mxEvidence([hostEvidence(MX1, 'failed')], {
      sts: noSts(down),
      override: override('skip'),
    });
    const policy = decide(evidence, { daneRequired: ['example.test'] });
    assert.equal(policy.outcome, 'deliver');
    assert.equal(requirementOf(policy).kind, 'opportunistic');
    assert.equal(policy.sts, undefined);
  });

  it('G13, G14: no override hides a null MX, a domain that does not exist, or MX records that cannot be had', () => {
    for (const kind of ['skip', 'require-tls', 'enforce-testing', 'pin'] as const) {
      const more = { override: override(kind) };
      const gone = mxEvidence([], {
        ...more,
        hostsFrom: 'nothing',
        mx: empty('nxdomain', 'example.test', 'MX'),
      });
      assert.equal(decide(gone).failure?.code, 'POLICY_DOMAIN_NOT_FOUND');
      const closed = mxEvidence([], { ...more, hostsFrom: 'null-mx' });
      assert.equal(decide(closed).failure?.code, 'POLICY_NULL_MX');
      assert.equal(decide(closed).outcome, 'fail');
    }
  });

  it('a host without an address is refused under an override too, and shows it', () => {
    const host = hostEvidence(MX1, undefined, {
      a: empty('nodata', MX1, 'A'),
      aaaa: empty('nodata', MX1, 'AAAA'),
    });
    const policy = decide(mxEvidence([host], { override: override('skip') }));
    assert.equal(requirementOf(policy).kind, 'refused');
    assert.match(policy.hosts[0]!.why, /override: a partner moves/);
  });

  it('a decision holds no longer than the override it was made under', () => {
    const soon = { ...override('skip'), until: NOW + 1000 };
    const policy = decide(mxEvidence([hostEvidence(MX1)], { override: soon }));
    assert.equal(policy.expiresAt, NOW + 1000);
  });

  it('a decision record with an override is written, read and replayed', () => {
    for (const kind of ['skip', 'require-tls', 'enforce-testing', 'pin'] as const) {
      const evidence = mxEvidence([hostEvidence(MX1, 'absent')], { override: override(kind) });
      const record = { version: 1, evidence, knobs: KNOBS, policy: decide(evidence) } as const;
      const read = decisionFromJson(decisionToJson(record));
      assert.ok(read.ok);
      assert.deepEqual(read.value.evidence.override, override(kind));
      assert.deepEqual(evaluate(read.value.evidence, read.value.knobs), record.policy);
    }
  });
});

describe('an override and its end', () => {
  it('has effect up to its end, and not in that moment', () => {
    assert.equal(isInForce(override('skip'), UNTIL - 1), true);
    assert.equal(isInForce(override('skip'), UNTIL), false);
  });

  it('is told with a day, or with the time of day where that matters', () => {
    assert.equal(overrideText(override('pin')), 'override: a partner moves until 2026-02-01');
    assert.equal(untilText(UNTIL + 90 * 60_000), '2026-02-01 01:30 UTC');
    assert.ok(PINNED.includes('mode: enforce'));
  });
});
