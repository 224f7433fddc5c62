import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { jsonLine } from './json.ts';

describe('JSON for a terminal', () => {
  it('escapes what moves a cursor or turns text around', () => {
    assert.equal(
      jsonLine({ text: 'a\u009b2J\u007f\u202eb\u{e0001}ü' }),
      '{"text":"a\\u009b2J\\u007f\\u202eb\\udb40\\udc01ü"}',
    );
  });

  it('fuzz: means the same as before', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const line = jsonLine(value);
        assert.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify(value)));
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\u2028\u2029]/u);
      }),
    );
  });
});
