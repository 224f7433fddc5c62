import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordText } from './record-text.ts';

describe('recordText', () => {
  it('writes each type as a zone file does', () => {
    assert.equal(recordText('A', '192.0.2.1'), '192.0.2.1');
    assert.equal(recordText('AAAA', '2001:db8::1'), '2001:db8::1');
    assert.equal(recordText('CNAME', 'b.example'), 'b.example.');
    assert.equal(recordText('NS', 'ns.example'), 'ns.example.');
    assert.equal(recordText('SOA', 'example'), 'example.');
    assert.equal(recordText('DS', '1 8 2 AB'), '1 8 2 AB');
    assert.equal(recordText('MX', { preference: 10, exchange: 'mx.example' }), '10 mx.example.');
  });

  it('writes a null MX with the root', () => {
    assert.equal(recordText('MX', { preference: 0, exchange: '' }), '0 .');
  });

  it('writes TLSA data as hexadecimal', () => {
    const data = Uint8Array.of(0xab, 0x01);
    assert.equal(
      recordText('TLSA', { usage: 3, selector: 1, matchingType: 1, data }),
      '3 1 1 ab01',
    );
  });

  it('quotes and escapes TXT, and cuts it into strings of 255', () => {
    assert.equal(recordText('TXT', 'v=STSv1; id=1;'), '"v=STSv1; id=1;"');
    assert.equal(recordText('TXT', 'a"b\\c\n\xff'), '"a\\"b\\\\c\\010\\255"');
    assert.equal(recordText('TXT', ''), '""');
    assert.equal(recordText('TXT', 'x'.repeat(256)), `"${'x'.repeat(255)}" "x"`);
  });
});
