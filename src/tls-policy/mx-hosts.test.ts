import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { empty, failedAnswer, records } from './evidence.fixture.ts';
import { hostNameFault, hostsOf, MAX_MX_HOSTS } from './mx-hosts.ts';

const mx = (...list: readonly (readonly [preference: number, exchange: string])[]) =>
  hostsOf(
    'example.test',
    records(
      'example.test',
      'MX',
      list.map(([preference, exchange]) => ({ preference, exchange })),
    ),
  );

describe('hostsOf', () => {
  it('NMX-3-1, STS-3.4-R3: one lone `0 .` is null MX', () => {
    assert.deepEqual(mx([0, '']), { hostsFrom: 'null-mx', hosts: [] });
  });

  it('NMX-3-2: a `.` among others is passed over', () => {
    assert.deepEqual(mx([0, ''], [10, 'mx1.test']), {
      hostsFrom: 'mx',
      hosts: [{ host: 'mx1.test', preference: 10 }],
    });
  });

  it('a `.` with another preference names no host and is not null MX', () => {
    assert.deepEqual(mx([10, '']), { hostsFrom: 'mx', hosts: [] });
  });

  it('DANE-7672-2.2.1-1: by preference, equals in the order of the answer', () => {
    const { hosts } = mx([20, 'c.test'], [10, 'b.test'], [10, 'a.test']);
    assert.deepEqual(
      hosts.map(({ host }) => host),
      ['b.test', 'a.test', 'c.test'],
    );
  });

  it('a host that is named twice counts with its best preference', () => {
    assert.deepEqual(mx([20, 'a.test'], [10, 'a.test']).hosts, [
      { host: 'a.test', preference: 10 },
    ]);
  });

  it('SMTP-5.1-2, STS-3.4-R2: no MX means the domain itself', () => {
    assert.deepEqual(hostsOf('example.test', empty('nodata', 'example.test', 'MX')), {
      hostsFrom: 'implicit',
      hosts: [{ host: 'example.test', preference: 0 }],
    });
  });

  it('SMTP-5.1-1: NXDOMAIN and failure name nothing', () => {
    const nothing = { hostsFrom: 'nothing', hosts: [] };
    assert.deepEqual(hostsOf('example.test', empty('nxdomain', 'example.test', 'MX')), nothing);
    assert.deepEqual(hostsOf('example.test', failedAnswer('example.test', 'MX')), nothing);
  });

  it('keeps a hostile list within bounds, best hosts first', () => {
    const list = Array.from(
      { length: 500 },
      (_, index) => [500 - index, `h${index}.test`] as const,
    );
    const { hosts } = mx(...list);
    assert.equal(hosts.length, MAX_MX_HOSTS);
    assert.equal(hosts[0]?.host, 'h499.test');
  });
});

describe('hostNameFault', () => {
  it('DANE-7672-2.2-6: an address is no host name', () => {
    for (const text of ['192.0.2.1', '2001:db8::1', '[192.0.2.1]']) {
      assert.equal(hostNameFault(text)?.code, 'POLICY_MX_IS_ADDRESS', text);
    }
  });

  it('neither is nonsense', () => {
    for (const text of ['', 'a b.test', 'a..test']) {
      assert.equal(hostNameFault(text)?.code, 'POLICY_MX_NAME_INVALID', text);
    }
    assert.equal(hostNameFault('mx1.example.test'), undefined);
  });
});
