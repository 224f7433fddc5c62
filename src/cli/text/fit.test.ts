import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { cellWidth } from './cells.ts';
import { fitted, wrapped } from './fit.ts';
import { columns } from './table.ts';

describe('text that fits', () => {
  it('breaks at spaces, and inside a word that is too long', () => {
    assert.deepEqual(wrapped('one two three', 7), ['one two', 'three']);
    assert.deepEqual(wrapped('a 123456789', 4), ['a', '1234', '5678', '9']);
    assert.deepEqual(wrapped('', 4), ['']);
  });

  it('counts what a terminal shows: some characters take two cells', () => {
    assert.deepEqual(wrapped('郵便 サーバー', 6), ['郵便', 'サーバ', 'ー']);
    assert.deepEqual(wrapped('郵便', 1), ['郵', '便']);
    assert.deepEqual(
      columns([
        ['郵便', '1'],
        ['mail', '2'],
      ]),
      ['郵便  1', 'mail  2'],
    );
    const rows = ['郵便', 'mail'].map((name) => ({ cells: [name], last: ['x'] }));
    assert.deepEqual(fitted(rows, 40), ['郵便  x', 'mail  x']);
  });

  it('fuzz: no line is too long, and nothing is lost', () => {
    const text = fc
      .array(fc.string({ unit: 'grapheme', maxLength: 30 }))
      .map((words) => words.join(' '));
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (given, width) => {
        const lines = wrapped(given, width);
        assert.ok(lines.every((line) => cellWidth(line) <= width));
        assert.equal(lines.join('').replaceAll(' ', ''), given.replaceAll(' ', ''));
      }),
      { numRuns: 300 },
    );
  });

  it('the last column is broken where it has room, and stands below where it has none', () => {
    const rows = [
      { cells: ['NAME', 'N'], last: ['WHERE'] },
      { cells: ['a.test', '1'], last: ['mail to somebody far away from here', 'and more'] },
      { cells: [`${'x'.repeat(45)}.test`, '1'], last: ['below'] },
    ];
    assert.deepEqual(fitted(rows, 40), [
      'NAME    N  WHERE',
      'a.test  1  mail to somebody far away',
      '           from here',
      '           and more',
      'x'.repeat(40),
      'xxxxx.test  1',
      '    below',
    ]);
  });
});
