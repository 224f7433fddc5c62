import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Tlsa } from '../dns/types.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import { certificatePem } from '../lab/pki/certificate.ts';
import { DEFAULT_DIGESTS, usableRecords } from './usable.ts';
import { verifyDane } from './verify.ts';

const leaf = createLabCa().issue(['mx.example.test']);

const tlsa = (numbers: string, data: Uint8Array | number): Tlsa => {
  const [usage, selector, matchingType] = numbers.split(' ').map(Number) as [
    number,
    number,
    number,
  ];
  return {
    usage,
    selector,
    matchingType,
    data: typeof data === 'number' ? new Uint8Array(data) : data,
  };
};

const why = (record: Tlsa): string => usableRecords([record]).unusable[0]?.why ?? 'usable';

describe('usableRecords', () => {
  it('DANE-7672-3.1-1, DANE-7671-4-1: usages 2 and 3 only', () => {
    for (const usage of [0, 1]) assert.match(why(tlsa(`${usage} 1 1`, 32)), /PKIX.*not for mail/);
    for (const usage of [4, 255]) assert.match(why(tlsa(`${usage} 1 1`, 32)), /unknown/);
    for (const usage of [2, 3]) assert.equal(why(tlsa(`${usage} 1 1`, 32)), 'usable');
  });

  it('DANE-6698-4.1-1, DANE-6698-6-1: selectors 0 and 1, matching types 0, 1 and 2, digests of their length', () => {
    assert.match(why(tlsa('3 2 1', 32)), /selector 2 is unknown/);
    assert.match(why(tlsa('3 1 3', 32)), /matching type 3 is unknown/);
    assert.match(why(tlsa('3 1 9', 32)), /matching type 9 is unknown/);
    assert.match(why(tlsa('3 1 1', 31)), /32 octets, not 31/);
    assert.match(why(tlsa('3 1 1', 33)), /32 octets, not 33/);
    assert.match(why(tlsa('3 0 2', 32)), /64 octets, not 32/);
    assert.match(why(tlsa('3 1 1', 0)), /not 0/);
    assert.equal(why(tlsa('3 0 2', 64)), 'usable');
    assert.equal(why(tlsa('2 0 1', 32)), 'usable');
  });

  it('DANE-6698-4.1-1: full data must be what the selector says', () => {
    for (const usage of [2, 3]) {
      assert.equal(why(tlsa(`${usage} 0 0`, leaf.der)), 'usable');
      assert.equal(why(tlsa(`${usage} 1 0`, leaf.spki)), 'usable');
      assert.match(why(tlsa(`${usage} 0 0`, leaf.spki)), /no certificate/);
      assert.match(why(tlsa(`${usage} 1 0`, leaf.der)), /no public key/);
    }
    const spoilt = (data: Uint8Array): Uint8Array => Uint8Array.of(...data, 0);
    assert.match(why(tlsa('3 0 0', spoilt(leaf.der))), /no certificate/);
    assert.match(why(tlsa('3 1 0', spoilt(leaf.spki))), /no public key/);
    assert.match(why(tlsa('3 0 0', leaf.der.subarray(0, -1))), /no certificate/);
    assert.match(why(tlsa('3 0 0', Buffer.from('garbage'))), /no certificate/);
    assert.match(why(tlsa('3 0 0', Buffer.from(certificatePem(leaf.der)))), /no certificate/);
    assert.match(why(tlsa('3 1 0', 0)), /no public key/);
  });

  it('DANE-7671-9-1: of several digests only the strongest counts, for each usage and selector', () => {
    const records = [
      tlsa('3 1 1', 32),
      tlsa('3 1 2', 64),
      tlsa('3 0 1', 32),
      tlsa('2 1 1', 32),
      tlsa('3 1 0', leaf.spki),
    ];
    const { usable, unusable } = usableRecords(records);
    assert.deepEqual(usable, records.slice(1));
    assert.match(unusable[0]?.why ?? '', /outdone by 3 1 2/);
  });

  it('DANE-7671-9-1: a malformed stronger digest outdoes nothing', () => {
    const records = [tlsa('3 1 1', 32), tlsa('3 1 2', 63)];
    assert.deepEqual(usableRecords(records).usable, [records[0]]);
  });

  it('DANE-7671-9-2: the order of digests can be set, and a digest can be switched off', () => {
    const records = [tlsa('3 1 1', 32), tlsa('3 1 2', 64)];
    const reversed = usableRecords(records, DEFAULT_DIGESTS.toReversed());
    assert.deepEqual(reversed.usable, [records[0]]);
    const only512 = DEFAULT_DIGESTS.filter(({ hash }) => hash === 'sha512');
    assert.deepEqual(usableRecords(records, only512).usable, [records[1]]);
    assert.deepEqual(usableRecords([records[0]!], only512).usable, []);
    const future = [{ matchingType: 9, hash: 'sha3-256', length: 32 }, ...DEFAULT_DIGESTS];
    assert.deepEqual(
      usableRecords([...records, tlsa('3 1 9', 32)], future).usable[0]?.matchingType,
      9,
    );
  });

  it('fuzz: random TLSA data never throws, here or in verification; every record is sorted once', () => {
    const chain = [new X509Certificate(leaf.der)];
    const data = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc
        .constantFrom(32, 64)
        .chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
      fc.constantFrom(leaf.der, leaf.spki),
    );
    const record = fc.record({
      usage: fc.nat(4),
      selector: fc.nat(2),
      matchingType: fc.nat(3),
      data: data.map((octets) => Uint8Array.from(octets)),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), (records) => {
        const { usable, unusable } = usableRecords(records);
        assert.equal(usable.length + unusable.length, records.length);
        assert.deepEqual(usableRecords(usable).usable, usable);
        const verdict = verifyDane({
          chain,
          records,
          referenceNames: ['mx.example.test'],
          now: Date.UTC(2026, 0),
        });
        if (verdict.matched) assert.ok(usable.includes(verdict.record));
      }),
      { numRuns: 500 },
    );
  });
});
