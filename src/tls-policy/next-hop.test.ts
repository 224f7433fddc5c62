import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { nextHopText, parseNextHop, policyDomainOf, type NextHop } from './next-hop.ts';

const GOOD: readonly (readonly [text: string, expected: NextHop])[] = [
  ['example.com', { kind: 'domain', domain: 'example.com', port: 25 }],
  ['example.com.', { kind: 'domain', domain: 'example.com', port: 25 }],
  ['EXAMPLE.Com', { kind: 'domain', domain: 'example.com', port: 25 }],
  ['bücher.example', { kind: 'domain', domain: 'xn--bcher-kva.example', port: 25 }],
  ['example.com:587', { kind: 'domain', domain: 'example.com', port: 587 }],
  ['[mail.example.com]', { kind: 'host', host: 'mail.example.com', port: 25 }],
  ['[Mail.Example.com.]:587', { kind: 'host', host: 'mail.example.com', port: 587 }],
  ['[192.0.2.1]', { kind: 'address', address: '192.0.2.1', port: 25 }],
  ['[192.0.2.1]:2525', { kind: 'address', address: '192.0.2.1', port: 2525 }],
  ['[IPv6:2001:DB8:0::1]', { kind: 'address', address: '2001:db8::1', port: 25 }],
  ['[ipv6:2001:db8::1]:26', { kind: 'address', address: '2001:db8::1', port: 26 }],
  ['[2001:db8::1]', { kind: 'address', address: '2001:db8::1', port: 25 }],
];

const BAD: readonly string[] = [
  '',
  ' ',
  '.',
  '[]',
  '[example.com',
  'example.com]',
  '192.0.2.1',
  '2001:db8::1',
  '[IPv6:192.0.2.1]',
  '[IPv6:2001:db8::zz]',
  '[192.0.2.300]',
  '[fe80::1%eth0]',
  'example.com:0',
  'example.com:65536',
  'example.com:',
  '[example.com]:smtp',
  'a..example',
  `${'a'.repeat(64)}.example`,
  'exam ple.com',
  'example.com\n',
];

describe('parseNextHop', () => {
  it('STS-3.4-R4, STS-1.1-1: every spelling of a next hop becomes one', () => {
    for (const [text, value] of GOOD) assert.deepEqual(parseNextHop(text, 25), { ok: true, value });
  });

  it('what is no next hop is a coded failure', () => {
    for (const text of BAD) {
      const outcome = parseNextHop(text, 25);
      assert.equal(outcome.ok, false, text);
      assert.equal(outcome.failure.code, 'POLICY_NEXT_HOP_INVALID');
    }
  });

  it('uses the default port where none is written', () => {
    const outcome = parseNextHop('example.com', 2525);
    assert.equal(outcome.ok && outcome.value.port, 2525);
  });

  it('what is written is read back', () => {
    for (const [, hop] of GOOD) {
      assert.deepEqual(parseNextHop(nextHopText(hop), 25), { ok: true, value: hop });
    }
  });

  it('fuzz: any text gives a next hop that reads back, or a failure', () => {
    const piece = fc.constantFrom('a', 'B', '1', '.', '-', '_', '[', ']', ':', '%', 'ü', ' ', '::');
    const text = fc.oneof(fc.string({ unit: piece, maxLength: 12 }), fc.ipV6(), fc.ipV4());
    fc.assert(
      fc.property(text, fc.boolean(), (inner, brackets) => {
        const outcome = parseNextHop(brackets ? `[${inner}]` : inner, 25);
        if (outcome.ok) assert.deepEqual(parseNextHop(nextHopText(outcome.value), 25), outcome);
      }),
      { numRuns: 300 },
    );
  });
});

describe('policyDomainOf', () => {
  it('STS-3.4-1, STS-3.4-2, STS-3.4-3: the domain, the smart host itself, none for an address', () => {
    const of = (text: string): string | undefined => {
      const hop = parseNextHop(text, 25);
      return hop.ok ? policyDomainOf(hop.value) : 'invalid';
    };
    assert.equal(of('mail.example.com'), 'mail.example.com');
    assert.equal(of('[relay.isp.example]'), 'relay.isp.example');
    assert.equal(of('[192.0.2.1]'), undefined);
  });
});
