import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { LineReader, MAX_LINE } from './line-reader.ts';

/** All that is read from an input that comes in pieces of `step` octets. */
function readAll(input: string, step = Math.max(1, input.length)): string[] {
  const reader = new LineReader();
  const bytes = Buffer.from(input, 'latin1');
  const found: string[] = [];
  for (let start = 0; start < bytes.length; start += step) {
    const chunk = bytes.subarray(start, start + step);
    for (let at = 0; at < chunk.length;) {
      const result = reader.read(chunk, at);
      assert.ok(result.next > at);
      at = result.next;
      if (result.kind === 'line') found.push(`line ${result.line.toString('latin1')}`);
      else if (result.kind !== 'partial') found.push(result.kind);
    }
  }
  return found;
}

describe('the line reader', () => {
  it('ends a line with CR LF alone', () => {
    assert.deepEqual(readAll('a\r\n\r\nb\nc\rd\r\ne\r\r\nf\r\nrest'), [
      'line a',
      'line ',
      'bare-end',
      'bare-end',
      'bare-end',
      'line f',
    ]);
  });

  it('says once that a line is too long, and goes on behind it', () => {
    assert.deepEqual(readAll(`${'x'.repeat(MAX_LINE)}\r\ny\r\n`), [
      `line ${'x'.repeat(MAX_LINE)}`,
      'line y',
    ]);
    for (const step of [1_000, 12_289, 100_000]) {
      assert.deepEqual(readAll(`${'x'.repeat(MAX_LINE + 1)}\r\ny\r\n`, step), [
        'too-long',
        'line y',
      ]);
    }
  });

  it('a lone LF or CR is no line end, wherever it stands', () => {
    assert.deepEqual(readAll('\n'), ['bare-end']);
    assert.deepEqual(readAll('\na\r\n'), ['bare-end', 'line a']);
    assert.deepEqual(readAll('\r\r\n', 1), ['bare-end']);
  });

  /** What should be read: cut at each LF, and look at what stands before it. */
  function expected(input: string): string[] {
    const parts = input.split('\n').slice(0, -1);
    return parts.map((part) =>
      /^[^\r]*\r$/.test(part) ? `line ${part.slice(0, -1)}` : 'bare-end',
    );
  }

  it('fuzz: a line is what stands before CR LF, in whatever pieces it comes', () => {
    const piece = fc.constantFrom('\r', '\n', '\r\n', 'a', 'MAIL', '\0', '\u00e9');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        (all, step) => {
          const input = all.join('');
          assert.deepEqual(readAll(input), expected(input));
          assert.deepEqual(readAll(input, step), expected(input));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
