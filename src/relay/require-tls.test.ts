import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Capabilities } from '../smtp/types.ts';
import type { HostPolicy, Verdict } from '../tls-policy/types.ts';
import { hostFault, isLastingFault, messageDemand, sessionFault } from './require-tls.ts';

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
    assert.equal(hostFault(host('none'))?.code, 'POLICY_REQUIRETLS_MX');
    assert.equal(hostFault(host('mta-sts')), undefined);
    assert.equal(hostFault(host('dnssec')), undefined);
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
    assert.ok(!lasting('DNS_TIMEOUT'));
  });
});
