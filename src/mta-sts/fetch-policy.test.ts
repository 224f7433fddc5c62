import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import type { ErrorCode } from '../errors.ts';
import { fail, ok, type Outcome } from '../failure.ts';
import { createHttpsFetcher, type FetchRequest, type HttpsFetcher } from '../http/https-fetcher.ts';
import { response, startTestServer } from '../http/https-server.fixture.ts';
import type { FetchedDocument } from '../http/types.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import { fetchStsPolicy } from './fetch-policy.ts';

const POLICY = 'version: STSv1\r\nmode: enforce\r\nmx: mx1.d.test\r\nmax_age: 604800\r\n';

function document(text: string | Uint8Array, more: Partial<FetchedDocument> = {}): FetchedDocument {
  return {
    body: Buffer.from(text),
    contentType: 'text/plain',
    endIsCertain: true,
    address: '192.0.2.1',
    tookMs: 1,
    certificate: { subject: 'CN=mta-sts.d.test', issuer: 'CN=Lab', validTo: '2026-03-01' },
    ...more,
  };
}

function fetcherOf(outcome: Outcome<FetchedDocument>, seen: FetchRequest[] = []): HttpsFetcher {
  return {
    fetch: (request) => {
      seen.push(request);
      return Promise.resolve(outcome);
    },
  };
}

/** Code and result type of the failure, or the mode. */
async function result(
  outcome: Outcome<FetchedDocument>,
  more: { readonly requireTextPlain?: boolean; readonly policyDomain?: string } = {},
): Promise<string> {
  const fetched = await fetchStsPolicy({
    fetcher: fetcherOf(outcome),
    policyDomain: 'd.test',
    ...more,
  });
  if (fetched.ok) return fetched.value.policy.mode;
  return `${fetched.failure.code} ${fetched.failure.resultType ?? ''}`;
}

