import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { txtFromInput } from '../dns/txt-input.ts';
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

  it('fuzz: any text in quotes comes back, in linear time', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), (strings) => {
        const zone = strings
          .map((string) => `"${string.replaceAll(/["\\]/g, (char) => `\\${char}`)}"`)
          .join(' ');
        assert.equal(txtFromInput(zone), strings.join(''));
      }),
      { numRuns: 200 },
    );
    for (const unit of ['"', '\\', '" ', '"a" ', '(', '\n']) {
      const started = performance.now();
      lintRecord(`"${unit.repeat(65_536 / unit.length)}x`);
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
