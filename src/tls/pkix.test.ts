import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { createLabCa } from '../lab/pki/ca.ts';
import { certificateText, excerpt } from './certificate-text.ts';
import { pkixVerdict } from './pkix.ts';
import { tlsFailure } from './tls-failure.ts';

const leaf = new X509Certificate(createLabCa().issue(['mx.example.test']).der);

describe('pkixVerdict', () => {
  const resultType = (reason: string): string | undefined => {
    const verdict = pkixVerdict(reason, leaf, 'mx.example.test');
    return verdict.trusted ? undefined : verdict.failure.resultType;
  };

  it('trusts where OpenSSL has no complaint', () => {
    assert.deepEqual(pkixVerdict(undefined, leaf, 'mx'), { trusted: true });
  });

  it('STS-4.2-1, STS-4.2-2: names each complaint as RFC 8460 does', () => {
    assert.equal(resultType('CERT_HAS_EXPIRED'), 'certificate-expired');
    const untrusted = [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'CERT_UNTRUSTED',
      'CERT_REJECTED',
      'CERT_SIGNATURE_FAILURE',
      'INVALID_CA',
      'CERT_REVOKED',
      'PATH_LENGTH_EXCEEDED',
      'INVALID_PURPOSE',
      'CERT_NOT_YET_VALID',
    ];
    for (const reason of untrusted) assert.equal(resultType(reason), 'certificate-not-trusted');
  });

  it('passes on a complaint that it does not know as the reason', () => {
    const verdict = pkixVerdict('SOMETHING_NEW', leaf, 'mx.example.test');
    assert.ok(!verdict.trusted);
    assert.equal(verdict.failure.code, 'TLS_CERTIFICATE_UNVERIFIED');
    assert.equal(verdict.failure.resultType, 'certificate-not-trusted');
    assert.equal(verdict.failure.reasonCode, 'SOMETHING_NEW');
    assert.match(verdict.failure.detail, /mx\.example\.test, issued by Lab Intermediate/);
  });
});

describe('tlsFailure', () => {
  it('names an error without a code too', () => {
    const failure = tlsFailure(new Error('boom\r\n'), 'mx');
    assert.equal(failure.code, 'TLS_HANDSHAKE_FAILED');
    assert.equal(failure.reasonCode, 'UNKNOWN');
  });

  it('names each known word', () => {
    const named: Readonly<Record<string, string>> = {
      ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'TLS_VERSION_TOO_OLD',
      ERR_SSL_UNSUPPORTED_PROTOCOL: 'TLS_VERSION_TOO_OLD',
      ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'TLS_HANDSHAKE_REFUSED',
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE': 'TLS_HANDSHAKE_REFUSED',
      ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'TLS_NAME_REFUSED',
      ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'TLS_CLIENT_CERTIFICATE_REQUIRED',
      ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: 'TLS_ALERT',
      ERR_SSL_WRONG_VERSION_NUMBER: 'TLS_NOT_TLS',
      ERR_SSL_UNEXPECTED_EOF_WHILE_READING: 'TLS_HANDSHAKE_CLOSED',
      EPIPE: 'TLS_HANDSHAKE_CLOSED',
      ETIMEDOUT: 'TLS_HANDSHAKE_TIMEOUT',
    };
    for (const [reason, code] of Object.entries(named)) {
      const failure = tlsFailure(Object.assign(new Error('x'), { code: reason }), 'mx');
      assert.equal(failure.code, code, reason);
      assert.doesNotMatch(failure.reasonCode ?? '', /^ERR_/);
    }
  });
});

describe('certificateText', () => {
  it('says who, by whom and until when on one line', () => {
    const date = leaf.validToDate.toISOString().slice(0, 10);
    assert.equal(
      certificateText(leaf),
      `mx.example.test, issued by Lab Intermediate, valid to ${date}`,
    );
  });

  it('says that a certificate is self-signed', () => {
    const own = new X509Certificate(createLabCa().issue(['a.test'], 'self-signed').der);
    assert.match(certificateText(own), /^a\.test, self-signed, valid to/);
  });

  it('makes hostile text harmless', () => {
    assert.equal(excerpt('a\nb\u001B[31mc\u202Ed e'), 'a\\u{a}b\\u{1b}[31mc\\u{202e}d e');
    assert.equal(excerpt('x'.repeat(500)).length, 81);
  });
});
