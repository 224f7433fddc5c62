import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { printable } from './printable.ts';

describe('printable', () => {
  it('escapes what moves a cursor or hides text, and keeps letters of all scripts', () => {
    assert.equal(printable('a\r\nb\u001b[2Jc'), 'a\\u{d}\\u{a}b\\u{1b}[2Jc');
    assert.equal(printable('evil\u202etxt'), 'evil\\u{202e}txt');
    assert.equal(printable('größe 例え'), 'größe 例え');
  });

  it('cuts at the limit in characters, not in code units', () => {
    assert.equal(printable('😀😀😀', 2), '😀😀…');
    assert.equal(printable('ab', 2), 'ab');
  });

  it('fuzz: is one line of bounded length, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const shown = printable(text, 50);
        assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\u2028\u2029]/u);
        assert.ok(shown.length <= 50 * 10 + 1);
      }),
    );
  });
});
