import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from 'dns-packet';
import * as fc from 'fast-check';
import { isAtOrUnder, isNormalName, normalizeName, toUnicode } from './name.ts';
import { readMessage } from './message.ts';

function normal(input: string): string {
  const name = normalizeName(input);
  return name.ok ? name.value : name.failure.code;
}

describe('normalizeName', () => {
  it('STS-3.4-R4: case, trailing dot and U-labels come into one form', () => {
    assert.equal(normal('EXAMPLE.com.'), 'example.com');
    assert.equal(normal('Bücher.Example'), 'xn--bcher-kva.example');
    assert.equal(normal('XN--BCHER-KVA.example.'), 'xn--bcher-kva.example');
    assert.equal(normal('faß.example'), 'xn--fa-hia.example');
    assert.equal(normal('例え。テスト'), 'xn--r8jz45g.xn--zckzah');
  });

  it('numbers stay labels and are not read as addresses', () => {
    assert.equal(normal('1.2'), '1.2');
    assert.equal(normal('0x10.example'), '0x10.example');
    assert.equal(normal('é.12'), 'xn--9ca.12');
  });

  it('STS-3.1-1, DANE-6698-3-1: underscore labels may be looked up, but name no host', () => {
    assert.equal(normal('_mta-sts.Example.com'), '_mta-sts.example.com');
    assert.equal(normal('_25._tcp.MX.example'), '_25._tcp.mx.example');
    assert.equal(normalizeName('_25._tcp.mx.example', { hostName: true }).ok, false);
  });

  it('a host name has letters or digits at the ends of each label and is no address', () => {
    assert.equal(normalizeName('mx-1.example', { hostName: true }).ok, true);
    for (const name of ['-mx.example', 'mx-.example', '192.0.2.1', 'mx.example.1', 'a_b.example']) {
      assert.equal(normalizeName(name, { hostName: true }).ok, false, name);
    }
  });

  it('labels hold 63 and names 253 characters', () => {
    const label = 'a'.repeat(63);
    assert.equal(normal(`${label}.example`), `${label}.example`);
    assert.equal(normal(`${label}a.example`), 'DNS_NAME_INVALID');
    const longest = [label, label, label, 'a'.repeat(61)].join('.');
    assert.equal(longest.length, 253);
    assert.equal(normal(`${longest}.`), longest);
    assert.equal(normal(`${longest}a`), 'DNS_NAME_INVALID');
    assert.equal(normal(`${'ü'.repeat(63)}.example`), 'DNS_NAME_INVALID');
  });

  it('what could be read in two ways is refused', () => {
    const bad = ['', '.', '..', '.a', 'a..b', 'a b', 'a\0b', 'a/b', 'a%41', 'a%41é.b', 'é／.b'];
    for (const name of [...bad, 'a․é', 'a\\.b', '[192.0.2.1]', 'a\nb', 'a:25', 'x'.repeat(9000)]) {
      assert.equal(normal(name), 'DNS_NAME_INVALID', JSON.stringify(name));
    }
  });

  it('fuzz: a name is refused, or stays as it is the second time and survives the wire', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 80 }),
      fc.domain(),
      fc.string({
        unit: fc.constantFrom('a', 'B', '-', '_', '.', 'ü', '。', '1', '%'),
        maxLength: 300,
      }),
    );
    fc.assert(
      fc.property(text, (input) => {
        const name = normalizeName(input);
        if (!name.ok) return;
        assert.ok(isNormalName(name.value));
        assert.equal(normal(name.value), name.value);
        const octets = encode({ questions: [{ type: 'A', name: name.value }] });
        assert.equal(readMessage(octets).questions[0]?.name, name.value);
      }),
      { numRuns: 1500 },
    );
  });
});

describe('toUnicode', () => {
  it('shows U-labels', () => {
    assert.equal(toUnicode('xn--bcher-kva.example'), 'bücher.example');
    assert.equal(toUnicode('_mta-sts.1.2'), '_mta-sts.1.2');
  });

  it('leaves what is no right encoding', () => {
    for (const name of ['xn--a.example', 'xn--.example', 'xn--example.1']) {
      assert.equal(toUnicode(name), name);
    }
  });

  it('fuzz: what it shows leads back to the same name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (input) => {
        const name = normalizeName(`${input}.example`);
        if (name.ok) assert.equal(normal(toUnicode(name.value)), name.value);
      }),
    );
  });
});

describe('isAtOrUnder', () => {
  it('goes by labels', () => {
    assert.equal(isAtOrUnder('a.example', 'example'), true);
    assert.equal(isAtOrUnder('example', 'example'), true);
    assert.equal(isAtOrUnder('anexample', 'example'), false);
    assert.equal(isAtOrUnder('example', ''), true);
  });
});
