import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SelfTestResult } from '../dns/self-test.ts';
import { type Footing, notReady } from './readiness.ts';

function tested(conclusion: SelfTestResult['conclusion']): SelfTestResult {
  return { conclusion, reason: 'no answer for ietf.org', steps: [] };
}

const READY: Footing = {
  policies: { loaded: true, storeUp: true },
  selfTest: tested('validating'),
  resolverAnswered: true,
};

describe('readiness', () => {
  it('with policies loaded and a resolver that answered there is no reason against it', () => {
    assert.deepEqual(notReady(READY), []);
  });

  it('each thing that is missing is a reason of its own', () => {
    const reasons = notReady({
      policies: { loaded: false, storeUp: true },
      selfTest: undefined,
      resolverAnswered: false,
    });
    assert.equal(reasons.length, 2);
    assert.match(reasons[0]!, /being loaded/);
    assert.match(reasons[1]!, /resolver has not answered/);
  });

  it('a database that never answered, a resolver that does not', () => {
    const reasons = notReady({
      policies: { loaded: false, storeUp: false },
      selfTest: tested('unreachable'),
      resolverAnswered: false,
    });
    assert.match(reasons[0]!, /database does not answer/);
    assert.match(reasons[1]!, /does not answer: no answer for ietf\.org/);
  });

  it('what works without it is no reason: database gone later, no DNSSEC, no name to test with', () => {
    assert.deepEqual(notReady({ ...READY, policies: { loaded: true, storeUp: false } }), []);
    assert.deepEqual(notReady({ ...READY, selfTest: tested('not-validating') }), []);
    const untested = { ...READY, selfTest: tested('untested'), resolverAnswered: false };
    assert.deepEqual(notReady(untested), []);
  });

  it('one answer is enough although the names of the test are out of reach', () => {
    assert.deepEqual(notReady({ ...READY, selfTest: tested('unreachable') }), []);
  });
});
