import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createSharedBudget } from './shared-budget.ts';

const SHARES = { limit: 100, perClient: 30, reserve: 20, small: 5 };

describe('createSharedBudget', () => {
  it('I16, S7: one client gets its share and no more, whatever it opens', () => {
    const budget = createSharedBudget(SHARES);
    const bodies = Array.from({ length: 10 }, () => budget.bodyOf('evil'));
    assert.deepEqual(bodies.map((body) => body.take(10)).filter(Boolean).length, 3);
    assert.ok(budget.bodyOf('honest').take(30));
    bodies[0]!.give(10);
    assert.ok(bodies[5]!.take(10));
  });

  it('large ones leave room for small ones', () => {
    const budget = createSharedBudget(SHARES);
    for (const client of ['a', 'b', 'c']) assert.ok(budget.bodyOf(client).take(26));
    assert.ok(!budget.bodyOf('d').take(6));
    const small = budget.bodyOf('d');
    assert.ok(small.take(5));
    assert.ok(!small.take(1), 'it is no longer small');
    for (const client of ['e', 'f', 'g']) assert.ok(budget.bodyOf(client).take(5));
    assert.ok(!budget.bodyOf('h').take(5));
  });

  it('one alone always finds room', () => {
    const budget = createSharedBudget(SHARES);
    const huge = budget.bodyOf('a');
    assert.ok(huge.take(60) && huge.take(90));
    assert.ok(!budget.bodyOf('b').take(1));
    huge.give(150);
    assert.ok(budget.bodyOf('b').take(31), 'and of a client the only one');
  });

  it('fuzz: never more than the limit, and nothing is left when all is given back', () => {
    const step = fc.record({
      client: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      octets: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const budget = createSharedBudget(SHARES);
        const bodies = steps.map(({ client, octets }) => {
          const body = budget.bodyOf(client);
          body.take(octets);
          return body;
        });
        assert.ok(budget.held <= SHARES.limit);
        for (const body of bodies) body.give(body.held);
        assert.equal(budget.held, 0);
      }),
      { numRuns: 200 },
    );
  });
});
