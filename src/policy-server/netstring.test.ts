import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  MAX_REPLY,
  MAX_REQUEST,
  NetstringReader,
  netstringText,
  payloadOf,
  writeNetstring,
} from './netstring.ts';

interface Read {
  readonly payloads: readonly string[];
  readonly fault: string | undefined;
}

function read(...chunks: readonly (string | Buffer)[]): Read {
  const reader = new NetstringReader();
  const payloads: string[] = [];
  for (const chunk of chunks) {
    reader.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk);
    for (let next = reader.next(); next !== undefined; next = reader.next()) payloads.push(next);
  }
  return { payloads, fault: reader.fault };
}

/** Cuts octets at the given places. */
function cut(octets: Buffer, places: readonly number[]): readonly Buffer[] {
  const at = [0, ...places.map((place) => place % (octets.length + 1)), octets.length].toSorted(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => octets.subarray(at[index], end));
}

describe('reading netstrings', () => {
  it('H1: one request', () => {
    assert.deepEqual(read('20:postfix good.example,'), {
      payloads: ['postfix good.example'],
      fault: undefined,
    });
  });

  it('H2: octet by octet, two in one packet, a length in two pieces', () => {
    const two = '14:postfix d.test,9:sts e.fr7,';
    const payloads = ['postfix d.test', 'sts e.fr7'];
    assert.deepEqual(read(two).payloads, payloads);
    assert.deepEqual(read(...two.split('')).payloads, payloads);
    assert.deepEqual(read('1', '4:postfix d.test,9:sts ', 'e.fr7,').payloads, payloads);
    assert.deepEqual(read('14:postfix d.test,9').payloads, payloads.slice(0, 1));
  });

  it('H3: what is no netstring ends the reading', () => {
    const faults: readonly (readonly [string, string])[] = [
      ['05:hello,', 'length'],
      ['00:,', 'length'],
      [':,', 'length'],
      ['x:', 'length'],
      ['-1:a,', 'length'],
      ['+1:a,', 'length'],
      [' 1:a,', 'length'],
      ['1 :a,', 'length'],
      ['GET / HTTP/1.1\r\n', 'length'],
      ['1:ab', 'comma'],
      ['0:0:,', 'comma'],
      ['9223372036854775808:', 'too-long'],
      ['99999999999999999999999999', 'too-long'],
    ];
    for (const [octets, fault] of faults) {
      assert.deepEqual(read(octets), { payloads: [], fault }, octets);
      assert.deepEqual(
        read(...octets.split('')),
        { payloads: [], fault },
        `${octets} octet by octet`,
      );
    }
    assert.deepEqual(read('1:a,x1:b,', '1:c,'), { payloads: ['a'], fault: 'length' });
  });

  it('H4: 10,000 octets are read, one more is too long, known before it has come', () => {
    const longest = 'k'.repeat(MAX_REQUEST);
    assert.deepEqual(read(`10000:${longest},`).payloads, [longest]);
    assert.deepEqual(read('10001:'), { payloads: [], fault: 'too-long' });
  });

  it('an empty one, and every octet as it is', () => {
    assert.deepEqual(read('0:,'), { payloads: [''], fault: undefined });
    const all = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
    assert.deepEqual(read(writeNetstring(all)).payloads, [all.toString('latin1')]);
  });

  it('fuzz: the pieces in which octets come make no difference', () => {
    const octets = fc.oneof(
      fc
        .array(fc.uint8Array({ maxLength: 40 }))
        .map((all) => Buffer.concat(all.map((payload) => writeNetstring(Buffer.from(payload))))),
      fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all)),
      fc.stringMatching(/^[0-9:,x]{0,30}$/).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(octets, fc.array(fc.nat(), { maxLength: 8 }), (all, places) => {
        assert.deepEqual(read(...cut(all, places)), read(all));
      }),
      { numRuns: 1000 },
    );
  });

  it('fuzz: what is written is read back, and nothing else', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(payloads, (all) => {
        const buffers = all.map((payload) => Buffer.from(payload));
        const wire = Buffer.concat(buffers.map((payload) => writeNetstring(payload)));
        assert.deepEqual(read(wire), {
          payloads: buffers.map((payload) => payload.toString('latin1')),
          fault: undefined,
        });
        for (const payload of buffers) assert.deepEqual(payloadOf(netstringText(payload)), payload);
      }),
    );
  });
});

describe('writing netstrings', () => {
  it('H5: counts octets, not characters', () => {
    assert.equal(writeNetstring('ü').toString(), '2:ü,');
    assert.equal(writeNetstring('').toString(), '0:,');
    assert.ok(writeNetstring('x'.repeat(MAX_REPLY)).toString().startsWith('100000:x'));
  });
});
