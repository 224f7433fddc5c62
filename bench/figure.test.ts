import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { figureOf, figureText } from './figure.ts';
import { parallelRate, rateOf } from './rate.ts';

describe('figure', () => {
  it('without peer and goal these are null', () => {
    assert.deepEqual(figureOf('a/b', { figure: 'speed', unit: '/s', ours: 1234.5 }), {
      bench: 'a/b',
      figure: 'speed',
      unit: '/s',
      ours: 1235,
      peer: null,
      peerName: null,
      ratio: null,
      goal: null,
      pass: null,
    });
  });

  it('a goal is met from either side', () => {
    const pass = (ours: number, goal: { atLeast: number } | { atMost: number }): boolean | null =>
      figureOf('a', { figure: 'f', unit: 's', ours, goal }).pass;
    assert.deepEqual([pass(5, { atLeast: 5 }), pass(4.9, { atLeast: 5 })], [true, false]);
    assert.deepEqual([pass(5, { atMost: 5 }), pass(5.1, { atMost: 5 })], [true, false]);
  });

  it('a peer gives a ratio', () => {
    const peer = { name: 'other', value: 200 };
    const figure = figureOf('a', { figure: 'f', unit: '/s', ours: 300, peer });
    assert.deepEqual([figure.peer, figure.peerName, figure.ratio], [200, 'other', 1.5]);
  });

  it('people see a missed goal', () => {
    const goal = { atLeast: 500 };
    const figure = figureOf('a', { figure: 'f', unit: '/s', ours: 3, goal });
    assert.match(figureText(figure, goal), /f .* 3 \/s {2}\(goal ≥ 500\) {2}FAIL/);
  });
});

describe('rate', () => {
  it('each turn is made once, no more than the width at a time', async () => {
    const turns: number[] = [];
    let running = 0;
    let most = 0;
    const rate = await parallelRate({
      total: 10,
      width: 3,
      task: async (turn) => {
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        turns.push(turn);
        running -= 1;
      },
    });
    assert.deepEqual(
      turns.toSorted((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
    assert.equal(most, 3);
    assert.ok(rate > 0);
  });

  it('a task without a number is a mistake in the benchmark', () => {
    assert.throws(() => rateOf(() => NaN, 1), /must return a number/);
    assert.ok(rateOf((turn) => turn, 1) > 0);
  });
});
