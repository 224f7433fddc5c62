import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ErrorCode } from '../errors.ts';
import type { StsStatus } from '../mta-sts/types.ts';
import type { Capabilities } from '../smtp/types.ts';
import type { HostPolicy, Verdict } from '../tls-policy/types.ts';
import { noSts, stsPolicy } from '../tls-policy/evidence.fixture.ts';
import { hostFault, isLastingFault, messageDemand, sessionFault, stsDoubt } from './require-tls.ts';

const header = { present: true, submitted: true, use: 'submission' } as const;

describe('messageDemand', () => {
  it('RT-4.1-3, RT-8-1: REQUIRETLS wins over the header', () => {
    const envelope = { from: 'a@b.test', requireTls: true };
    assert.equal(messageDemand(envelope, header), 'require-tls');
  });

  it('RT-5-3: a bounce takes REQUIRETLS where it can be had', () => {
    assert.equal(messageDemand({ from: '', requireTls: true }, undefined), 'prefer-tls');
  });

  it('RT-3-3: the header counts for our own users, for all, or for nobody', () => {
    const from = { from: 'a@b.test' };
    const demand = (use: 'submission' | 'always' | 'never', submitted: boolean): string =>
      messageDemand(from, { present: true, submitted, use });
    assert.equal(demand('submission', true), 'report-only');
    assert.equal(demand('submission', false), 'policy');
    assert.equal(demand('always', false), 'report-only');
    assert.equal(demand('never', true), 'policy');
    assert.equal(messageDemand(from, { ...header, present: false }), 'policy');
    assert.equal(messageDemand(from, undefined), 'policy');
  });
});

describe('REQUIRETLS', () => {
  const host = (mx: 'none' | 'mta-sts' | 'dnssec'): HostPolicy => ({
    host: 'mx.test',
    preference: 10,
    port: 25,
    addresses: [],
    requirement: { kind: 'opportunistic' },
    servername: 'mx.test',
    level: { mx, tls: 'none' },
    why: '',
  });
  const capabilities = (requireTls: boolean): Capabilities => ({
    greeting: 'mx.test',
    startTls: false,
    pipelining: true,
    size: 0,
    eightBitMime: true,
    smtpUtf8: false,
    dsn: false,
    requireTls,
    enhancedStatusCodes: true,
    chunking: false,
    keywords: new Map(),
  });
  const verdict = (tls: Verdict['tls']): Verdict => ({ deliver: true, tls, why: 'so it is' });

  it('RT-2-3, RT-4.2.1-1, RT-4.2.1-R1: DNSSEC or an enforced policy must vouch for the MX host', () => {
    assert.equal(hostFault(host('none'), noSts())?.code, 'POLICY_REQUIRETLS_MX');
    assert.equal(hostFault(host('none'), undefined)?.code, 'POLICY_REQUIRETLS_MX');
    assert.equal(hostFault(host('mta-sts'), stsPolicy('enforce')), undefined);
    assert.equal(hostFault(host('dnssec'), noSts()), undefined);
  });

  it('RT-4.2.1-R1: a policy that is not known may yet vouch for the host', () => {
    const unknown = noSts({ code: 'DNS_TIMEOUT', detail: 'no answer for _mta-sts.mx.test' });
    assert.deepEqual(hostFault(host('none'), unknown), {
      code: 'POLICY_REQUIRETLS_UNSURE',
      detail:
        'REQUIRETLS: it is not known now whether an MTA-STS policy vouches for MX host mx.test: no answer for _mta-sts.mx.test',
    });
    assert.equal(hostFault(host('dnssec'), unknown), undefined);
  });

  it('RT-4.2.1-R1: sure are answers of DNS and a policy that nothing newer could replace', () => {
    const doubted = (code: ErrorCode): boolean =>
      stsDoubt(noSts({ code, detail: '' })) !== undefined;
    const sure = ['STS_RECORD_NONE', 'STS_RECORD_SEVERAL', 'STS_RECORD_INVALID'] as const;
    for (const code of sure) assert.ok(!doubted(code), code);
    const open = [
      'DNS_SERVFAIL',
      'DNS_TIMEOUT',
      'DNS_BOGUS',
      'STS_FIRST_CONTACT_PENDING',
      'STS_FETCH_HELD_BACK',
      'STS_POLICY_INVALID',
      'STS_POLICY_DROPPED',
      'HTTP_STATUS',
      'STORE_UNAVAILABLE',
    ] as const;
    for (const code of open) assert.ok(doubted(code), code);
    const testing = stsPolicy('testing');
    assert.ok(testing.kind === 'policy');
    const after = (code: ErrorCode): StsStatus => ({
      kind: 'policy',
      active: { ...testing.active, refreshFailure: { code, detail: '' } },
    });
    assert.equal(stsDoubt(testing), undefined);
    assert.equal(stsDoubt(undefined), undefined);
    assert.equal(stsDoubt(after('STS_RECORD_NONE')), undefined);
    assert.equal(stsDoubt(after('HTTP_STATUS'))?.code, 'HTTP_STATUS');
  });

  it('RT-2-3, RT-4.2.1-1: TLS must be verified, and the extension offered inside it', () => {
    const fault = (tls: Verdict['tls'], offered: boolean): string | undefined =>
      sessionFault('mx.test', verdict(tls), capabilities(offered))?.code;
    assert.equal(fault('authenticated', true), undefined);
    assert.equal(fault('authenticated', false), 'POLICY_REQUIRETLS_UNSUPPORTED');
    assert.equal(fault('encrypted', true), 'POLICY_REQUIRETLS_UNVERIFIED');
    assert.equal(fault('none', true), 'POLICY_REQUIRETLS_UNVERIFIED');
  });

  it('RT-4.2.1-R1: only what the destination must mend is lasting', () => {
    const lasting = (code: Parameters<typeof isLastingFault>[0]['code']): boolean =>
      isLastingFault({ code, detail: '' });
    assert.ok(lasting('POLICY_REQUIRETLS_MX'));
    assert.ok(lasting('POLICY_REQUIRETLS_UNSUPPORTED'));
    assert.ok(!lasting('POLICY_REQUIRETLS_UNVERIFIED'));
    assert.ok(!lasting('POLICY_REQUIRETLS_UNSURE'));
    assert.ok(!lasting('DNS_TIMEOUT'));
  });
});
