import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { decodeXtext, encodeUtf8Address, encodeXtext } from './xtext.ts';

describe('xtext', () => {
  it('encodes plus, equals, blanks and everything beyond printable ASCII (RFC 3461 §4)', () => {
    assert.equal(encodeXtext('a+b=c d'), 'a+2Bb+3Dc+20d');
    assert.equal(encodeXtext('QQ314159'), 'QQ314159');
    assert.equal(encodeXtext('\r\n'), '+0D+0A');
    assert.equal(encodeXtext('ü'), '+C3+BC');
  });

  it('refuses what is no xtext', () => {
    for (const text of ['a+', 'a+2', 'a+2b', 'a=b', 'a b', 'a\r', '+C3', 'ü']) {
      const outcome = decodeXtext(text);
      assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'SMTP_XTEXT_INVALID', text);
    }
  });

  it('keeps a percent sign as it is', () => {
    assert.deepEqual(decodeXtext('100%25+2B'), { ok: true, value: '100%25+' });
  });

  it('fuzz: what is written is xtext, and reads back the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const encoded = encodeXtext(text);
        assert.match(encoded, /^[!-~]*$/);
        assert.deepEqual(decodeXtext(encoded), { ok: true, value: text });
      }),
    );
  });

  it('writes UTF-8 addresses in ASCII (RFC 6533 §3)', () => {
    assert.equal(encodeUtf8Address('jürgen+x@例.test'), 'j\\x{FC}rgen\\x{2B}x@\\x{4F8B}.test');
    assert.equal(encodeUtf8Address('a\\b c\t'), 'a\\x{5C}b\\x{20}c\\x{09}');
  });
});
