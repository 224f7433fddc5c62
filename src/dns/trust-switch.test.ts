import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mapResolver } from './map-resolver.fixture.ts';
import { createTrustSwitch } from './trust-switch.ts';

const inner = mapResolver({
  records: { 'alias.test': { CNAME: ['signed.test'] }, 'signed.test': { A: ['192.0.2.1'] } },
  secure: ['alias.test', 'signed.test', 'gone.test'],
  failing: { 'broken.test': 'bogus' },
});

describe('trust switch', () => {
  it('passes answers on as they are while the resolver is trusted', async () => {
    const { resolver, trusted } = createTrustSwitch(inner);
    assert.equal(trusted, true);
    const answer = await resolver.lookup('alias.test', 'A');
    assert.ok(answer.kind === 'records' && answer.security === 'secure');
  });

  it('DANE-7672-2.1.1-1, G24: takes its word for nothing while it is not, and again when it is', async () => {
    const gate = createTrustSwitch(inner);
    gate.set(false);
    const answer = await gate.resolver.lookup('alias.test', 'A');
    assert.ok(answer.kind === 'records' && answer.security === 'insecure');
    assert.ok(answer.chain.every(({ security }) => security === 'insecure'));
    const gone = await gate.resolver.lookup('gone.test', 'A');
    assert.ok(gone.kind !== 'failure' && gone.security === 'insecure');
    // A failure stays one: distrust never turns bogus into an answer.
    assert.equal((await gate.resolver.lookup('broken.test', 'A')).kind, 'failure');
    gate.set(true);
    const later = await gate.resolver.lookup('alias.test', 'A');
    assert.ok(later.kind === 'records' && later.security === 'secure');
  });
});
