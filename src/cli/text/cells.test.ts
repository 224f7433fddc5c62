import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { cellWidth, cutCells, padCells } from './cells.ts';

describe('cells of a terminal', () => {
  it('wide characters take two, combining ones none', () => {
    const widths: readonly (readonly [text: string, width: number])[] = [
      ['', 0],
      ['example', 7],
      ['株式会社', 8],
      ['ｶﾌﾞ', 3],
      ['カブ', 4],
      ['한국', 4],
      ['e\u0301', 1],
      ['a…b', 3],
      ['🙂', 2],
      ['𠮷', 2],
      ['ＡＢ', 4],
      ['naïve', 5],
    ];
    for (const [text, width] of widths) assert.equal(cellWidth(text), width, text);
  });

  it('fills up and cuts by cells; no character is halved', () => {
    assert.equal(padCells('会社', 6), '会社  ');
    assert.equal(padCells('会社', 3), '会社');
    assert.equal(cutCells('株式会社', 8), '株式会社');
    assert.equal(cutCells('株式会社', 7), '株式会…');
    assert.equal(cutCells('株式会社', 6), '株式…');
    assert.equal(cutCells('e\u0301e\u0301e\u0301', 2), 'e\u0301…');
    assert.equal(cutCells('abc', 1), '…');
  });

  it('fuzz: what is cut never has more cells, and what fits stays', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.integer({ min: 1, max: 40 }),
        (text, width) => {
          const cut = cutCells(text, width);
          assert.ok(cellWidth(cut) <= width);
          assert.equal(cut === text, cellWidth(text) <= width);
          assert.ok(cellWidth(padCells(cut, width)) === width);
        },
      ),
    );
  });
});
