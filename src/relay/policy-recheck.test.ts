import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StsStatus } from '../mta-sts/types.ts';
import type { AttemptEvent } from '../tls-policy/attempt-event.ts';
import { evaluate } from '../tls-policy/evaluate.ts';
import {
  hostEvidence,
  KNOBS,
  mxEvidence,
  noSts,
  stsPolicy,
} from '../tls-policy/evidence.fixture.ts';
import { fakePolicies } from '../tls-policy/policies.fixture.ts';
import { dane, hostWith, leafOf, sts } from '../tls-policy/requirements.fixture.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import type { DecisionRecord, Requirement } from '../tls-policy/types.ts';
import { failedForSts, recheckPolicy } from './policy-recheck.ts';

function decidedWith(status: StsStatus | undefined): DecisionRecord {
  const more = status === undefined ? {} : { sts: status };
  const evidence = mxEvidence([hostEvidence('mx1.example.test')], more);
  return { version: 1, evidence, knobs: KNOBS, policy: evaluate(evidence, KNOBS) };
}

async function changedTo(before: StsStatus | undefined, after: StsStatus): Promise<boolean> {
  const policies = fakePolicies();
  policies.atSource.set('example.test', after);
  return (await recheckPolicy({ policies: policies as never }, decidedWith(before))).changed;
}

describe('recheckPolicy', () => {
  it('STS-5.1-5, STS-5-4: a new id, a new text, or no policy any more', async () => {
    const enforce = stsPolicy('enforce');
    assert.equal(await changedTo(enforce, enforce), false);
    assert.equal(await changedTo(enforce, stsPolicy('testing')), true);
    assert.equal(await changedTo(enforce, stsPolicy('none')), true);
    assert.equal(await changedTo(enforce, noSts()), true);
    assert.equal(await changedTo(noSts(), enforce), true);
    assert.ok(enforce.kind === 'policy');
    const renamed = { ...enforce, active: { ...enforce.active, id: 'id2' } };
    assert.equal(await changedTo(enforce, renamed), true);
  });

  it('a policy that was only fetched again is the same one', async () => {
    const enforce = stsPolicy('enforce');
    assert.ok(enforce.kind === 'policy');
    const again = { ...enforce, active: { ...enforce.active, fetchedAt: 1, expiresAt: 2 } };
    assert.equal(await changedTo(enforce, again), false);
  });

  it('STS-5.1-5: says why the look is no ground to end a message on', async () => {
    const policies = fakePolicies();
    const failure = { code: 'DNS_TIMEOUT', detail: 'no answer' } as const;
    policies.atSource.set('example.test', noSts(failure));
    const look = await recheckPolicy({ policies: policies as never }, decidedWith(noSts()));
    assert.deepEqual(look, { changed: false, doubt: failure });
  });

  it('where MTA-STS has no part nothing is asked', async () => {
    const policies = fakePolicies();
    await recheckPolicy({ policies: policies as never }, decidedWith(undefined));
    assert.deepEqual(policies.asked, []);
  });
});

describe('failedForSts', () => {
  const certificate = leafOf(createLabCa().issue(['mx1.example.test']));
  const event = (
    requirement: Requirement,
    outcome: AttemptEvent['outcome'] = 'refused',
  ): AttemptEvent => ({
    ...hostWith(requirement),
    address: '192.0.2.1',
    outcome,
    startedAt: 0,
    endedAt: 0,
  });

  it('STS-App-B-1: only what an STS policy refused, not what could not be reached', () => {
    const enforced: Requirement = { kind: 'sts', sts: sts('enforce') };
    const mismatch = { code: 'POLICY_MX_NOT_IN_POLICY', detail: '' } as const;
    const bogus = { code: 'DNS_BOGUS', detail: '' } as const;
    assert.ok(failedForSts(event(enforced)));
    assert.ok(failedForSts(event({ kind: 'refused', failure: mismatch, rule: '' })));
    assert.ok(!failedForSts(event(enforced, 'unreachable')));
    assert.ok(!failedForSts(event(enforced, 'ready')));
    assert.ok(!failedForSts(event({ kind: 'refused', failure: bogus, rule: '' })));
    assert.ok(!failedForSts(event({ kind: 'dane', dane: dane(certificate) })));
  });
});