describe('fetchStsPolicy', () => {
  it('STS-3.2-3, STS-9.1-1, STS-3.4-R4: one fixed path at mta-sts under the domain', async () => {
    const seen: FetchRequest[] = [];
    for (const policyDomain of ['D.test.', 'b\u00fccher.test']) {
      const fetcher = fetcherOf(ok(document(POLICY)), seen);
      assert.equal((await fetchStsPolicy({ fetcher, policyDomain })).ok, true);
    }
    assert.deepEqual(seen, [
      { host: 'mta-sts.d.test', path: '/.well-known/mta-sts.txt' },
      { host: 'mta-sts.xn--bcher-kva.test', path: '/.well-known/mta-sts.txt' },
    ]);
    assert.equal(
      await result(ok(document(POLICY)), { policyDomain: '192.0.2.1' }),
      'DNS_NAME_INVALID sts-policy-fetch-error',
    );
  });

  it('STS-3.2-18, B5, B6: text/plain in any spelling and with any parameter, and nothing else', async () => {
    for (const contentType of [
      'text/plain',
      'TEXT/PLAIN;charset=UTF-8',
      'text/plain ; charset=us-ascii; foo=bar',
      'text/plain; charset=iso-8859-1',
    ]) {
      assert.equal(await result(ok(document(POLICY, { contentType }))), 'enforce', contentType);
    }
    for (const contentType of [
      'text/html',
      'application/octet-stream',
      '',
      'text/plainer',
      'text/plain, text/html',
      'text/html; text/plain',
    ]) {
      const found = ok(document(POLICY, { contentType }));
      assert.equal(
        await result(found),
        'STS_POLICY_MEDIA_TYPE sts-policy-fetch-error',
        contentType,
      );
      assert.equal(await result(found, { requireTextPlain: false }), 'enforce', contentType);
    }
  });

  it('STS-3.3-R5, STS-3.2-R2: a text that is not valid is sts-policy-invalid, with place and fault', async () => {
    const fetched = await fetchStsPolicy({
      fetcher: fetcherOf(ok(document(POLICY.replace('enforce', 'foo').replace('mx1', '.')))),
      policyDomain: 'd.test',
    });
    assert.ok(!fetched.ok);
    assert.equal(fetched.failure.code, 'STS_POLICY_INVALID');
    assert.equal(fetched.failure.resultType, 'sts-policy-invalid');
    assert.equal(fetched.failure.reasonCode, 'mode-invalid');
    assert.match(
      fetched.failure.detail,
      /^mta-sts\.d\.test: line 2, column 7: .*"foo".*; line 3, column 5: .*dot/,
    );
    const many = await fetchStsPolicy({
      fetcher: fetcherOf(ok(document(`a\r\nb\r\nc\r\nd\r\ne\r\nf\r\n${POLICY}`))),
      policyDomain: 'd.test',
    });
    assert.ok(!many.ok);
    assert.match(many.failure.detail, /line 5, column 1: .* \(and 1 more fault\)$/);
  });

  it('more faults than the reader keeps are not told as fewer than they are', async () => {
    const flooded = await fetchStsPolicy({
      fetcher: fetcherOf(ok(document(`${'a\r\n'.repeat(500)}${POLICY}`))),
      policyDomain: 'd.test',
    });
    assert.ok(!flooded.ok);
    assert.match(flooded.failure.detail, / \(and at least 95 more faults\)$/);
  });

  it('STS-3.2-R4: the policy carries its text, and warnings come along', async () => {
    const fetched = await fetchStsPolicy({
      fetcher: fetcherOf(ok(document(`${POLICY}\r\n`))),
      policyDomain: 'd.test',
    });
    assert.ok(fetched.ok);
    assert.equal(fetched.value.policy.text, `${POLICY}\r\n`);
    assert.deepEqual(
      fetched.value.problems.map(({ code }) => code),
      ['STS_POLICY_TRAILING_BLANK_LINE'],
    );
    assert.equal(fetched.value.address, '192.0.2.1');
  });

  it('B7, B10, B15: each failure has the result type of RFC 8460 §4.3', async () => {
    const expected: readonly (readonly [ErrorCode, string])[] = [
      ['TLS_CERTIFICATE_EXPIRED', 'sts-webpki-invalid'],
      ['TLS_CERTIFICATE_NAME_MISMATCH', 'sts-webpki-invalid'],
      ['TLS_CERTIFICATE_SELF_SIGNED', 'sts-webpki-invalid'],
      ['TLS_VERSION_TOO_OLD', 'sts-webpki-invalid'],
      ['TLS_HANDSHAKE_TIMEOUT', 'sts-policy-fetch-error'],
      ['TLS_HANDSHAKE_CLOSED', 'sts-policy-fetch-error'],
      ['HTTP_TIMEOUT', 'sts-policy-fetch-error'],
      ['HTTP_STATUS', 'sts-policy-fetch-error'],
      ['HTTP_TOO_LARGE', 'sts-policy-fetch-error'],
      ['HTTP_ADDRESS_REFUSED', 'sts-policy-fetch-error'],
      ['HTTP_DNS_FAILED', 'sts-policy-fetch-error'],
    ];
    for (const [code, resultType] of expected) {
      const failed = fail(code, 'x', { resultType: 'certificate-not-trusted' });
      assert.equal(await result(failed), `${code} ${resultType}`);
    }
  });

  it('a text of unknown length that may have been cut inside a line is refused', async () => {
    const endIsCertain = false;
    assert.equal(await result(ok(document(POLICY, { endIsCertain }))), 'enforce');
    const cut = POLICY.slice(0, -5);
    assert.equal(await result(ok(document(cut))), 'enforce');
    assert.equal(
      await result(ok(document(cut, { endIsCertain }))),
      'STS_POLICY_CUT sts-policy-fetch-error',
    );
  });
});

describe('fetchStsPolicy over loopback', () => {
  const ca = createLabCa();
  const servers: { close(): Promise<void> }[] = [];
  after(async () => {
    await Promise.all(servers.map((server) => server.close()));
  });

  it('STS-3.3-1, STS-7.1-1, B1: from a real host, by name', async () => {
    const server = await startTestServer({
      certificate: ca.issue(['mta-sts.d.test']),
      answer: (socket) => void socket.end(response(POLICY)),
    });
    servers.push(server);
    const fetcher = createHttpsFetcher({
      resolver: mapResolver({ records: { 'mta-sts.d.test': { A: ['127.0.0.1'] } } }),
      clock: new FakeClock(),
      port: server.port,
      ca: [ca.rootPem],
      allowAddresses: ['127.0.0.0/8'],
    });
    const fetched = await fetchStsPolicy({ fetcher, policyDomain: 'd.test' });
    assert.ok(fetched.ok, JSON.stringify(fetched));
    assert.deepEqual(fetched.value.policy.mx, ['mx1.d.test']);
    assert.deepEqual(server.names, ['mta-sts.d.test']);
    assert.match(server.requests[0]!, /^GET \/\.well-known\/mta-sts\.txt HTTP\/1\.1\r\n/);
  });
});
