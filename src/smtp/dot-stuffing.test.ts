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

/** Octet by octet, as it was written before there was a fast way. */
function slowly(framing: Framing, chunks: readonly string[]): string {
  let sent = '';
  let atLineStart = true;
  let afterCr = false;
  for (const octet of chunks.join('')) {
    if (octet === '\r' || octet === '\n') {
      if (octet === '\r' || !afterCr) sent += '\r\n';
      afterCr = octet === '\r';
      atLineStart = true;
      continue;
    }
    if (atLineStart && framing === 'dot' && octet === '.') sent += '.';
    sent += octet;
    afterCr = false;
    atLineStart = false;
  }
  const lineEnd = atLineStart ? '' : '\r\n';
  return framing === 'dot' ? `${sent}${lineEnd}.\r\n` : `${sent}${lineEnd}`;
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

  it('what is clean is passed on as it is, without a copy', () => {
    for (const framing of ['dot', 'counted'] as const) {
      const writer = new ContentWriter(framing);
      for (const text of ['a\r\nb.\r\n', '\xff', '.still the same line', '\r\n\r\n', 'x\r\n']) {
        const chunk = Buffer.from(text, 'latin1');
        const pieces = [...writer.write(chunk)];
        assert.equal(pieces.length, 1);
        assert.equal(pieces[0]!.buffer, chunk.buffer, JSON.stringify(text));
        assert.equal(pieces[0]!.byteOffset, chunk.byteOffset);
        assert.equal(pieces[0]!.length, chunk.length);
      }
    }
  });

  it('where a chunk is cut does not matter', () => {
    const cuts: readonly (readonly string[])[] = [
      ['a\r\n', '.b\r\n'],
      ['a\r', '\n.b\r\n'],
      ['a\r', '.b\r\n'],
      ['a\r', '\r', '\n', '.'],
      ['a\n', '.b'],
      ['a\n', '\n.b'],
      ['a', '\n', '.', '.b'],
      ['a', '.b\r\n'],
      ['.', '\r\n'],
      ['a\r\n.', '\r\n'],
      ['', '.a', '', '\r', '', '\n', '', '.'],
      ['a\r', 'b\r\n'],
      ['\r', '\n'],
      ['\n', '\r'],
    ];
    for (const chunks of cuts) {
      for (const framing of ['dot', 'counted'] as const) {
        assert.equal(run(framing, ...chunks), slowly(framing, chunks), JSON.stringify(chunks));
      }
    }
  });

  it('a chunk longer than a piece is the same however the cut falls', () => {
    for (const at of [65_533, 65_534, 65_535, 65_536, 65_537]) {
      for (const mark of ['\r\n.', '\r\n', '\r', '\n', '\n.', '.', '\r.']) {
        const text = `${'a'.repeat(at)}${mark}${'b'.repeat(10)}`;
        for (const framing of ['dot', 'counted'] as const) {
          assert.ok(
            run(framing, text) === slowly(framing, [text]),
            `${at} ${JSON.stringify(mark)}`,
          );
        }
      }
    }
  });

  it('fuzz: equals the slow way, chunk by chunk, where most is clean', () => {
    const clean = fc.constantFrom('a', 'line\r\n', 'x.\r\n', '\r\n', '\xff', '\0', ' ');
    const rare = fc.constantFrom('\r', '\n', '.', '\r\n.', '\n.', '.\r\n', '\n\r');
    const unit = fc.oneof({ arbitrary: clean, weight: 6 }, { arbitrary: rare, weight: 1 });
    const chunk = fc.string({ unit, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 8 }),
        fc.constantFrom<Framing>('dot', 'counted'),
        (chunks, framing) => {
          assert.equal(run(framing, ...chunks), slowly(framing, chunks));
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
