import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lintPolicy, lintRecord } from './lint.ts';

describe('lintRecord', () => {
  it('takes the bare text with line ends around it', () => {
    assert.equal(lintRecord(Buffer.from('v=STSv1; id=abc\n')).value?.id, 'abc');
    assert.equal(lintRecord('\r\nv=STSv1; id=abc;\r\n').value?.id, 'abc');
    assert.equal(lintRecord('v=STSv1; id=abc \n').value, undefined);
  });

  it('STS-3.1-14, A7: joins the strings of a zone file with nothing between', () => {
    assert.equal(lintRecord('"v=STSv1; i" "d=abc;"\n').value?.id, 'abc');
    assert.equal(lintRecord('( "v=STSv1; id="\n  "abc" )').value?.id, 'abc');
    assert.equal(lintRecord('"v=STSv1\\; id=\\097"').value?.id, 'a');
    assert.equal(lintRecord('"v=STSv1; id=abc').value, undefined);
  });

  it('reports octets that are not ASCII', () => {
    const codes = lintRecord(Buffer.from('v=STSv1; id=1; x=\u00fc')).problems.map(
      ({ code }) => code,
    );
    assert.ok(codes.includes('STS_RECORD_NOT_ASCII'));
  });

  it('places are those of the file, however the record is written', () => {
    const place = (input: string): unknown[] =>
      lintRecord(input).problems.map(({ code, line, column }) => [code, line, column]);
    assert.deepEqual(place('"v=STSv1; id=1-2;"'), [['STS_RECORD_ID_INVALID', 1, 14]]);
    assert.deepEqual(place('"v=STSv1; "\n   "id=1-2;"\n'), [['STS_RECORD_ID_INVALID', 2, 8]]);
    assert.deepEqual(place('"v=STSv1;"'), [['STS_RECORD_NO_FIELDS', 1, 10]]);
  });

  it('STS-3.1-13: two records are none, in quotes or not; each is checked in its own line', () => {
    const two = lintRecord('v=STSv1; id=1;\nv=STSv1; id=2-;\n');
    assert.equal(two.value, undefined);
    assert.deepEqual(
      two.problems.map(({ code, line, column }) => [code, line, column]),
      [
        ['STS_RECORD_SEVERAL', 2, 1],
        ['STS_RECORD_ID_INVALID', 2, 13],
      ],
    );
    assert.match(two.problems[0]!.message, /^two records: senders ignore both/);
    const [several] = lintRecord('"v=STSv1; id=1"\n"v=STSv1; id=2"').problems;
    assert.deepEqual([several?.code, several?.line], ['STS_RECORD_SEVERAL', 2]);
  });

  it('STS-3.1-12: a record of another kind beside it is passed over', () => {
    const { value, problems } = lintRecord('"v=spf1 -all"\n"v=STSv1; id=1;"\n');
    assert.equal(value?.id, '1');
    assert.deepEqual(
      problems.map(({ code, line, severity }) => [code, line, severity]),
      [['DNS_TXT_OTHER_RECORD', 1, 'info']],
    );
  });

  it('a whole zone line is taken for what it holds, with a word about it', () => {
    const { value, problems } = lintRecord('_mta-sts.x. 300 IN TXT "v=STSv1; id=1;"');
    assert.equal(value?.id, '1');
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['DNS_TXT_ZONE_LINE'],
    );
  });

  it('fuzz: many faults take linear time', () => {
    for (const unit of ['"', '\\', '" ', '"a" ', '(', '\n', 'v=STSv1;\n', '"v=STSv1;" ']) {
      const started = performance.now();
      lintRecord(`"${unit.repeat(65_536 / unit.length)}x`);
      lintRecord(unit.repeat(65_536 / unit.length));
      assert.ok(performance.now() - started < 1000, JSON.stringify(unit));
    }
  });
});

describe('lintPolicy', () => {
  it('takes the file as it is', () => {
    const text = 'version: STSv1\r\nmode: none\r\nmax_age: 604800\r\n';
    assert.equal(lintPolicy(Buffer.from(text)).value?.mode, 'none');
    assert.equal(lintPolicy(`\n${text}`).value, undefined);
  });
});
