import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { base32 } from './base32.ts';

describe('base32', () => {
  it('writes the last digits', () => {
    assert.equal(base32(0, 3), '000');
    assert.equal(base32(31, 2), '0z');
    assert.equal(base32(32 * 32 + 1, 2), '01');
  });

  it('fuzz: texts of one length sort as their numbers', () => {
    const number = fc.nat({ max: 2 ** 40 - 1 });
    fc.assert(
      fc.property(number, number, (one, other) => {
        assert.equal(base32(one, 8) < base32(other, 8), one < other);
      }),
    );
  });
});
