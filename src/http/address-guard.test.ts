import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ipv6Text } from '../dns/address.ts';
import { createAddressGuard } from './address-guard.ts';
import { addressBytes, isIn, parseBlock } from './cidr.ts';

const guard = createAddressGuard([], () => ['8.8.4.4', '2606:4700::1']);

describe('createAddressGuard', () => {
  it('STS-3.3-R2, B15: refuses what is not public, each with its reason', () => {
    const refused: readonly (readonly [address: string, why: string])[] = [
      ['0.0.0.0', 'this network'],
      ['0.1.2.3', 'this network'],
      ['10.0.0.1', 'private'],
      ['10.255.255.255', 'private'],
      ['100.64.0.1', 'shared by a carrier (CGNAT)'],
      ['100.127.255.255', 'shared by a carrier (CGNAT)'],
      ['127.0.0.1', 'loopback'],
      ['127.255.255.255', 'loopback'],
      ['169.254.169.254', 'link-local'],
      ['172.16.0.1', 'private'],
      ['172.31.255.255', 'private'],
      ['192.0.0.1', 'reserved for protocols'],
      ['192.0.2.1', 'for documentation'],
      ['192.88.99.1', 'a 6to4 relay'],
      ['192.168.1.1', 'private'],
      ['198.18.0.1', 'for benchmarks'],
      ['198.19.255.255', 'for benchmarks'],
      ['198.51.100.1', 'for documentation'],
      ['203.0.113.1', 'for documentation'],
      ['224.0.0.1', 'multicast'],
      ['239.255.255.255', 'multicast'],
      ['240.0.0.1', 'reserved'],
      ['255.255.255.255', 'reserved'],
      ['::', 'unspecified'],
      ['::1', 'loopback'],
      ['::127.0.0.1', 'not a public address'],
      ['::ffff:127.0.0.1', 'loopback'],
      ['::ffff:7f00:1', 'loopback'],
      ['::ffff:10.0.0.1', 'private'],
      ['::ffff:0:127.0.0.1', 'not a public address'],
      ['64:ff9b::7f00:1', 'loopback'],
      ['64:ff9b::169.254.169.254', 'link-local'],
      ['64:ff9b:1::1', 'local NAT64'],
      ['100::1', 'discarded'],
      ['2001::1', 'Teredo'],
      ['2001:2::1', 'for benchmarks'],
      ['2001:10::1', 'reserved for protocols'],
      ['2001:20::1', 'reserved for protocols'],
      ['2001:db8::1', 'for documentation'],
      ['2002:7f00:1::1', '6to4'],
      ['2002:808:808::1', '6to4'],
      ['3fff::1', 'for documentation'],
      ['4000::1', 'not a public address'],
      ['5f00::1', 'not a public address'],
      ['fc00::1', 'unique local'],
      ['fdff::1', 'unique local'],
      ['fe80::1', 'link-local'],
      ['fe80::1%eth0', 'link-local'],
      ['febf::1', 'link-local'],
      ['fec0::1', 'site-local'],
      ['ff02::1', 'multicast'],
      ['8.8.4.4', "this machine's own"],
      ['::ffff:8.8.4.4', "this machine's own"],
      ['2606:4700::1', "this machine's own"],
      ['2606:4700:0:0::0:1', "this machine's own"],
      ['mta-sts.example.com', 'not an address'],
      ['127.1', 'not an address'],
      ['0x7f000001', 'not an address'],
      ['', 'not an address'],
    ];
    for (const [address, why] of refused) {
      assert.equal(guard.why(address), why, address);
      assert.equal(guard.allows(address), false, address);
    }
  });

  it('lets public addresses through, also next to refused blocks', () => {
    for (const address of [
      '8.8.8.8',
      '1.0.0.0',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.167.255.255',
      '198.17.255.255',
      '198.20.0.0',
      '223.255.255.255',
      '2606:4700::2',
      '2001:200::1',
      '2001:4860:4860::8888',
      '2003::1',
      '3ffe::1',
      '::ffff:8.8.8.8',
      '64:ff9b::8.8.8.8',
    ]) {
      assert.equal(guard.why(address), undefined, address);
    }
  });

  it('STS-3.3-R2: what is allowed by the operator may be reached', () => {
    const open = createAddressGuard(['127.0.0.0/8', '::1', 'fd00:1::/32'], () => ['127.0.0.1']);
    assert.equal(open.allows('127.0.0.1'), true);
    assert.equal(open.allows('::ffff:127.0.0.1'), true);
    assert.equal(open.allows('::1'), true);
    assert.equal(open.allows('fd00:1::5'), true);
    assert.equal(open.allows('fd00:2::5'), false);
    assert.equal(open.allows('10.0.0.1'), false);
    assert.throws(() => createAddressGuard(['10.0.0.0/33']), /not a CIDR block/);
    assert.throws(() => createAddressGuard(['localhost']), /not a CIDR block/);
  });

  it('B15: knows the addresses of this machine by itself', () => {
    const real = createAddressGuard([]);
    for (const { address } of Object.values(networkInterfaces()).flatMap((each) => each ?? [])) {
      assert.equal(real.allows(address), false, address);
    }
  });
});

describe('parseBlock', () => {
  it('takes blocks and single addresses', () => {
    const block = parseBlock('10.128.0.0/9')!;
    assert.equal(isIn(addressBytes('10.128.0.0')!, block), true);
    assert.equal(isIn(addressBytes('10.127.255.255')!, block), false);
    assert.equal(parseBlock('192.0.2.1')?.prefix, 32);
    assert.equal(parseBlock('::/0')?.prefix, 0);
    for (const bad of [
      '',
      '/',
      '1.2.3.4/',
      '1.2.3.4/33',
      '::/129',
      '1.2.3.4/8/8',
      'a/8',
      '::1/-1',
    ]) {
      assert.equal(parseBlock(bad), undefined, bad);
    }
  });

  it('fuzz: addresses as octets and as text are the same', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        assert.deepEqual(addressBytes(ipv6Text(bytes)), bytes);
        const short = bytes.slice(0, 4);
        assert.deepEqual(addressBytes(short.join('.')), short);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4()), (address) => {
        assert.ok(addressBytes(address) !== undefined);
      }),
      { numRuns: 500 },
    );
  });
});
