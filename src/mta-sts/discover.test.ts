import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mapResolver, type MapWorld } from '../dns/map-resolver.fixture.ts';
import { discover, selectStsRecord } from './discover.ts';
import type { Discovery } from './types.ts';

const RECORD = 'v=STSv1; id=1;';

function short(discovery: Discovery): string {
  return discovery.kind === 'record'
    ? discovery.record.id
    : `${discovery.kind} ${discovery.failure.code}`;
}

async function found(world: MapWorld, policyDomain = 'example.com'): Promise<string> {
  return short(await discover({ resolver: mapResolver(world), policyDomain }));
}

describe('selectStsRecord', () => {
  const select = (...records: string[]): string => short(selectStsRecord(records));

  it('STS-3.1-12, A6, A16: records that do not begin with v=STSv1; are dropped', () => {
    assert.equal(select('google-site-verification=x', RECORD), '1');
    assert.equal(select(RECORD, 'v=spf1 -all', 'verification=abc'), '1');
    assert.equal(select('inbound'), 'absent STS_RECORD_NONE');
    assert.equal(select('inbound', 'v=spf1 -all'), 'absent STS_RECORD_NONE');
  });

  it('STS-3.1-3, A3, A4: another version, or one that is not first, is no record beside a valid one', () => {
    assert.equal(select('v=STSv12;id=2;', RECORD), '1');
    assert.equal(select('v=STSv10', RECORD), '1');
    assert.equal(select('id=2; v=STSv1;', RECORD), '1');
    assert.equal(select('id=2; v=STSv1;'), 'absent STS_RECORD_INVALID');
    assert.equal(select('v=stsv1; id=1'), 'absent STS_RECORD_INVALID');
  });

  it('STS-3.1-13, A5: anything but one valid record is none', () => {
    assert.equal(select(RECORD, 'v=STSv1; id=2;'), 'absent STS_RECORD_SEVERAL');
    assert.equal(select(RECORD, RECORD), 'absent STS_RECORD_SEVERAL');
    assert.equal(select('v=STSv1; id=bad-value;'), 'absent STS_RECORD_INVALID');
    assert.equal(select('v=STSv1;', 'inbound'), 'absent STS_RECORD_INVALID');
    assert.equal(select('v=STSv1;', RECORD), 'absent STS_RECORD_SEVERAL');
  });

  it('STS-3.1-8, A2: a space before ";" is good in a single record and dropped beside others', () => {
    assert.equal(select('v=STSv1 ; id=1'), '1');
    assert.equal(select('v=STSv1 ; id=2', RECORD), '1');
    assert.equal(select('v=STSv1 ; id=2', 'inbound'), 'absent STS_RECORD_NONE');
  });

  it('says what is wrong in one line that moves no cursor', () => {
    const discovery = selectStsRecord(['v=STSv1; id=\u001b[2J\r\n']);
    assert.equal(discovery.kind, 'absent');
    assert.match(discovery.failure.detail, /the id is .*not letters and digits only/);
    assert.doesNotMatch(discovery.failure.detail, /[\x00-\x1f]/);
  });
});

describe('discover', () => {
  it('STS-3.1-1, STS-3.4-3, STS-3.4-R4: asks for TXT at _mta-sts under the domain, and nothing else', async () => {
    const resolver = mapResolver({
      records: {
        '_mta-sts.example.com': { TXT: [RECORD] },
        '_mta-sts.xn--bcher-kva.example': { TXT: ['v=STSv1; id=2'] },
      },
    });
    assert.equal(short(await discover({ resolver, policyDomain: 'EXAMPLE.com.' })), '1');
    assert.equal(short(await discover({ resolver, policyDomain: 'b\u00fccher.example' })), '2');
    assert.equal(
      short(await discover({ resolver, policyDomain: 'mail.example.com' })),
      'absent STS_RECORD_NONE',
    );
    assert.deepEqual(resolver.asked, [
      '_mta-sts.example.com/TXT',
      '_mta-sts.xn--bcher-kva.example/TXT',
      '_mta-sts.mail.example.com/TXT',
    ]);
  });

  it('STS-3.1-15, STS-3.4-R1, A15: a CNAME at the name is followed, one at the domain is not', async () => {
    const world = {
      records: {
        '_mta-sts.u.example': { CNAME: ['_mta-sts.p.example'] },
        '_mta-sts.p.example': { TXT: [RECORD] },
        'a.example': { CNAME: ['u.example'] },
      },
    } as const;
    assert.equal(await found(world, 'u.example'), '1');
    assert.equal(await found(world, 'a.example'), 'absent STS_RECORD_NONE');
  });

  it('STS-3.1-R1, A13, A14: no record and no answer are told apart', async () => {
    const records = { '_mta-sts.nodata.example': { A: ['192.0.2.1'] } };
    const failing = {
      '_mta-sts.servfail.example': 'servfail',
      '_mta-sts.timeout.example': 'timeout',
      '_mta-sts.bogus.example': 'bogus',
    } as const;
    const world = { records, failing };
    assert.equal(await found(world, 'nxdomain.example'), 'absent STS_RECORD_NONE');
    assert.equal(await found(world, 'nodata.example'), 'absent STS_RECORD_NONE');
    assert.equal(await found(world, 'servfail.example'), 'failed DNS_SERVFAIL');
    assert.equal(await found(world, 'timeout.example'), 'failed DNS_TIMEOUT');
    assert.equal(await found(world, 'bogus.example'), 'failed DNS_BOGUS');
  });

  it('STS-3.4-2: what can be no domain is not asked for', async () => {
    const resolver = mapResolver({ records: {} });
    for (const policyDomain of ['[192.0.2.1]', '', 'a..example', 'a b.example']) {
      const discovery = await discover({ resolver, policyDomain });
      assert.equal(short(discovery), 'absent DNS_NAME_INVALID', policyDomain);
    }
    assert.deepEqual(resolver.asked, []);
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.example`;
    assert.equal(
      short(await discover({ resolver, policyDomain: long })),
      'absent DNS_NAME_INVALID',
    );
    assert.deepEqual(resolver.asked, []);
  });
});
