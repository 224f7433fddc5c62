import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { linesOf } from './input.ts';
import type { Io } from './io.ts';

const LIMIT = 8;

async function read(pieces: Iterable<Buffer>): Promise<readonly (string | undefined)[]> {
  const io = { stdin: Readable.from(pieces) } as unknown as Io;
  const found: (string | undefined)[] = [];
  for await (const { text } of linesOf('-', io, LIMIT)) found.push(text);
  return found;
}

describe('the lines of an input', () => {
  it('end with LF or CRLF, the last one also without; nothing has none', async () => {
    assert.deepEqual(await read([Buffer.from('a\nb\r\n\nc')]), ['a', 'b', '', 'c']);
    assert.deepEqual(await read([]), []);
  });

  it('do not end at U+2028: JSON leaves it as it is', async () => {
    assert.deepEqual(await read([Buffer.from('a\u2028b\n')]), ['a\u2028b']);
  });

  it('are numbered, and one too long has a number and no text; the next one is whole', async () => {
    const io = { stdin: Readable.from([Buffer.from('12345678\r\n123456789\nb')]) };
    const found: object[] = [];
    for await (const line of linesOf('-', io as unknown as Io, LIMIT)) found.push(line);
    assert.deepEqual(found, [
      { number: 1, text: '12345678' },
      { number: 2, text: undefined },
      { number: 3, text: 'b' },
    ]);
  });

  it('a line without end is not kept in memory', async () => {
    const piece = Buffer.alloc(1_048_576, 'x');
    function* endless(): Iterable<Buffer> {
      for (let sent = 0; sent < 256; sent += 1) yield piece;
      yield Buffer.from('\nlast');
    }
    const before = process.memoryUsage().rss;
    assert.deepEqual(await read(endless()), [undefined, 'last']);
    assert.ok(process.memoryUsage().rss - before < 128 * 1_048_576);
  });

  it('fuzz: are the same wherever the input is cut into pieces', async () => {
    const octets = fc.array(fc.constantFrom(0x61, 0x0a, 0x0d, 0xc3, 0xbc), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(octets, fc.array(fc.nat(60), { maxLength: 6 }), async (all, cuts) => {
        const input = Buffer.from(all);
        const places = [0, ...cuts.toSorted((a, b) => a - b), input.length];
        const pieces = places.slice(1).map((end, index) => input.subarray(places[index], end));
        assert.deepEqual(await read(pieces), await read([input]));
      }),
      { numRuns: 300 },
    );
  });
});
