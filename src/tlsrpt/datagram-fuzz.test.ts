import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { AT, bytes, failed } from './datagram.fixture.ts';
import { readDatagram, type DatagramReading } from './datagram.ts';

describe('anything', () => {
  const wellFormed = (reading: DatagramReading): void => {
    if (reading.kind === 'invalid') {
      assert.match(reading.failure.code, /^DATAGRAM_/);
      return;
    }
    assert.ok(reading.results.length > 0);
    assert.ok(JSON.stringify(reading).length > 0);
    assert.equal(new Set(reading.notes).size, reading.notes.length);
  };

  it('fuzz: octets never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (input) =>
        wellFormed(readDatagram(input, AT)),
      ),
      { numRuns: 500 },
    );
  });

  it('fuzz: any JSON in any place never throws', () => {
    const any = fc.jsonValue({ maxDepth: 3 });
    const odd = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
      fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: any });
    const text = odd(fc.string({ unit: 'binary', maxLength: 20 }));
    const detail = fc.record(
      {
        c: odd(fc.constantFrom(201, 205, 399, 901)),
        s: text,
        n: text,
        h: text,
        r: text,
        a: text,
        f: text,
      },
      { requiredKeys: [] },
    );
    const policy = fc.record(
      {
        'policy-type': odd(fc.constantFrom(1, 2, 9)),
        'policy-domain': odd(fc.constantFrom('quay.example', 'Q.example.', '')),
        'policy-string': odd(fc.array(text, { maxLength: 4 })),
        'mx-host': odd(fc.array(text, { maxLength: 4 })),
        'failure-details': odd(fc.array(odd(detail), { maxLength: 4 })),
        t: any,
        f: odd(fc.constantFrom(0, 1)),
      },
      { requiredKeys: [] },
    );
    const whole = fc.record({
      dpv: any,
      d: odd(fc.constant('harbour.example')),
      pr: text,
      policies: odd(fc.array(odd(policy), { maxLength: 3 })),
    });
    let counted = 0;
    fc.assert(
      fc.property(whole, (value) => {
        const reading = readDatagram(bytes(value), AT);
        if (reading.kind === 'results') counted += 1;
        wellFormed(reading);
      }),
      { numRuns: 500 },
    );
    assert.ok(counted > 50, `only ${counted} were read`);
  });

  it('fuzz: a damaged datagram never throws', () => {
    const whole = failed({
      c: 205,
      s: '198.51.100.10',
      n: 'a.harbour.example',
      r: '203.0.113.9',
      f: 'x',
    });
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(whole.length), (changes, length) => {
        const input = Uint8Array.from(whole);
        for (const [index, octet] of changes) input[index] = octet;
        wellFormed(readDatagram(input.subarray(0, length), AT));
        wellFormed(readDatagram(input, AT));
      }),
      { numRuns: 500 },
    );
  });
});
