import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY, HOUR, T0, held, policyOf } from './life-cycle.fixture.ts';
import type { Bare, Held } from './life-cycle-types.ts';
import { MAX_GUESTS, createMemoryCache, type MemoryCache } from './memory-cache.ts';
import { freshPolicy } from './shared-policy.ts';

const YEAR_S = 31_557_600;
const LONG = held('enforce', YEAR_S, T0);

function cacheOf(maxEntries: number): MemoryCache {
  return createMemoryCache({ maxEntries, maxBare: 3, unusedAfterMs: DAY });
}

function bare(until: number): Bare {
  const failure = { code: 'STS_RECORD_NONE', detail: '' } as const;
  return { kind: 'bare', failure, recordId: undefined, since: T0, until, backOffs: [] };
}

describe('making room', () => {
  it('STS-3.3-R7: of the policies that may go the least recently used goes', () => {
    const cache = cacheOf(4);
    for (const [name, hours] of Object.entries({ a: 3, b: 1, c: 0, d: 2 })) {
      cache.load(`${name}.test`, LONG, T0 + hours * HOUR, T0 + 3 * HOUR);
    }
    const gone = ['e', 'f', 'g'].map((name) => {
      const put = cache.put(`${name}.test`, LONG, T0 + 3 * DAY);
      return put.kind === 'kept' ? put.evicted?.domain : put.kind;
    });
    assert.deepEqual(gone, ['c.test', 'b.test', 'd.test']);
  });

  it('STS-3.3-R7: one that is in force and in use does not, used longer ago or not', () => {
    const cache = cacheOf(2);
    cache.load('old.test', LONG, T0, T0);
    cache.load('none.test', held('none', YEAR_S, T0), T0 + HOUR, T0 + HOUR);
    const put = cache.put('new.test', LONG, T0 + 2 * HOUR);
    assert.equal(put.kind === 'kept' && put.evicted?.domain, 'none.test');
    assert.deepEqual(cache.put('late.test', LONG, T0 + 2 * HOUR), { kind: 'refused' });
    assert.equal(cache.entry('old.test')?.state.id, 'a');
  });

  it('the oldest domain without a policy makes room for the next', () => {
    const cache = cacheOf(1);
    for (const name of ['a', 'b', 'c', 'd']) cache.put(`${name}.test`, bare(T0 + DAY), T0);
    assert.equal(cache.state('a.test').kind, 'unknown');
    assert.equal(cache.state('b.test').kind, 'bare');
  });
});

describe('guests', () => {
  /** One room, and it is taken. */
  function full(): MemoryCache {
    const cache = cacheOf(1);
    cache.put('first.test', LONG, T0);
    return cache;
  }

  it('are known although they have no room', () => {
    const cache = full();
    cache.put('d.test', bare(T0 + DAY), T0);
    assert.deepEqual(cache.put('d.test', LONG, T0), { kind: 'refused' });
    assert.equal(cache.state('d.test'), LONG);
    assert.equal(cache.entry('d.test'), undefined);
    assert.equal(cache.size, 1);
  });

  it('are few, and the oldest goes', () => {
    const cache = full();
    for (let n = 0; n <= MAX_GUESTS; n += 1) cache.put(`d${n}.test`, LONG, T0);
    assert.equal(cache.state('d0.test').kind, 'unknown');
    assert.equal(cache.state('d1.test').kind, 'held');
    cache.put('d1.test', LONG, T0);
    cache.put('next.test', LONG, T0);
    assert.equal(cache.state('d1.test').kind, 'held');
    assert.equal(cache.state('d2.test').kind, 'unknown');
  });

  it('take a room when one is free, and leave like any other', () => {
    const cache = full();
    cache.put('d.test', LONG, T0);
    const newer: Held = { ...LONG, policy: freshPolicy(policyOf('testing', YEAR_S)), id: 'b' };
    cache.put('d.test', newer, T0 + 2 * DAY);
    assert.equal(cache.entry('d.test')?.state.id, 'b');
    assert.equal(cache.count('testing'), 1);
    cache.put('e.test', LONG, T0 + 2 * DAY);
    cache.put('e.test', { kind: 'unknown' }, T0 + 2 * DAY);
    assert.equal(cache.state('e.test').kind, 'unknown');
  });
});
