import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { readStsRecord, stsRecordText } from './record.ts';

/** Codes of the faults that make the text invalid. */
function errors(text: string): string[] {
  return readStsRecord(text)
    .problems.filter((problem) => problem.severity === 'error')
    .map((problem) => problem.code);
}

function codes(text: string): string[] {
  return readStsRecord(text).problems.map((problem) => problem.code);
}

function idOf(text: string): string | undefined {
  return readStsRecord(text).value?.id;
}

describe('readStsRecord', () => {
  it('STS-3.1-5, A1: a plain record', () => {
    assert.deepEqual(readStsRecord('v=STSv1; id=20160831085700Z;'), {
      value: { id: '20160831085700Z', extensions: [] },
      problems: [],
    });
  });

  it('STS-3.1-2, A11: a byte above 127 is an error', () => {
    assert.deepEqual(errors('v=STSv1; id=1; x=caf\u00e9'), ['STS_RECORD_NOT_ASCII']);
    assert.deepEqual(errors('v=STSv1; id=\u00b9'), [
      'STS_RECORD_NOT_ASCII',
      'STS_RECORD_ID_INVALID',
    ]);
  });

  it('STS-3.1-3, A3: the version comes first, in exact case', () => {
    for (const text of ['id=1; v=STSv1', 'v=stsv1; id=1', 'V=STSv1; id=1', 'v=STSv12;id=1;', '']) {
      assert.deepEqual(errors(text), ['STS_RECORD_VERSION'], text);
    }
  });

  it('the mend of a wrong beginning keeps the id that is there', () => {
    for (const text of [
      'V=STSv1; id=7a',
      'v=STSv1, id=7a',
      'v=STSv1 id=7a;',
      'id=7a; v=STSv1',
      '"v=STSv1; id=7a;"',
      'v=stsv1;ID=7a',
    ]) {
      const [fault, ...others] = readStsRecord(text).problems;
      assert.equal(fault?.code, 'STS_RECORD_VERSION', text);
      assert.equal(fault.fix, 'write v=STSv1; id=7a;', text);
      assert.ok(
        others.every(({ code }) => code !== 'STS_RECORD_NO_FIELDS'),
        text,
      );
    }
    assert.match(readStsRecord('v=stsv1').problems[0]!.fix, /^write v=STSv1; id=2026/);
  });

  it('quotes around the id: the mend is to remove them', () => {
    const [fault] = readStsRecord('v=STSv1; id="7a"').problems;
    assert.deepEqual(
      [fault?.code, fault?.fix],
      ['STS_RECORD_ID_INVALID', 'write id=7a without quotes'],
    );
  });

  it('STS-3.1-4: fields stand in any order', () => {
    assert.equal(idOf('v=STSv1; foo=bar; id=1'), '1');
  });

  it('STS-3.1-5, A8: an id is 1 to 32 letters and digits under a lower-case name', () => {
    assert.equal(idOf(`v=STSv1; id=${'a'.repeat(32)}`), 'a'.repeat(32));
    assert.deepEqual(errors('v=STSv1; id='), ['STS_RECORD_ID_INVALID']);
    assert.deepEqual(errors(`v=STSv1; id=${'a'.repeat(33)}`), ['STS_RECORD_ID_INVALID']);
    assert.deepEqual(errors('v=STSv1; id=2024-01-01'), ['STS_RECORD_ID_INVALID']);
    assert.deepEqual(errors('v=STSv1; foo=1'), ['STS_RECORD_ID_MISSING']);
    assert.deepEqual(errors('v=STSv1; ID=1'), ['STS_RECORD_ID_MISSING']);
    const [unknown] = readStsRecord('v=STSv1; ID=1').problems;
    assert.equal(unknown?.fix, 'did you mean "id"?');
  });

  it('STS-3.1-7: ids are kept as they are and only ever compared for equality', () => {
    assert.equal(idOf('v=STSv1; id=0010'), '0010');
    assert.equal(idOf('v=STSv1; id=aBc'), 'aBc');
  });

  it('STS-3.1-8, A2: spaces and tabs around ";" only', () => {
    assert.equal(idOf('v=STSv1 \t; \tid=a \t;'), 'a');
    assert.deepEqual(codes('v=STSv1 ;\tid=1'), ['STS_RECORD_SPACE_BEFORE_DELIMITER']);
    assert.deepEqual(errors('v=STSv1; id = 1'), ['STS_RECORD_SPACE']);
    assert.deepEqual(errors('v=STSv1; id= 1'), ['STS_RECORD_SPACE']);
    assert.deepEqual(errors(' v=STSv1; id=1'), ['STS_RECORD_VERSION']);
    assert.deepEqual(errors('v =STSv1; id=1'), ['STS_RECORD_VERSION']);
  });

  it('STS-3.1-9, A12: one delimiter may end the record, an empty field may not stand in it', () => {
    for (const text of ['v=STSv1; id=1;', 'v=STSv1; id=1', 'v=STSv1; id=1; ', 'v=STSv1;id=1 ;']) {
      assert.equal(idOf(text), '1', text);
    }
    assert.deepEqual(errors('v=STSv1;; id=1'), ['STS_RECORD_EMPTY_FIELD']);
    assert.deepEqual(errors('v=STSv1; id=1;;'), ['STS_RECORD_EMPTY_FIELD']);
    assert.deepEqual(errors('v=STSv1; id=1 '), ['STS_RECORD_SPACE']);
  });

  it('STS-3.1-10: a version alone is not enough', () => {
    assert.deepEqual(errors('v=STSv1'), ['STS_RECORD_NO_FIELDS']);
    assert.deepEqual(errors('v=STSv1;'), ['STS_RECORD_NO_FIELDS']);
  });

  it('STS-3.1-11, A10: names and values of unknown fields', () => {
    assert.deepEqual(readStsRecord('v=STSv1; id=1; a.b_c-d=x/y:z').value?.extensions, [
      ['a.b_c-d', 'x/y:z'],
    ]);
    assert.deepEqual(errors('v=STSv1; id=1; x=a=b'), ['STS_RECORD_FIELD_VALUE']);
    assert.deepEqual(errors('v=STSv1; id=1; x='), ['STS_RECORD_FIELD_VALUE']);
    assert.deepEqual(errors('v=STSv1; id=1; x=a b'), ['STS_RECORD_FIELD_VALUE']);
    assert.deepEqual(errors('v=STSv1; id=1; x=a\u0000b'), ['STS_RECORD_FIELD_VALUE']);
    assert.deepEqual(errors('v=STSv1; id=1; _x=1'), ['STS_RECORD_FIELD_NAME']);
    assert.deepEqual(errors(`v=STSv1; id=1; ${'n'.repeat(33)}=1`), ['STS_RECORD_FIELD_NAME']);
    assert.equal(idOf(`v=STSv1; id=1; ${'n'.repeat(32)}=1`), '1');
    assert.deepEqual(errors('v=STSv1; id=1; loner'), ['STS_RECORD_FIELD']);
  });

  it('STS-3.2-1: unknown fields are ignored, and kept', () => {
    const reading = readStsRecord('v=STSv1; id=1; future=zz');
    assert.deepEqual(reading.value, { id: '1', extensions: [['future', 'zz']] });
    assert.deepEqual(
      reading.problems.map(({ code, severity }) => [code, severity]),
      [['STS_RECORD_FIELD_UNKNOWN', 'info']],
    );
  });

  it('STS-3.2-2, A9: the first of two ids counts, with a warning', () => {
    const reading = readStsRecord('v=STSv1; id=a; id=b');
    assert.equal(reading.value?.id, 'a');
    assert.deepEqual(
      reading.problems.map(({ code, severity, column }) => [code, severity, column]),
      [['STS_RECORD_FIELD_DUPLICATE', 'warning', 16]],
    );
  });

  it('STS-3.1-R2: a bad id makes the record invalid although it fits the form of an extension', () => {
    assert.deepEqual(errors('v=STSv1; id=a-b; id=ok'), ['STS_RECORD_ID_INVALID']);
    assert.deepEqual(errors('v=STSv1; id=ok; id=a-b'), ['STS_RECORD_ID_INVALID']);
  });

  it('finds every fault, each with its place, rule and remedy', () => {
    const { value, problems } = readStsRecord('v=STSv1;; id=a-b; =1; lone; x=\u00fc ');
    assert.equal(value, undefined);
    assert.deepEqual(
      problems
        .filter((problem) => problem.severity === 'error')
        .map(({ code, line, column }) => [code, line, column]),
      [
        ['STS_RECORD_EMPTY_FIELD', 1, 9],
        ['STS_RECORD_ID_INVALID', 1, 14],
        ['STS_RECORD_FIELD_NAME', 1, 19],
        ['STS_RECORD_FIELD', 1, 23],
        ['STS_RECORD_NOT_ASCII', 1, 31],
        ['STS_RECORD_SPACE', 1, 32],
      ],
    );
    for (const problem of problems) {
      assert.match(problem.message, /RFC 8461 §3\.[12]/);
      assert.notEqual(problem.fix, '');
    }
  });

  it('says one thing only of a text that is no such record', () => {
    assert.deepEqual(codes('v=spf1 include:_spf.example.com -all'), ['STS_RECORD_VERSION']);
    assert.deepEqual(codes('google-site-verification=abc'), ['STS_RECORD_VERSION']);
  });

  it('fuzz: what is printed is read back', () => {
    const letters = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789');
    const word = fc.string({
      unit: fc.constantFrom(...letters),
      minLength: 1,
      maxLength: 32,
    });
    const value = fc.string({
      unit: fc.constantFrom(...letters, '/', ':', '.', '!', '~', '"', '\\'),
      minLength: 1,
      maxLength: 40,
    });
    const extensions = fc.uniqueArray(
      fc.tuple(
        word.filter((name) => name !== 'id'),
        value,
      ),
      {
        selector: ([name]) => name,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(word, extensions, (id, extensions) => {
        const record = { id, extensions };
        assert.deepEqual(readStsRecord(stsRecordText(record)).value, record);
      }),
      { numRuns: 300 },
    );
  });

  it('fuzz: agrees with the grammar as a regular expression', () => {
    const grammar =
      /^v=STSv1(?:[ \t]*;[ \t]*(?:id=[A-Za-z0-9]{1,32}|[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[\x21-\x3A\x3C\x3E-\x7E]+))+(?:[ \t]*;[ \t]*)?$/;
    const piece = fc.constantFrom('v=STSv1', ';', ' ', '\t', 'id', '=', '1', 'a-b', 'x', '_', '.');
    const text = fc
      .array(piece, { maxLength: 12 })
      .map((pieces) => `${pieces.length % 4 === 0 ? '' : 'v=STSv1;'}${pieces.join('')}`);
    fc.assert(
      fc.property(text, (text) => {
        const ids = [...text.matchAll(/;[ \t]*id=([^;]*)/g)].map((match) => match[1]!.trimEnd());
        const isValid =
          grammar.test(text) && ids.length > 0 && ids.every((id) => /^[A-Za-z0-9]{1,32}$/.test(id));
        assert.equal(readStsRecord(text).value !== undefined, isValid);
      }),
      { numRuns: 2000 },
    );
  });

  it('fuzz: never throws, never a value together with an error', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code)),
          maxLength: 300,
        }),
        (text) => {
          const reading = readStsRecord(`v=STSv1;${text}`);
          const hasError = reading.problems.some((problem) => problem.severity === 'error');
          assert.equal(reading.value === undefined, hasError);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('fuzz: 64 KiB of garbage takes linear time and gives a bounded list', () => {
    for (const unit of [';', 'a=;', ' ', '\t;', '=', 'a', '\u00fca', 'id=1;', 'x=1;']) {
      const text = `v=STSv1;${unit.repeat(65_536 / unit.length)} x`;
      const started = performance.now();
      const { problems } = readStsRecord(text);
      assert.ok(performance.now() - started < 1000, JSON.stringify(unit));
      assert.ok(problems.length <= 101);
    }
    const { problems } = readStsRecord(`v=STSv1;${';'.repeat(1000)}`);
    assert.equal(problems.length, 101);
    assert.equal(problems.at(-1)?.code, 'STS_PROBLEMS_CUT');
  });
});
