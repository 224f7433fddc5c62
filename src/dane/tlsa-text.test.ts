import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseTlsa, tlsaText } from './tlsa-text.ts';

const detailOf = (text: string): string => {
  const outcome = parseTlsa(text);
  return outcome.ok ? 'no fault' : outcome.failure.detail;
};

describe('parseTlsa', () => {
  it('DANE-6698-2.2-1: three decimals and hex, with white space in it, as in a zone file', () => {
    const expected = {
      usage: 3,
      selector: 1,
      matchingType: 1,
      data: Uint8Array.of(0xab, 0xcd, 0xef),
    };
    for (const text of ['3 1 1 abcdef', ' 3\t1  1 AB cd\n EF ', '3 1 1 ( abc\n  def )']) {
      const outcome = parseTlsa(text);
      assert.deepEqual(outcome.ok && outcome.value, expected, text);
    }
  });

  it('DANE-6698-2.1-1: every octet is a legal number here; usability is another question', () => {
    const outcome = parseTlsa('255 254 253 00');
    assert.ok(outcome.ok);
    assert.equal(outcome.value.usage, 255);
    assert.equal(outcome.value.matchingType, 253);
  });

  it('says where the fault is', () => {
    assert.match(detailOf(''), /column 1: the usage is missing/);
    assert.match(detailOf('3 1'), /column 4: the matching type is missing/);
    assert.match(detailOf('3 256 1 aa'), /column 3: the selector must be a number/);
    assert.match(detailOf('3 -1 1 aa'), /column 3: the selector/);
    assert.match(detailOf('3 1 0x1 aa'), /column 5: the matching type/);
    assert.match(detailOf('3 1 1 aa bxb'), /column 11: the data must be hex/);
    assert.match(detailOf('3 1 1'), /column 6: the data is missing/);
    assert.match(detailOf('3 1 1 aab'), /odd number of hex digits \(3\)/);
    assert.match(detailOf('_25._tcp.mx.test. IN TLSA 3 1 1 aa'), /column 1: the usage/);
  });

  it('fuzz: what is written is read back', () => {
    const octet = fc.nat(255);
    fc.assert(
      fc.property(
        octet,
        octet,
        octet,
        fc.uint8Array({ minLength: 1 }),
        (usage, selector, matchingType, data) => {
          const tlsa = { usage, selector, matchingType, data: Uint8Array.from(data) };
          assert.deepEqual(parseTlsa(tlsaText(tlsa)), { ok: true, value: tlsa });
        },
      ),
    );
  });

  it('fuzz: no text throws, and what is read can be written', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f ()]{0,30}$/));
    fc.assert(
      fc.property(texts, (text) => {
        const outcome = parseTlsa(text);
        if (outcome.ok) assert.deepEqual(parseTlsa(tlsaText(outcome.value)), outcome);
      }),
      { numRuns: 1000 },
    );
  });
});
