import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { bodyForm } from './canonical.ts';
import { withCrlf } from './signature-fields.ts';

const form = (body: string, kind: 'simple' | 'relaxed'): string =>
  bodyForm(Buffer.from(body, 'latin1'), kind).bytes.toString('latin1');

/** As RFC 6376 §3.4.4 words it, one step after the other. */
function relaxedByTheBook(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replace(/[ \t]+/g, ' ').replace(/ $/, ''));
  while (lines.at(-1) === '') lines.pop();
  return lines.map((line) => `${line}\r\n`).join('');
}

describe('bodyForm', () => {
  it('relaxed: blanks become one, none is left before a line end, nor empty lines at the end', () => {
    assert.equal(form(' C \r\nD \t E\r\n\r\n\r\n', 'relaxed'), ' C\r\nD E\r\n');
    assert.equal(form('', 'relaxed'), '');
    assert.equal(form(' \r\n\t\r\n ', 'relaxed'), '');
    assert.equal(form('\r\n a', 'relaxed'), '\r\n a\r\n');
  });

  it('simple: only the empty lines at the end go', () => {
    assert.equal(form(' C \r\nD \t E\r\n\r\n\r\n', 'simple'), ' C \r\nD \t E\r\n');
    assert.equal(form('', 'simple'), '\r\n');
    assert.equal(form('a', 'simple'), 'a\r\n');
  });

  it('fuzz: relaxed is what the RFC says, and the same again', () => {
    const piece = fc.constantFrom(' ', '\t', '\r\n', '\r', 'a', 'ü', '--x');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const body = pieces.join('');
        const once = form(body, 'relaxed');
        assert.equal(once, relaxedByTheBook(body));
        assert.equal(form(once, 'relaxed'), once);
      }),
      { numRuns: 300 },
    );
  });

  it('S7: 2 MiB of blanks and line ends hold nobody up', () => {
    for (const piece of [' \r\n', '\t \r\n', '\t \n', '\r\n', ' ', '\r', 'x \t']) {
      const body = Buffer.from(piece.repeat(Math.floor((2 << 20) / piece.length)));
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now();
        bodyForm(withCrlf(body), 'relaxed');
        return performance.now() - start;
      });
      assert.ok(Math.min(...times) < 60, `${JSON.stringify(piece)}: ${Math.min(...times)} ms`);
    }
  });
});
