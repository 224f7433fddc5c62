import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { collectProblems } from '../problems.ts';
import { readTxtInput } from './txt-input.ts';

interface Read {
  readonly texts: readonly string[];
  readonly faults: readonly string[];
}

function read(input: Uint8Array | string): Read {
  const problems = collectProblems('STS_PROBLEMS_CUT');
  const texts = readTxtInput(input, problems).map(({ text }) => text);
  const faults = problems
    .list()
    .map(({ code, line, column, severity }) => `${line}:${column} ${severity} ${code}`);
  return { texts, faults };
}

/** Where a piece of the record stands in the input. */
function placeOf(input: string, piece: string): string {
  const [record] = readTxtInput(input, collectProblems('STS_PROBLEMS_CUT'));
  const { line, column } = record!.placeOf(record!.text.indexOf(piece));
  return `${line}:${column}`;
}

describe('the text of a TXT record as a person hands it in', () => {
  it('bare or quoted, on one line or on several', () => {
    assert.deepEqual(read('\r\nv=X; a=1 \r\n'), { texts: ['v=X; a=1 '], faults: [] });
    assert.deepEqual(read('"v=X; " "a=1"\n'), { texts: ['v=X; a=1'], faults: [] });
    assert.deepEqual(read('"v=X; "\n  "a=1"\n'), { texts: ['v=X; a=1'], faults: [] });
    assert.deepEqual(read('( "v=X; " ; half\n  "a=1" ) ; whole'), {
      texts: ['v=X; a=1'],
      faults: [],
    });
    assert.deepEqual(read('"v=X\\; a=\\097\\"\\\\"'), { texts: ['v=X; a=a"\\'], faults: [] });
    assert.deepEqual(read(''), { texts: [], faults: [] });
  });

  it('every piece of the joined text knows its place in the file', () => {
    assert.equal(placeOf('"v=X; a=1-2;"', '1-2'), '1:9');
    assert.equal(placeOf('"v=X; "\r\n   "a=1-2;"', 'a='), '2:5');
    assert.equal(placeOf('"v=X\\; b=\\0651" "a=1"', '1'), '1:14');
    assert.equal(placeOf('"\u{1f4ee}" "a"', 'a'), '1:6');
    const [record] = readTxtInput('"v=X; "\n "a=1"', collectProblems('STS_PROBLEMS_CUT'));
    assert.deepEqual(record!.placeOf(record!.text.length), { line: 2, column: 6 });
  });

  it('several lines are several records, quoted or not; a line that begins none is a fault', () => {
    assert.deepEqual(read('v=X; a=1\nv=X; a=2\n'), {
      texts: ['v=X; a=1', 'v=X; a=2'],
      faults: [],
    });
    assert.deepEqual(read('"v=X; a=1"\n"v=X; a=2"').texts, ['v=X; a=1', 'v=X; a=2']);
    assert.deepEqual(read('v=X;\n a=1'), {
      texts: ['v=X; a=1'],
      faults: ['2:1 error DNS_TXT_LINE_BREAK'],
    });
  });

  it('a line of a zone file, or of dig or host: its TXT data is the record', () => {
    for (const head of [
      '_mta-sts.x.example. 300 IN TXT ',
      '_mta-sts IN 1h TXT\t',
      '  TXT ',
      'IN TXT ',
      '_mta-sts.x.example text = ',
      '_mta-sts.x.example descriptive text ',
    ]) {
      assert.deepEqual(
        read(`${head}"v=X; a=1"`),
        { texts: ['v=X; a=1'], faults: ['1:1 info DNS_TXT_ZONE_LINE'] },
        head,
      );
    }
    assert.deepEqual(read('a TXT "v=X; a=1"\na TXT "v=X; a=2"').texts.length, 2);
    assert.deepEqual(read('a TXT v=X\\; a=1'), {
      texts: ['v=X; a=1'],
      faults: ['1:1 info DNS_TXT_ZONE_LINE'],
    });
    assert.deepEqual(read('a TXT v=X; a=1'), {
      texts: ['v=X; a=1'],
      faults: ['1:1 info DNS_TXT_ZONE_LINE', '1:10 error DNS_TXT_UNQUOTED'],
    });
  });

  it('a byte order mark, an open quote, text beside the quotes, a backslash, a long string', () => {
    assert.deepEqual(read('\ufeffv=X; a=1'), {
      texts: ['v=X; a=1'],
      faults: ['1:1 error DNS_TXT_BOM'],
    });
    assert.deepEqual(read('"v=X; a=1\n'), {
      texts: ['v=X; a=1'],
      faults: ['1:1 error DNS_TXT_QUOTE_OPEN'],
    });
    assert.deepEqual(read('"v=X; " a=1'), {
      texts: ['v=X; '],
      faults: ['1:9 error DNS_TXT_OUTSIDE_QUOTES'],
    });
    assert.deepEqual(read('v=X\\; a=1\\;'), {
      texts: ['v=X; a=1;'],
      faults: ['1:4 warning DNS_TXT_BACKSLASH'],
    });
    assert.deepEqual(read(`"v=X" "${'a'.repeat(255)}"`).faults, []);
    assert.deepEqual(read(`"v=X" "${'a'.repeat(256)}"`).faults, [
      '1:7 warning DNS_TXT_STRING_LONG',
    ]);
  });

  it('fuzz: any text in quotes comes back, and its octets are where they are said to be', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), (strings) => {
        const zone = strings
          .map((string) => `"${string.replaceAll(/["\\]/g, (char) => `\\${char}`)}"`)
          .join(' ');
        const [record] = readTxtInput(zone, collectProblems('STS_PROBLEMS_CUT'));
        assert.equal(record?.text, strings.join(''));
        for (let at = 0; at < record.text.length; at += 1) {
          const { column } = record.placeOf(at);
          assert.ok(zone.slice(column - 1, column + 1).includes(record.text[at]!));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('fuzz: never throws, whatever comes, and takes linear time', () => {
    const piece = fc.oneof(
      fc.constantFrom('"', '\\', ';', '(', ')', '\n', '\r', 'TXT ', 'v=', ' ', '\\1', '\ufeff'),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const input = pieces.join('');
        for (const record of readTxtInput(input, collectProblems('STS_PROBLEMS_CUT'))) {
          const { line, column } = record.placeOf(record.text.length);
          assert.ok(line >= 1 && column >= 1 && column <= input.length + 1);
        }
      }),
      { numRuns: 500 },
    );
    for (const unit of ['"', '\\', '" ', '"a" ', '(', '\n', '1 ', 'a', 'a TXT ', 'v=\n', '\\;']) {
      const started = performance.now();
      read(unit.repeat(65_536 / unit.length));
      read(`"${unit.repeat(65_536 / unit.length)}x`);
      assert.ok(performance.now() - started < 1000, JSON.stringify(unit));
    }
  });
});
