import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evaluate } from '../../tls-policy/evaluate.ts';
import {
  BOGUS,
  daneState,
  failedAnswer,
  hostEvidence,
  KNOBS,
  mxEvidence,
  noSts,
  NOW,
} from '../../tls-policy/evidence.fixture.ts';
import type { DecisionRecord, Evidence } from '../../tls-policy/types.ts';
import { countPolicyFailures } from './count-policy-failures.ts';
import { decisionFailures, untoldFailures } from './decision-results.ts';
import { decisionFor, failureOf, HOST, policyOf } from './sessions.fixture.ts';

const LATE = failureOf('HTTP_TIMEOUT', 'sts-policy-fetch-error', 'timeout');

function summary(decision: DecisionRecord): readonly string[] {
  return decisionFailures(decision, NOW).map(({ policy, failures }) =>
    [
      policy.type,
      policy.domain,
      ...failures.map(
        ({ resultType, receivingMxHostname: host }) =>
          resultType + (host === undefined ? '' : `@${host}`),
      ),
    ].join(' '),
  );
}

function decided(evidence: Evidence): DecisionRecord {
  return { version: 1, evidence, knobs: KNOBS, policy: evaluate(evidence, KNOBS) };
}

describe('policies at fault themselves', () => {
  it('a domain without a fault has none, with policies and without', () => {
    for (const world of [{}, { sts: policyOf('enforce') }, { dane: 'usable' as const }]) {
      assert.deepEqual(summary(decisionFor(world)), []);
    }
  });

  it('RPT-4.4-13: an STS policy that cannot be had, or not be renewed', () => {
    assert.deepEqual(summary(decisionFor({ sts: noSts(LATE) })), [
      'sts example.test sts-policy-fetch-error',
    ]);
    assert.deepEqual(summary(decisionFor({ sts: policyOf('enforce', LATE) })), [
      'sts example.test sts-policy-fetch-error',
    ]);
  });

  it('hosts that the policy does not name, in enforce and in testing', () => {
    for (const mode of ['enforce', 'testing'] as const) {
      assert.deepEqual(summary(decisionFor({ sts: policyOf(mode), host: 'evil.test' })), [
        'sts example.test validation-failure@evil.test',
      ]);
    }
  });

  it('TLSA records that are unusable, bogus, or missing where they are a must', () => {
    assert.deepEqual(summary(decisionFor({ dane: 'unusable' })), [
      `tlsa ${HOST} tlsa-invalid@${HOST}`,
    ]);
    assert.deepEqual(summary(decisionFor({ dane: daneState('failed', HOST, BOGUS) })), [
      `tlsa ${HOST} dnssec-invalid@${HOST}`,
    ]);
    assert.deepEqual(summary(decisionFor({ knobs: { daneRequired: ['example.test'] } })), [
      `tlsa ${HOST} dane-required@${HOST}`,
    ]);
  });

  it('bogus MX records leave no host to name', () => {
    const evidence = mxEvidence([], {
      mx: failedAnswer('example.test', 'MX', BOGUS),
      hostsFrom: 'nothing',
      mxSecurity: 'insecure',
    });
    assert.deepEqual(summary(decided(evidence)), ['no-policy-found example.test dnssec-invalid']);
  });

  it('only hosts that are tried first count', () => {
    const evidence = mxEvidence([
      hostEvidence('mx1.example.test', 'usable'),
      hostEvidence('mx2.example.test', 'unusable', { preference: 20 }),
    ]);
    assert.deepEqual(summary(decided(evidence)), []);
  });

  it('an override that skips the domain, or pins a policy, leaves nothing to say', () => {
    const terms = {
      policyDomain: 'example.test',
      reason: 'r',
      until: NOW + 1,
      addedAt: 0,
      addedBy: 'me',
    };
    const skip = { override: { ...terms, kind: 'skip' } } as const;
    assert.deepEqual(summary(decisionFor({ dane: 'unusable', evidence: skip })), []);
    const policyText = 'version: STSv1\nmode: enforce\nmx: mx9.example.test\nmax_age: 604800\n';
    const pin = { override: { ...terms, kind: 'pin', policyText } } as const;
    assert.deepEqual(summary(decisionFor({ sts: policyOf('enforce', LATE), evidence: pin })), []);
  });
});

describe('faults that no answer tells', () => {
  const untold = (decision: DecisionRecord): readonly string[] =>
    untoldFailures(decision, NOW).map(({ policy, failures }) =>
      [policy.type, ...failures.map(({ resultType }) => resultType)].join(' '),
    );

  it('RPT-4.4-13: an STS policy that cannot be had, or not be renewed', () => {
    const fetch = ['sts sts-policy-fetch-error'];
    assert.deepEqual(untold(decisionFor({ sts: noSts(LATE) })), fetch);
    assert.deepEqual(untold(decisionFor({ sts: policyOf('enforce', LATE) })), fetch);
    const both = { sts: policyOf('enforce', LATE), host: 'evil.test' };
    assert.deepEqual(untold(decisionFor(both)), fetch);
  });

  it('hosts and TLSA records are seen by whoever connects', () => {
    assert.deepEqual(untold(decisionFor({ sts: policyOf('enforce'), host: 'evil.test' })), []);
    assert.deepEqual(untold(decisionFor({ dane: 'unusable' })), []);
    assert.deepEqual(untold(decisionFor({})), []);
  });
});

describe('counting them', () => {
  it('each answer counts with its own time; a decision without a fault has nothing to call', () => {
    const times: number[] = [];
    const count = countPolicyFailures({ count: ({ at }) => void times.push(at) });
    assert.equal(count(decisionFor({})), undefined);
    const atFault = count(decisionFor({ sts: noSts(LATE) }));
    atFault?.all(5);
    atFault?.all(7);
    atFault?.untold?.(9);
    assert.deepEqual(times, [5, 7, 9]);
    assert.equal(count(decisionFor({ dane: 'unusable' }))?.untold, undefined);
  });
});
