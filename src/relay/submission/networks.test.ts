import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkNotOpen,
  clientKey,
  createTrustedNetworks,
  isLoopbackListener,
  plainAddress,
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
    assert.ok(isOpen(...Array.from({ length: 200 }, (_item, index) => `${index + 1}.0.0.0/8`)));
  });

  it('may be a network that somebody owns', () => {
    assert.ok(!isOpen('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fe80::/10'));
    assert.ok(!isOpen('18.0.0.0/8', '2001:db8::/32', '127.0.0.0/8', '::1/128'));
    assert.ok(!isOpen('2002::/16'));
    assert.ok(!isOpen(...Array.from({ length: 300 }, () => '18.0.0.0/8')));
    assert.ok(!isOpen());
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
