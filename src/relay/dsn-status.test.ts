import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Failure } from '../failure.ts';
import { dsnStatus } from './dsn-status.ts';

describe('dsnStatus', () => {
  const permanent = (code: Failure['code'], more: Partial<Failure> = {}): string =>
    dsnStatus({ code, detail: '', ...more }, 'permanent');

  it('RT-4.2.1-6: REQUIRETLS has codes of its own', () => {
    assert.equal(permanent('POLICY_REQUIRETLS_UNSUPPORTED'), '5.7.30');
    assert.equal(permanent('POLICY_REQUIRETLS_UNVERIFIED'), '5.7.10');
    const unsure: Failure = { code: 'POLICY_REQUIRETLS_UNSURE', detail: '' };
    assert.equal(dsnStatus(unsure, 'temporary'), '4.7.10');
  });

  it('NMX-4.1-1: null MX is 5.1.10', () => {
    assert.equal(permanent('POLICY_NULL_MX'), '5.1.10');
  });

  it('TLS faults are 7.5, connections 4.1; both temporary while the message waits', () => {
    const tls: Failure = {
      code: 'TLS_CERTIFICATE_EXPIRED',
      detail: '',
      resultType: 'certificate-expired',
    };
    assert.equal(dsnStatus(tls, 'temporary'), '4.7.5');
    assert.equal(dsnStatus({ code: 'DIAL_TIMEOUT', detail: '' }, 'temporary'), '4.4.1');
  });

  it('a code without a result type is told by what it is about', () => {
    assert.equal(permanent('SMTP_TIMEOUT'), '5.4.2');
    assert.equal(permanent('SMTP_MESSAGE_TOO_LARGE'), '5.3.4');
    assert.equal(permanent('SMTP_REQUIRETLS_MISSING'), '5.7.30');
    assert.equal(permanent('DNS_TIMEOUT'), '5.4.3');
    assert.equal(permanent('STS_FETCH_HELD_BACK'), '5.7.5');
    assert.equal(permanent('POLICY_STORE_DOWN'), '5.3.0');
  });
});
