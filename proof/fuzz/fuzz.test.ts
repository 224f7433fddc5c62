import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomFrom } from '../random.ts';
import { attack } from './fuzz.ts';
import { nonsense } from './nonsense.ts';
import type { Target } from './target.ts';

const target = (feed: Target['feed']): Target => ({
  name: 'target',
  samples: [Buffer.from('a sample')],
  maxSize: 1 << 20,
  feed,
});

describe('fuzz', () => {
  it('a parser that throws is found, and a good one is not', async () => {
    const fault = await attack(
      target(() => {
        throw new TypeError('oops');
      }),
      1,
    );
    assert.match(fault ?? '', /^TypeError: oops for \d+ octets$/);
    const late = target(() => Promise.reject(new RangeError('later')));
    assert.match((await attack(late, 1)) ?? '', /^RangeError: later/);
    const good = target(() => undefined);
    assert.equal(await attack(good, 1), undefined);
  });

  it('a parser that takes long is found, but only if it does so each time', async () => {
    const busy = (ms: number): void => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    let calls = 0;
    const always = target(() => busy(60));
    const once = target(() => busy(calls++ === 0 ? 120 : 0));
    assert.match((await attack(always, 1, 20)) ?? '', /ms for \d+ octets$/);
    assert.equal(await attack(once, 1, 40), undefined);
  });

  it('inputs come in all sizes, the largest too', async () => {
    const sizes = new Set<number>();
    for (let seed = 0; seed < 2000; seed += 1) {
      await attack(
        target((input) => void sizes.add(input.length)),
        seed,
      );
    }
    assert.ok(Math.min(...sizes) <= 16);
    assert.equal(Math.max(...sizes), 1 << 20);
    assert.ok(sizes.size > 50);
  });

  it('a seed gives the same input again', () => {
    const make = (): Buffer => nonsense(randomFrom(7), [Buffer.from('sample')], 100);
    assert.deepEqual(make(), make());
    assert.notDeepEqual(make(), nonsense(randomFrom(8), [Buffer.from('sample')], 100));
  });
});
