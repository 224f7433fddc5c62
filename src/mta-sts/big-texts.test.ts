import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBigTexts } from './big-texts.ts';
import { rig } from './fake-network.fixture.ts';
import { DAY, T0, held, record } from './life-cycle.fixture.ts';
import type { Held } from './life-cycle-types.ts';
import type { MemoryCache } from './memory-cache.ts';
import { createMemoryCache } from './memory-cache.ts';
import { readStsPolicy } from './policy.ts';
import { createPolicyTexts, freshPolicy, storedPolicy } from './shared-policy.ts';

const HEAD = 'version: STSv1\nmode: enforce\nmax_age: 604800\n';

/** A policy of about that many octets, with a text of its own. */
function textOf(name: string, size: number): string {
  const lines = [`mx: ${name}.test\n`];
  const line = `x: ${'y'.repeat(1_000)}\n`;
  for (let left = size - HEAD.length; left > line.length; left -= line.length) lines.push(line);
  return HEAD + lines.join('');
}

function heldOf(name: string, size: number): Held {
  return { ...held('enforce', 604_800, T0), policy: storedPolicy(textOf(name, size), 'enforce') };
}

function cache(): MemoryCache {
  return createMemoryCache({ maxEntries: 1_000, maxBare: 10, unusedAfterMs: DAY });
}

/** Puts in policies of 64 KiB until one finds no room; the cache has eight MiB for texts. */
function fillUp(memory: MemoryCache): number {
  for (let n = 0; n < 1_000; n += 1) {
    if (memory.put(`big${n}`, heldOf(`big${n}`, 65_000), T0).kind === 'refused') return n;
  }
  return assert.fail('no bound');
}

describe('the weight of all texts', () => {
  it('STS-3.3-R7: is bounded; a large newcomer is refused', () => {
    const memory = cache();
    const kept = fillUp(memory);
    assert.ok(kept > 100 && kept < 130, `${kept}`);
    assert.equal(memory.size, kept);
  });

  it('STS-3.3-R7: a plain policy always takes the room of a large one, never the other way', () => {
    const memory = cache();
    fillUp(memory);
    const small = memory.put('plain', heldOf('plain', 200), T0);
    assert.equal(small.kind, 'kept');
    for (let n = 0; n < 600; n += 1) {
      assert.equal(memory.put(`p${n}`, heldOf(`p${n}`, 200), T0).kind, 'kept');
    }
    const size = memory.size;
    assert.equal(memory.put('late', heldOf('late', 65_000), T0).kind, 'refused');
    assert.ok(memory.entry('plain') !== undefined && memory.size === size);
  });

  it('the one that made room is named, and stays known for a while', () => {
    const memory = cache();
    const count = fillUp(memory);
    let squeezed: string | undefined;
    for (let n = 0; n < 300 && squeezed === undefined; n += 1) {
      const put = memory.put(`p${n}`, heldOf(`p${n}`, 3_000), T0);
      squeezed = put.squeezed?.domain;
    }
    assert.equal(squeezed, 'big0');
    assert.equal(memory.entry('big0'), undefined);
    assert.equal(memory.state('big0').kind, 'held');
    assert.ok(count > 0);
  });

  it('a text that many domains share is held once and never squeezed out', () => {
    const memory = cache();
    const shared = textOf('shared', 65_000);
    const state = (): Held => ({
      ...held('enforce', 604_800, T0),
      policy: storedPolicy(shared, 'enforce'),
    });
    for (let n = 0; n < 500; n += 1) {
      assert.equal(memory.put(`s${n}`, state(), T0).kind, 'kept');
    }
    fillUp(memory);
    for (let n = 0; n < 400; n += 1) memory.put(`p${n}`, heldOf(`p${n}`, 3_000), T0);
    assert.ok(memory.entry('s0') !== undefined);
    assert.equal(memory.put('late', state(), T0).kind, 'kept');
  });

  it('a policy that grows where there is no room takes no other policy along, nor stays as it was', () => {
    const memory = cache();
    memory.put('d', heldOf('d', 200), T0);
    fillUp(memory);
    const grown = memory.put('d', heldOf('d', 65_000), T0 + 1);
    assert.deepEqual(grown, {
      kind: 'refused',
      squeezed: { domain: 'd', fetchedAt: T0, lastUsedAt: T0 },
    });
    assert.equal(memory.entry('d'), undefined);
    const state = memory.state('d');
    assert.ok(state.kind === 'held' && state.policy.text.length > 60_000);
  });

  it('counts down when policies go', () => {
    const memory = cache();
    const count = fillUp(memory);
    for (let n = 0; n < count; n += 1) memory.put(`big${n}`, { kind: 'unknown' }, T0);
    assert.equal(memory.size, 0);
    assert.equal(fillUp(memory), count);
  });
});

describe('large policies', () => {
  it('are found by class, the largest and the longest noted first', () => {
    const big = createBigTexts();
    big.add('small', 1_000);
    big.add('a', 5_000);
    big.add('b', 70_000);
    big.add('c', 80_000);
    assert.equal(
      big.above(500, () => true),
      'b',
    );
    assert.equal(
      big.above(500, (domain) => domain !== 'b'),
      'c',
    );
    big.remove('b', 70_000);
    big.remove('c', 80_000);
    assert.equal(
      big.above(500, () => true),
      'a',
    );
    assert.equal(
      big.above(5_000, () => true),
      undefined,
    );
    assert.equal(
      big.above(500, () => false),
      undefined,
    );
  });

  it('give the same policy each time, parsed or not', () => {
    const text = textOf('d', 65_000);
    const read = readStsPolicy(text).value!;
    for (const policy of [freshPolicy(read), storedPolicy(text, 'enforce')]) {
      assert.deepEqual(policy.parsed(), read);
      assert.deepEqual(policy.parsed(), read);
      assert.ok(policy.weight > text.length);
    }
    assert.equal(storedPolicy(text, 'none').parsed(), undefined);
    const texts = createPolicyTexts();
    const policy = texts.take(freshPolicy(read));
    assert.equal(texts.weight, policy.weight);
    assert.equal(texts.cost(storedPolicy(text, 'enforce')), 0);
    assert.equal(texts.isAlone(policy), true);
    texts.take(storedPolicy(text, 'enforce'));
    assert.equal(texts.isAlone(policy), false);
  });

  it('are answered with in full', async () => {
    const { policies, network } = rig();
    const policy = readStsPolicy(textOf('d', 65_000)).value!;
    network.change('d.test', { discovery: record('a'), fetch: { ok: true, value: { policy } } });
    await policies.lookup('d.test');
    const status = await policies.lookup('d.test', { mxHosts: ['d.test'] });
    assert.deepEqual(status.kind === 'policy' && status.active.policy, policy);
    await policies.close();
  });
});
