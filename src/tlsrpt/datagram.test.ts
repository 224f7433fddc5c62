import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AT,
  bytes,
  datagram,
  failed,
  HASH,
  only,
  read,
  RECORD,
  refusal,
  STS,
} from './datagram.fixture.ts';
import { readDatagram } from './datagram.ts';
import type { SessionResult } from './session-result.ts';

describe('a datagram as libtlsrpt writes it', () => {
  it('C1: a success under an STS policy', () => {
    // Spaces after the colons of texts only, as the library writes them.
    const text = `{"dpv": "1","d": "harbour.example","pr": "${RECORD}","policies":[{"policy-type":2,"policy-domain": "harbour.example","policy-string":["version: STSv1","mode: enforce","mx: a.harbour.example","max_age: 86400"],"mx-host":["a.harbour.example","*.quay.example"],"t":0,"f":0}]}`;
    assert.deepEqual(readDatagram(bytes(text), AT), {
      kind: 'results',
      record: RECORD,
      notes: [],
      results: [
        {
          at: AT,
          recipientDomain: 'harbour.example',
          policy: {
            type: 'sts',
            domain: 'harbour.example',
            strings: ['version: STSv1', 'mode: enforce', 'mx: a.harbour.example', 'max_age: 86400'],
            mxHosts: ['a.harbour.example', '*.quay.example'],
          },
          failures: [],
        },
      ],
    });
  });

  it('C2: a success under TLSA records; their order and case make no difference', () => {
    const tlsa = (strings: readonly string[]): SessionResult =>
      only(
        datagram([
          {
            'policy-type': 1,
            'policy-domain': 'MX1.quay.example.',
            'policy-string': strings,
            t: 0,
            f: 0,
          },
        ]),
      );
    const [one, two] = [`3 1 1 ${HASH.toUpperCase()}`, `2 0 1 ${HASH}`];
    const expected = {
      type: 'tlsa',
      domain: 'mx1.quay.example',
      strings: [`2 0 1 ${HASH}`, `3 1 1 ${HASH}`],
      mxHosts: [],
    };
    assert.deepEqual(tlsa([one, two]).policy, expected);
    assert.deepEqual(tlsa([two, one, two]).policy, expected);
  });

  it('C3, C4, C18: no policy, with its domain and without', () => {
    const named = only(
      datagram([{ 'policy-type': 9, 'policy-domain': 'harbour.example', t: 0, f: 0 }]),
    );
    const { results, notes } = read(datagram([{ 'policy-type': 9, t: 0, f: 0 }]));
    assert.deepEqual(results, [named]);
    assert.deepEqual(notes, []);
    assert.deepEqual(named.policy, {
      type: 'no-policy-found',
      domain: 'harbour.example',
      strings: [],
      mxHosts: [],
    });
  });

  it('C5: a failure; of a reply to EHLO in many lines only the name is kept', () => {
    const detail = {
      c: 205,
      s: '198.51.100.10',
      n: 'a.harbour.example',
      h: '250-smtp.harbour.example at your service\r\n250-SIZE 20480000\r\n250 STARTTLS',
      r: '203.0.113.9',
      a: 'https://help.harbour.example/tls?why=1',
      f: 'self-signed_certificate',
    };
    assert.deepEqual(only(failed(detail)).failures, [
      {
        resultType: 'validation-failure',
        sendingMtaIp: '198.51.100.10',
        receivingMxHostname: 'a.harbour.example',
        receivingMxHelo: 'smtp.harbour.example',
        receivingIp: '203.0.113.9',
        additionalInformation: 'https://help.harbour.example/tls?why=1',
        reasonCode: 'self-signed_certificate',
      },
    ]);
  });

  it('C6: two policies make two results', () => {
    const { results } = read(
      datagram([
        { ...STS, 'failure-details': [{ c: 303 }, { c: 204, r: '2001:DB8:0::25' }], t: 2, f: 1 },
        {
          'policy-type': 1,
          'policy-domain': 'mx.harbour.example',
          'policy-string': ['3 0 1 AB'],
          t: 0,
          f: 0,
        },
      ]),
    );
    assert.deepEqual(
      results.map(({ policy, failures }) => [policy.type, failures]),
      [
        [
          'sts',
          [
            { resultType: 'sts-webpki-invalid' },
            { resultType: 'certificate-expired', receivingIp: '2001:db8::25' },
          ],
        ],
        ['tlsa', []],
      ],
    );
  });

  it('C7: escapes, control characters and markup come through as text that harms nobody', () => {
    const text = `{"dpv": "1","d": "xn--hfen-loa.example","pr": "v=TLSRPTv1; rua=mailto:o\\"b\\\\r@quay.example","policies":[{"policy-type":9,"failure-details":[{"c":201,"n": "mx","h": "one\\ttwo\\u0001\\u007f</script>é","a": "\\"quoted\\" \\\\ back","f": "a\\u0001b\\r\\nc"}],"t":1,"f":1}]}`;
    const { results, record, notes } = read(bytes(text));
    assert.equal(record, 'v=TLSRPTv1; rua=mailto:o"b\\r@quay.example');
    assert.deepEqual(results[0]?.failures, [
      {
        resultType: 'starttls-not-supported',
        receivingMxHostname: 'mx',
        receivingMxHelo: 'one',
        reasonCode: 'a b c',
      },
    ]);
    assert.deepEqual(notes, ['DATAGRAM_VALUE_DROPPED']);
  });

  it('C8: octets that are not UTF-8 are replaced, with a note', () => {
    const [before, after] = JSON.stringify({
      d: 'harbour.example',
      pr: RECORD,
      policies: [{ 'policy-type': 9, 'failure-details': [{ c: 205, h: '@@' }], t: 1, f: 1 }],
    }).split('@@');
    const reading = read(Buffer.concat([bytes(before!), Buffer.from([0xe9, 0xff]), bytes(after!)]));
    assert.equal(reading.results[0]?.failures[0]?.receivingMxHelo, '\ufffd\ufffd');
    assert.deepEqual(reading.notes, ['DATAGRAM_NOT_UTF8']);
    assert.deepEqual(read(datagram([{ ...STS, f: 0, x: '\ufffd' }])).notes, []);
  });

  it('C9: f decides, whatever else is said', () => {
    const success = read(datagram([{ ...STS, 'failure-details': [{ c: 399 }], t: 1, f: 0 }]));
    assert.deepEqual(success.results[0]?.failures, []);
    assert.ok(success.notes.includes('DATAGRAM_RESULT'));
    const failure = read(datagram([{ ...STS, t: 0, f: 1 }]));
    assert.deepEqual(failure.results[0]?.failures, [{ resultType: 'validation-failure' }]);
    assert.deepEqual(failure.notes, ['DATAGRAM_RESULT']);
  });
});

