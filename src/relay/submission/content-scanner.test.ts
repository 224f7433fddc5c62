import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ContentScanner } from './content-scanner.ts';

interface Scanned {
  readonly text: string;
  readonly fault: string | undefined;
  readonly ended: boolean;
  readonly used: number;
  readonly bodyStart: number | undefined;
}

/** Scans in pieces of `step` octets. */
function scan(input: string, step = input.length, maxLine = 998): Scanned {
  const pieces: string[] = [];
  const scanner = new ContentScanner({
    maxLine,
    take: (piece) => pieces.push(piece.toString('latin1')),
  });
  const bytes = Buffer.from(input, 'latin1');
  let used = 0;
  for (let at = 0; at < bytes.length && !scanner.ended; at += step) {
    used += scanner.feed(bytes.subarray(at, at + step));
  }
  const { fault, ended, bodyStart, size } = scanner;
  const text = pieces.join('');
  assert.equal(size, text.length);
  return { text, fault, ended, used, bodyStart };
}

describe('the content scanner', () => {
  it('finds the end, and uses nothing beyond it', () => {
    const found = scan('a: b\r\n\r\nx\r\n.\r\nQUIT\r\n');
    assert.deepEqual(found, {
      text: 'a: b\r\n\r\nx\r\n',
      fault: undefined,
      ended: true,
      used: 14,
      bodyStart: 6,
    });
  });

  it('an end without a line before it is an empty content', () => {
    assert.equal(scan('.\r\n').text, '');
    assert.equal(scan('.\r\n').ended, true);
  });

  it('takes off the first dot of a line, and only there', () => {
    assert.equal(scan('..\r\n.a\r\nb.\r\n...\r\n.\r\n').text, '.\r\na\r\nb.\r\n..\r\n');
  });

  it('a stuffed dot does not count for the length of its line', () => {
    assert.equal(scan(`.${'x'.repeat(10)}\r\n.\r\n`, 100, 10).fault, undefined);
    assert.equal(scan(`${'x'.repeat(11)}\r\n.\r\n`, 100, 10).fault, 'long');
    assert.equal(scan('x'.repeat(100), 1, 10).fault, 'long');
  });

  it('is not misled by an end that is none', () => {
    for (const text of ['x\r\n.x\r\n', 'x\r\n. \r\n', 'x .\r\n', '..\r\n']) {
      assert.equal(scan(text).ended, false, text);
    }
  });

  it('a bare line end that comes after a line too long is still found', () => {
    assert.equal(scan(`${'x'.repeat(999)}\r\ny\nz\r\n.\r\n`).fault, 'bare');
    assert.equal(scan(`${'x'.repeat(999)}\r\ny\n.\r\n`).fault, 'smuggling');
  });

  it('finds NUL, which no other fault hides but one of a line end', () => {
    for (const step of [1, 2, 100]) {
      assert.equal(scan('a\0b\r\n.\r\n', step).fault, 'nul');
      assert.equal(scan('.\0\r\n.\r\n', step).fault, 'nul');
      assert.equal(scan('\0.\r\n.\r\nx', step).used, 7);
      assert.equal(scan('xxxxxxx\r\n\0\r\n.\r\n', step, 4).fault, 'nul');
      assert.equal(scan('\0\r\na\nb\r\n.\r\n', step).fault, 'bare');
      assert.equal(scan('a\nb\r\n\0\r\n.\r\n', step).fault, 'bare');
      assert.equal(scan('\0\r\n.\n', step).fault, 'smuggling');
      assert.equal(scan('x\r\n.\r\n\0\r\n', step).fault, undefined);
    }
  });

  const piece = fc.constantFrom('\0', '\r', '\n', '\r\n', '.', 'a', '\r\n.\r\n', '\r\n..', ' ');
  const content = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

  it('fuzz: the pieces in which a content comes change nothing', () => {
    fc.assert(
      fc.property(content, fc.integer({ min: 1, max: 7 }), (text, step) => {
        const input = `${text}\r\n.\r\n`;
        const whole = scan(input, input.length, 12);
        const cut = scan(input, step, 12);
        assert.equal(cut.fault, whole.fault);
        assert.equal(cut.ended, whole.ended);
        assert.equal(cut.used, whole.used);
        if (whole.fault === undefined) assert.deepEqual(cut, whole);
      }),
      { numRuns: 2_000 },
    );
  });

  it('fuzz: what was taken without a fault has only CR LF, and its end is the first strict one', () => {
    fc.assert(
      fc.property(content, (text) => {
        const input = `${text}\r\n.\r\n`;
        const { fault, text: taken, used } = scan(input);
        if (fault !== undefined) {
          assert.match(input.slice(0, used), /\r(?!\n)|(?<!\r)\n|\0/);
          return;
        }
        assert.doesNotMatch(taken, /\r(?!\n)|(?<!\r)\n|\0/);
        const framed = `\r\n${input}`;
        assert.equal(used, framed.indexOf('\r\n.\r\n') + 3);
        const sent = framed.slice(2, framed.indexOf('\r\n.\r\n') + 2);
        assert.equal(taken, sent.replace(/^\./gm, ''));
      }),
      { numRuns: 2_000 },
    );
  });

  it('fuzz: what a laxer server takes for an end is never passed over', () => {
    fc.assert(
      fc.property(content, (text) => {
        const input = `${text}\r\n.\r\n`;
        const lax = /(?:^|\r\n|\r|\n)\.(?:\r\n|\r|\n)/.exec(input)!;
        const { used, ended } = scan(input);
        assert.ok(ended);
        // One octet more may be needed to tell CR from CR LF.
        assert.ok(used <= lax.index + lax[0].length + 1, JSON.stringify({ input, used }));
      }),
      { numRuns: 2_000 },
    );
  });

  it('a line may be as long as it may be, wherever it stands', () => {
    const fill = 'f'.repeat(70);
    for (const length of [9, 10, 11, 12, 13]) {
      const expected = length > 12 ? 'long' : undefined;
      for (const before of [
        '',
        'a\r\n',
        '\r\n',
        '..\r\n',
        '123456789012\r\n',
        'a\r\n'.repeat(20),
      ]) {
        const input = `${before}${fill.slice(0, length)}\r\nz\r\n.\r\n`;
        assert.equal(scan(input, input.length, 12).fault, expected, JSON.stringify(input));
      }
    }
  });

  it('fuzz: equals what is found line by line', () => {
    const line = fc.oneof(
      { arbitrary: fc.constantFrom('', 'a', 'a: b', '.', '..', '.x', 'x.'), weight: 6 },
      {
        arbitrary: fc.integer({ min: 10, max: 14 }).map((length) => 'l'.repeat(length)),
        weight: 2,
      },
      { arbitrary: fc.constantFrom('a\rb', 'a\nb', '\r', '\n', '.\r', 'a\r.'), weight: 1 },
    );
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 20 }),
        fc.integer({ min: 1, max: 90 }),
        (lines, step) => {
          const input = [...lines, '.', 'QUIT', ''].join('\r\n');
          const expected = lineByLine(input, 12);
          const found = scan(input, step, 12);
          if (expected === undefined) assert.notEqual(found.fault, undefined);
          else assert.deepEqual(found, { fault: undefined, ended: true, ...expected });
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

/** The same, a line after the other; undefined where a line is not as it must be. */
function lineByLine(
  input: string,
  maxLine: number,
): Pick<Scanned, 'text' | 'used' | 'bodyStart'> | undefined {
  let text = '';
  let bodyStart: number | undefined;
  for (let at = 0; ;) {
    const end = input.indexOf('\n', at);
    const whole = input.slice(at, end + 1);
    if (!/^[^\r\n]*\r\n$/.test(whole)) return undefined;
    at = end + 1;
    if (whole === '.\r\n') return { text, used: at, bodyStart };
    const line = whole.replace(/^\./, '');
    if (line.length - 2 > maxLine) return undefined;
    if (whole === '\r\n') bodyStart ??= text.length;
    text += line;
  }
}
