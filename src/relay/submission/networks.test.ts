import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkNotOpen,
  clientKey,
  createTrustedNetworks,
  isLoopbackListener,
  plainAddress,
  publicNetworks,
  trustsOthers,
} from './networks.ts';

function isOpen(...trustedNetworks: string[]): boolean {
  const checked = checkNotOpen({ trustedNetworks, listen: ['127.0.0.1:25', '0.0.0.0:25'] });
  assert.ok(checked.ok || checked.failure.code === 'RELAY_OPEN');
  return !checked.ok;
}

describe('trusted networks', () => {
  it('hold what they name', () => {
    const networks = createTrustedNetworks(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);
    for (const inside of ['10.255.0.1', '2001:db8::1', '192.0.2.1']) {
      assert.ok(networks.holds(inside), inside);
    }
    for (const outside of ['11.0.0.1', '2001:db9::1', '192.0.2.2', '::ffff:10.0.0.1', '', 'x']) {
      assert.ok(!networks.holds(outside), outside);
    }
  });

  it('are never the whole Internet, in one piece or in many', () => {
    assert.ok(isOpen('0.0.0.0/0'));
    assert.ok(isOpen('::/0'));
    assert.ok(isOpen('0.0.0.0/1', '128.0.0.0/1'));
    assert.ok(isOpen('64.0.0.0/7'));
    assert.ok(isOpen('2000::/3'));
    assert.ok(isOpen('2001::/15'));
    assert.ok(isOpen('10.0.0.0/8', '8.0.0.0/6'));
    assert.ok(isOpen(...Array.from({ length: 16 }, (_item, index) => `${index + 60}.0.0.0/8`)));
    assert.ok(isOpen(...Array.from({ length: 8 }, (_item, index) => `2a0${index}::/16`)));
    assert.ok(isOpen('2000::/16', '2001::/16', '2400::/14', '2600::/16', '2a00::/16'));
  });

  it('may be a network that somebody owns', () => {
    assert.ok(!isOpen('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fe80::/10'));
    assert.ok(!isOpen('18.0.0.0/8', '2001:db8::/32', '127.0.0.0/8', '::1/128'));
    assert.ok(!isOpen(...Array.from({ length: 15 }, (_item, index) => `${index + 60}.0.0.0/8`)));
    assert.ok(!isOpen('2001::/16', '2a00::/16', '2600::/16'));
    assert.ok(!isOpen(...Array.from({ length: 300 }, () => '18.0.0.0/8')));
    assert.ok(!isOpen());
  });

  it('are judged by the IPv4 that an IPv6 block holds: 6to4, NAT64', () => {
    assert.ok(isOpen('2002::/16'));
    assert.ok(isOpen('2002:4000::/18'));
    assert.ok(isOpen('64:ff9b::/96'));
    assert.ok(isOpen('64:ff9b::/95'));
    assert.ok(isOpen('64:ff9b::/32'));
    assert.ok(isOpen('64:ff9b::4000:0/98'));
    const half = Array.from({ length: 8 }, (_item, index) => `${index + 60}.0.0.0/8`);
    const rest = Array.from({ length: 8 }, (_item, index) => `2002:${index + 50}00::/24`);
    assert.ok(isOpen(...half, ...rest));
    assert.ok(!isOpen(...half, '2002:3c00::/24', '64:ff9b::3d00:0/104'), 'the same IPv4 again');
    assert.ok(!isOpen('2002:c000:200::/40', '64:ff9b::c000:200/120', '64:ff9b::a00:0/104'));
  });

  it('are not written as mapped IPv4: it says how', () => {
    for (const [mapped, plain] of [
      ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
      ['::ffff:a00:0/104', '10.0.0.0/8'],
      ['::ffff:0:0/96', '0.0.0.0/0'],
    ] as const) {
      for (const listen of [['0.0.0.0:25'], ['127.0.0.1:25']]) {
        const checked = checkNotOpen({ trustedNetworks: [mapped], listen });
        assert.equal(!checked.ok && checked.failure.code, 'RELAY_NETWORK_MAPPED');
        assert.ok(!checked.ok && checked.failure.detail.includes(`write ${plain}`));
      }
    }
  });

  it('know what is public', () => {
    assert.deepEqual(publicNetworks(['10.0.0.0/8', '127.0.0.0/8', '::1/128', 'fd00::/8']), []);
    assert.deepEqual(publicNetworks(['10.0.0.0/7', '192.0.2.0/24', '2002:a00::/24']), [
      '10.0.0.0/7',
      '192.0.2.0/24',
    ]);
  });

  it('may be anything where only this machine can connect', () => {
    const listen = ['127.0.0.1:25', '[::1]:25'];
    assert.ok(checkNotOpen({ trustedNetworks: ['0.0.0.0/0', '::/0'], listen }).ok);
  });

  it('know loopback from the rest', () => {
    assert.ok(isLoopbackListener('127.5.0.1:25'));
    assert.ok(isLoopbackListener('[::1]:25'));
    assert.ok(!isLoopbackListener('0.0.0.0:25'));
    assert.ok(!isLoopbackListener('[::]:25'));
    assert.ok(!trustsOthers(['127.0.0.0/8', '127.0.0.1', '::1/128']));
    assert.ok(trustsOthers(['127.0.0.0/8', '10.0.0.1/32']));
    assert.ok(trustsOthers(['0.0.0.0/0']));
  });
});

describe('one client', () => {
  it('is an IPv4 address or an IPv6 /64', () => {
    assert.equal(clientKey('192.0.2.1'), '192.0.2.1');
    assert.equal(clientKey('2001:db8:0:1::1'), clientKey('2001:db8:0:1:ffff::2'));
    assert.notEqual(clientKey('2001:db8:0:1::1'), clientKey('2001:db8:0:2::1'));
  });

  it('is known by its IPv4 address on a socket for both', () => {
    assert.equal(plainAddress('::ffff:192.0.2.1'), '192.0.2.1');
    assert.equal(plainAddress('fe80::1%eth0'), 'fe80::1');
    assert.equal(plainAddress(undefined), '');
  });
});
