import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mapResolver } from './map-resolver.fixture.ts';

describe('mapResolver', () => {
  it('answers from its map and tells what it was asked', async () => {
    const dns = mapResolver({ records: { 'a.test': { A: ['192.0.2.1'] } }, secure: ['test'] });
    const answer = await dns.lookup('A.test.', 'A');
    assert.ok(answer.kind === 'records');
    assert.deepEqual(answer.records, ['192.0.2.1']);
    assert.equal(answer.security, 'secure');
    assert.equal((await dns.lookup('a.test', 'MX')).kind, 'nodata');
    assert.equal((await dns.lookup('test', 'MX')).kind, 'nodata');
    assert.equal((await dns.lookup('b.test', 'MX')).kind, 'nxdomain');
    assert.deepEqual(dns.asked, ['a.test/A', 'a.test/MX', 'test/MX', 'b.test/MX']);
    assert.equal(dns.count('a.test', 'A'), 1);
  });

  it('A16: a wildcard answers for names that do not exist', async () => {
    const dns = mapResolver({ records: { '*.d.test': { TXT: ['inbound'] }, 'a.d.test': {} } });
    assert.equal((await dns.lookup('_mta-sts.d.test', 'TXT')).kind, 'records');
    assert.equal((await dns.lookup('a.d.test', 'TXT')).kind, 'nodata');
    assert.equal((await dns.lookup('x.a.d.test', 'TXT')).kind, 'nxdomain');
  });

  it('follows CNAMEs with the security of each link, and fails as told', async () => {
    const dns = mapResolver({
      records: {
        'a.s.test': { CNAME: ['b.u.test'] },
        'b.u.test': { CNAME: ['c.s.test'] },
        'c.s.test': { A: ['192.0.2.1'] },
        'loop.test': { CNAME: ['loop.test'] },
      },
      secure: ['test'],
      insecure: ['u.test'],
      failing: { 'c.s.test/TLSA': 'bogus' },
    });
    const answer = await dns.lookup('a.s.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.equal(answer.security, 'insecure');
    assert.deepEqual(
      answer.chain.map((link) => link.security),
      ['secure', 'insecure'],
    );
    const bogus = await dns.lookup('a.s.test', 'TLSA');
    assert.ok(bogus.kind === 'failure');
    assert.equal(bogus.failure.resultType, 'dnssec-invalid');
    const loop = await dns.lookup('loop.test', 'A');
    assert.ok(loop.kind === 'failure');
    assert.equal(loop.failure.code, 'DNS_CNAME_LOOP');
  });
});
