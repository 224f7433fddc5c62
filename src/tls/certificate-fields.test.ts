import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createAuthority, createLabCa, issueLeaf } from '../lab/pki/ca.ts';
import { element, sequence } from '../lab/pki/der.ts';
import { certificateFields } from './certificate-fields.ts';
import { isOneElement, readElement, readElements } from './der.ts';

describe('certificateFields', () => {
  it('DANE-6698-2.1-1: finds the SPKI as it stands in the certificate', () => {
    const leaf = createLabCa().issue(['mx.example.test']);
    assert.deepEqual(new Uint8Array(certificateFields(leaf.der)!.spki), leaf.spki);
  });

  it('finds DNS names, path length and name constraints', () => {
    const limited = createAuthority({
      name: 'Limited',
      pathLength: 3,
      nameConstraints: { permitted: ['a.test', '192.0.2.1'], excluded: ['b.a.test'] },
    });
    const authority = certificateFields(limited.der);
    assert.equal(authority?.pathLength, 3);
    assert.deepEqual(authority?.dnsConstraints, { permitted: ['a.test'], excluded: ['b.a.test'] });
    const leaf = certificateFields(issueLeaf({ names: ['x.test', '::1', '*.y.test'] }).der);
    assert.deepEqual(leaf?.dnsNames, ['x.test', '*.y.test']);
    assert.equal(leaf?.pathLength, undefined);
    assert.equal(leaf?.dnsConstraints, undefined);
  });

  it('fuzz: random octets, and certificates with octets changed or cut off, never throw', () => {
    const { der } = issueLeaf({ names: ['x.test'] });
    const changed = fc
      .tuple(fc.nat(der.length - 1), fc.nat(255), fc.nat(der.length))
      .map(([at, octet, length]) => {
        const copy = Uint8Array.from(der.subarray(0, length));
        if (at < copy.length) copy[at] = octet;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), changed), (octets) => {
        certificateFields(octets);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('DER reader', () => {
  it('reads what the writer wrote, in every form of length', () => {
    for (const length of [0, 127, 128, 255, 256, 70_000]) {
      const written = element(0x04, Buffer.alloc(length, 7));
      const read = readElement(written);
      assert.equal(read?.content.length, length);
      assert.ok(isOneElement(written, 0x04));
      assert.ok(!isOneElement(Buffer.concat([written, Buffer.alloc(1)]), 0x04));
    }
  });

  it('refuses what is cut off, indefinite, or longer than there is', () => {
    const refused = [
      '',
      '30',
      '3080',
      '3002aa',
      '30850000000001',
      '3084ffffffff',
      '1f0100',
      '3081',
    ];
    for (const hex of refused) assert.equal(readElement(Buffer.from(hex, 'hex')), undefined, hex);
  });

  it('fuzz: random octets never throw or hang, and what is read adds up', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
        const elements = readElements(octets) ?? [];
        const total = elements.reduce((sum, { whole }) => sum + whole.length, 0);
        assert.ok(total === octets.length || elements.length === 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('fuzz: elements that were written are read back', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (contents) => {
        const written = sequence(...contents.map((content) => element(0x04, content)));
        const read = readElements(readElement(written)!.content)!;
        assert.deepEqual(
          read.map(({ content }) => [...content]),
          contents.map((content) => [...content]),
        );
      }),
    );
  });
});
