import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { jsonLine, nestsDeeperThan } from './json.ts';

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

describe('how deep JSON nests', () => {
  const deeper = (text: string, levels: number): boolean =>
    nestsDeeperThan(Buffer.from(text), levels);

  it('counts brackets and braces, but not those in text', () => {
    assert.equal(deeper('{"a":[{"b":1}]}', 2), true);
    assert.equal(deeper('{"a":[{"b":1}]}', 3), false);
    assert.equal(deeper('["[[[\\"[[[","]"]', 1), false);
    assert.equal(deeper('[[],[],[]]', 2), false);
  });

  it('text that never ends is read once, however many quotes are in it', () => {
    const start = process.threadCpuUsage().user;
    assert.equal(deeper('\\"{}'.repeat(1_000_000), 5), false);
    assert.ok(process.threadCpuUsage().user - start < 1_000_000);
  });

  it('fuzz: agrees with the value', () => {
    const depth = (value: unknown): number =>
      typeof value !== 'object' || value === null
        ? 0
        : 1 + Math.max(0, ...Object.values(value).map(depth));
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(6), (value, levels) => {
        assert.equal(deeper(JSON.stringify(value), levels), depth(value) > levels);
      }),
    );
  });
});