describe('what a session came to', () => {
  it('knows every code of the library', () => {
    const codes = [201, 202, 203, 204, 205, 301, 302, 303, 304, 305, 306];
    const { failures } = only(failed(...codes.map((c) => ({ c }))));
    assert.deepEqual(
      failures.map((failure) => failure.resultType),
      [
        'starttls-not-supported',
        'certificate-host-mismatch',
        'certificate-not-trusted',
        'certificate-expired',
        'validation-failure',
        'sts-policy-fetch-error',
        'sts-policy-invalid',
        'sts-webpki-invalid',
        'tlsa-invalid',
        'dnssec-invalid',
        'dane-required',
      ],
    );
  });

  it('keeps a code that nobody knows as the reason', () => {
    const { results, notes } = read(failed({ c: 399 }, { c: 'x\u0007', f: 'odd' }, {}));
    assert.deepEqual(
      results[0]?.failures.map((failure) => failure.reasonCode),
      ['libtlsrpt code 399', 'libtlsrpt code x\\u{7}: odd', 'libtlsrpt code none'],
    );
    assert.deepEqual(notes, ['DATAGRAM_RESULT_UNKNOWN']);
  });

  it('RPT-4.3.4-1: a session that never came to a result is not counted', () => {
    const unfinished = { ...STS, 'failure-details': [{ c: 901 }], t: 1, f: 1 };
    assert.equal(refusal(datagram([unfinished])), 'DATAGRAM_NO_POLICIES');
    const { results, notes } = read(datagram([unfinished, { 'policy-type': 9, t: 0, f: 0 }]));
    assert.deepEqual(
      results.map(({ policy }) => policy.type),
      ['no-policy-found'],
    );
    assert.deepEqual(notes, ['DATAGRAM_UNFINISHED']);
  });

  it('RPT-AGG-3: a failure under a policy in testing is a failure', () => {
    const testing = { ...STS, 'policy-string': ['version: STSv1', 'mode: testing'] };
    const input = datagram([{ ...testing, 'failure-details': [{ c: 204 }], t: 1, f: 1 }]);
    assert.deepEqual(only(input).failures, [{ resultType: 'certificate-expired' }]);
  });

  it('counts the same failure of one session once', () => {
    assert.equal(only(failed({ c: 204 }, { c: 204 }, { c: 202 })).failures.length, 2);
  });
});
