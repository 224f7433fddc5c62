import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { readKey } from './key.ts';
import { readRequest } from './request.ts';

/** As the key comes from the wire. */
function read(key: string): ReturnType<typeof readKey> {
  return readKey(Buffer.from(key).toString('latin1'), 25);
}

describe('requests', () => {
  it('a map name, a space and a key', () => {
    assert.deepEqual(readRequest('postfix d.test'), { mapName: 'postfix', key: 'd.test' });
    assert.deepEqual(readRequest('sts a b'), { mapName: 'sts', key: 'a b' });
    assert.deepEqual(readRequest(' d.test'), { mapName: '', key: 'd.test' });
    assert.deepEqual(readRequest('postfix '), { mapName: 'postfix', key: '' });
  });

  it('H8: no space, no key', () => {
    for (const payload of ['', 'postfix', 'd.test']) assert.equal(readRequest(payload), undefined);
  });
});

describe('keys', () => {
  const domain = { kind: 'domain', domain: 'd.test', port: 25 } as const;

  it('H8: what can have no policy is nothing', () => {
    const keys = [
      '',
      '.',
      '.d.test',
      '.test',
      '[192.0.2.1]',
      '[192.0.2.1]:25',
      '[IPv6:2001:db8::1]',
      '[2001:db8::1]',
      '192.0.2.1',
      '192.0.2.1:25',
      '2001:db8::1',
      '1.2.3',
      '300.300.300.300',
      '/var/run/lmtp',
      'unix:/var/run/lmtp',
      'd.test d.test',
      'd.test\0',
      'd\0.test',
      'd.test\n',
      'a..test',
      `${'a'.repeat(64)}.test`,
      `${'abcdefg.'.repeat(32)}test`,
      'x'.repeat(9_000),
      '_x.d.test',
      '_25._tcp.d.test',
      'd.test:0',
      'd.test:65536',
      'd.test:',
      'd.test:pop3',
      '[d.test',
      'd.test]',
      '[]',
      '[]:25',
      'user@d.test',
      '*.d.test',
    ];
    for (const key of keys) assert.equal(read(key), undefined, JSON.stringify(key));
    assert.equal(readKey('m\xfcnchen.test', 25), undefined, 'latin1 is not UTF-8');
  });

  it('H9: upper case and a trailing dot', () => {
    for (const key of ['d.test', 'D.TEST', 'd.test.', 'D.Test.'])
      assert.deepEqual(read(key), domain);
  });

  it('H10: U-labels in UTF-8', () => {
    const expected = { kind: 'domain', domain: 'xn--mnchen-3ya.test', port: 25 };
    assert.deepEqual(read('münchen.test'), expected);
    assert.deepEqual(read('MÜNCHEN.test'), expected);
  });

  it('H11: brackets and ports', () => {
    assert.deepEqual(read('[d.test]'), { kind: 'host', host: 'd.test', port: 25 });
    assert.deepEqual(read('[D.test]:587'), { kind: 'host', host: 'd.test', port: 587 });
    assert.deepEqual(read('[d.test]:submission'), { kind: 'host', host: 'd.test', port: 587 });
    assert.deepEqual(read('d.test:587'), { ...domain, port: 587 });
    assert.deepEqual(read('d.test:smtp'), domain);
    assert.deepEqual(readKey('d.test', 2525), { ...domain, port: 2525 });
  });

  it('fuzz: any octets give a next hop with a policy domain, or nothing', () => {
    const latin1 = fc
      .uint8Array({ maxLength: 300 })
      .map((all) => Buffer.from(all).toString('latin1'));
    fc.assert(
      fc.property(fc.oneof(latin1, fc.domain(), fc.string({ unit: 'grapheme' })), (key) => {
        const nextHop = readKey(key, 25);
        if (nextHop === undefined) return;
        assert.notEqual(nextHop.kind, 'address');
        const name =
          nextHop.kind === 'domain' ? nextHop.domain : 'host' in nextHop ? nextHop.host : '';
        // An underscore is met inside the names of smart hosts; none begins a label of a host.
        assert.match(name, /^[a-z0-9._-]+$/);
        assert.doesNotMatch(name, /(?:^|\.)_/);
      }),
      { numRuns: 1000 },
    );
  });
});
