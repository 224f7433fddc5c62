import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ContentWriter } from './dot-stuffing.ts';
import type { Framing } from './dot-stuffing.ts';

function run(framing: Framing, ...chunks: readonly (string | Uint8Array)[]): string {
  const writer = new ContentWriter(framing);
  const out: Uint8Array[] = [];
  for (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
    out.push(...writer.write(bytes));
  }
  return Buffer.concat([...out, writer.end()]).toString('latin1');
}

/** The same in the plainest words. */
function oracle(framing: Framing, text: string): string {
  let lines = text.replace(/\r\n|\r|\n/g, '\n').split('\n');
  if (lines.at(-1) === '') lines = lines.slice(0, -1);
  if (framing === 'dot') lines = lines.map((line) => (line.startsWith('.') ? `.${line}` : line));
  const body = lines.map((line) => `${line}\r\n`).join('');
  return framing === 'dot' ? `${body}.\r\n` : body;
}

describe('ContentWriter', () => {
  it('doubles dots at line starts and ends with a dot (RFC 5321 §4.5.2)', () => {
    assert.equal(run('dot', '.a\r\nb.\r\n..\r\n'), '..a\r\nb.\r\n...\r\n.\r\n');
  });

  it('ends an unfinished last line, and adds none to an empty message', () => {
    assert.equal(run('dot', 'a'), 'a\r\n.\r\n');
    assert.equal(run('dot'), '.\r\n');
    assert.equal(run('counted', 'a'), 'a\r\n');
    assert.equal(run('counted'), '');
  });

  it('makes CRLF of bare CR and bare LF, also when cut in two', () => {
    assert.equal(run('counted', 'a\nb\rc\r\nd'), 'a\r\nb\r\nc\r\nd\r\n');
    assert.equal(run('counted', 'a\r', '\nb'), 'a\r\nb\r\n');
    assert.equal(run('counted', 'a\r\r\n\nb'), 'a\r\n\r\n\r\nb\r\n');
  });

  it('lets nothing through that a server might take for the end of the data (SMTP smuggling)', () => {
    for (const end of [
      '\n.\n',
      '\r.\r',
      '\n.\r\n',
      '\r\n.\n',
      '\r\n.\r',
      '\r\n.\r\n',
      '\r\n\0.\r\n',
    ]) {
      const sent = run('dot', `a${end}MAIL FROM:<evil@example.test>\r\n`);
      assert.equal(sent.indexOf('\r\n.\r\n'), sent.length - 5, JSON.stringify(end));
      assert.doesNotMatch(sent, /[^\r]\n|\r[^\n]/);
    }
  });

  it('counts leave dots alone', () => {
    assert.equal(run('counted', '.\n..a'), '.\r\n..a\r\n');
  });

  it('gives bounded pieces, however large the chunk', () => {
    const writer = new ContentWriter('dot');
    let octets = 0;
    for (const piece of writer.write(Buffer.alloc(1_000_000, '\n'))) {
      assert.ok(piece.length <= 131_072);
      octets += piece.length;
    }
    assert.equal(octets, 2_000_000);
  });

  it('fuzz: equals the plain oracle under any chunking', () => {
    const text = fc.string({
      unit: fc.constantFrom('\r', '\n', '.', 'a', '\r\n', '\r\n.', '\xff', '\0'),
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        text,
        fc.array(fc.nat(5), { minLength: 1, maxLength: 10 }),
        fc.constantFrom<Framing>('dot', 'counted'),
        (whole, cuts, framing) => {
          const chunks: string[] = [];
          for (let at = 0, cut = 0; at < whole.length; cut += 1) {
            const size = cuts[cut % cuts.length]! + 1;
            chunks.push(whole.slice(at, at + size));
            at += size;
          }
          assert.equal(run(framing, ...chunks), oracle(framing, whole));
        },
      ),
      { numRuns: 500 },
    );
  });
});
