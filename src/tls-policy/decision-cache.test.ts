import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { createDecisionCache } from './decision-cache.ts';
import { hostEvidence, KNOBS, mxEvidence, NOW, records } from './evidence.fixture.ts';
import { evaluate } from './evaluate.ts';
import type { DecisionRecord } from './types.ts';

function record(domain: string, port = 25): DecisionRecord {
  const evidence = mxEvidence([hostEvidence('mx1.example.test')], {
    nextHop: { kind: 'domain', domain, port },
  });
  return { version: 1, evidence, knobs: KNOBS, policy: evaluate(evidence, KNOBS) };
}

function cacheOf(maxEntries: number) {
  const clock = new FakeClock(NOW);
  return { clock, cache: createDecisionCache({ clock, maxEntries }) };
}

describe('createDecisionCache', () => {
  it('gives a decision back until it expires, not a moment longer', async () => {
    const { clock, cache } = cacheOf(10);
    const a = record('a.test');
    cache.set('a.test', a);
    assert.equal(cache.get('a.test'), a);
    assert.equal(cache.warm('a.test'), a.policy);
    await clock.advance(300_000);
    assert.equal(cache.warm('a.test'), undefined);
    assert.equal(cache.size, 0);
  });

  it('E18: what a wrong clock made does not outlive the correction', () => {
    const { clock, cache } = cacheOf(10);
    cache.set('a.test', record('a.test'));
    clock.jumpTo(NOW - 1000);
    assert.notEqual(cache.warm('a.test'), undefined, 'a small correction is no jump');
    clock.jumpTo(NOW - 7_200_000);
    assert.equal(cache.warm('a.test'), undefined);
    assert.equal(cache.size, 0);
  });

  it('does not keep what is stale already', () => {
    const { clock, cache } = cacheOf(10);
    clock.jumpTo(NOW + 300_000);
    cache.set('a.test', record('a.test'));
    assert.equal(cache.size, 0);
  });

  it('is bounded: the oldest goes', () => {
    const { cache } = cacheOf(2);
    for (const domain of ['a.test', 'b.test', 'a.test', 'c.test'])
      cache.set(domain, record(domain));
    assert.equal(cache.size, 2);
    assert.equal(cache.get('b.test'), undefined);
    assert.notEqual(cache.get('a.test'), undefined);
  });

  it('drops all decisions in which a policy domain has a part, and no others', () => {
    const { cache } = cacheOf(10);
    cache.set('a.test', record('a.test'));
    cache.set('a.test:587', record('a.test', 587));
    cache.set('b.test', record('b.test'));
    cache.invalidate('a.test');
    assert.equal(cache.size, 1);
    assert.notEqual(cache.get('b.test'), undefined);
    cache.clear();
    assert.equal(cache.size, 0);
  });

  it('is bounded in memory too: a decision that stands on thousands of addresses weighs more', () => {
    const { cache } = cacheOf(10);
    const huge = (domain: string): DecisionRecord => {
      const a = records(
        'mx1.example.test',
        'A',
        Array.from({ length: 64 }, () => '192.0.2.1'),
      );
      const small = record(domain);
      const [host] = small.evidence.hosts;
      return { ...small, evidence: { ...small.evidence, hosts: [{ ...host!, a }] } };
    };
    for (const domain of ['a.test', 'b.test', 'c.test', 'd.test']) cache.set(domain, huge(domain));
    assert.equal(cache.size, 2);
    assert.notEqual(cache.get('d.test'), undefined);
    cache.invalidate('d.test');
    cache.set('e.test', huge('e.test'));
    assert.equal(cache.size, 2);
  });
});
