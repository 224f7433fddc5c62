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
  it('a parser that throws is found, and a good one is not', () => {
    const fault = attack(
      target(() => {
        throw new TypeError('oops');
      }),
      1,
    );
    assert.match(fault ?? '', /^TypeError: oops for \d+ octets$/);
    assert.equal(
      attack(
        target(() => undefined),
        1,
      ),
      undefined,
    );
  });

  it('a parser that takes long is found, but only if it does so each time', () => {
    const busy = (ms: number): void => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    let calls = 0;
    const always = target(() => busy(2));
    const once = target(() => busy(calls++ === 0 ? 50 : 0));
    assert.match(attack(always, 1, 1) ?? '', /ms for \d+ octets$/);
    assert.equal(attack(once, 1, 40), undefined);
  });

  it('inputs come in all sizes, the largest too', () => {
    const sizes = new Set<number>();
    for (let seed = 0; seed < 2000; seed += 1) {
      attack(
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
