import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver, type MapResolver, type MapWorld } from '../dns/map-resolver.fixture.ts';
import type { Outcome } from '../failure.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import type { CertificateKind } from '../lab/types.ts';
import {
  response,
  startTcpServer,
  startTestServer,
  type TestServer,
} from './https-server.fixture.ts';
import { createHttpsFetcher } from './https-fetcher.ts';
import type { FetchedDocument, HttpsFetcherOptions } from './types.ts';

const HOST = 'mta-sts.d.test';
const PATH = '/.well-known/mta-sts.txt';
const LOOPBACK = ['127.0.0.0/8', '::1'];
const ca = createLabCa();
const certificate = ca.issue([HOST]);
const servers: TestServer[] = [];

async function serve(
  answer: (socket: TLSSocket, head: string) => void,
  more: Partial<Parameters<typeof startTestServer>[0]> = {},
): Promise<TestServer> {
  const server = await startTestServer({ certificate, answer, ...more });
  servers.push(server);
  return server;
}

async function serveTcp(...args: Parameters<typeof startTcpServer>): Promise<TestServer> {
  const server = await startTcpServer(...args);
  servers.push(server);
  return server;
}

/** Serves each connection the same text. */
function say(text: string): (socket: TLSSocket) => void {
  return (socket) => void socket.end(text, 'latin1');
}

interface Fetch {
  readonly port: number;
  readonly world?: MapWorld;
  readonly resolver?: MapResolver;
  readonly clock?: FakeClock;
  readonly signal?: AbortSignal;
  readonly options?: Partial<HttpsFetcherOptions>;
}

function fetchFrom(fetch: Fetch): Promise<Outcome<FetchedDocument>> {
  const world = fetch.world ?? { records: { [HOST]: { A: ['127.0.0.1'] } } };
  const fetcher = createHttpsFetcher({
    resolver: fetch.resolver ?? mapResolver(world),
    clock: fetch.clock ?? new FakeClock(),
    port: fetch.port,
    ca: [ca.rootPem],
    allowAddresses: LOOPBACK,
    ...fetch.options,
  });
  return fetcher.fetch({
    host: HOST,
    path: PATH,
    ...(fetch.signal === undefined ? {} : { signal: fetch.signal }),
  });
}

/** The code of the failure, or the body. */
async function result(fetch: Fetch): Promise<string> {
  const outcome = await fetchFrom(fetch);
  return outcome.ok ? Buffer.from(outcome.value.body).toString() : outcome.failure.code;
}

async function resultOf(text: string, options: Fetch['options'] = {}): Promise<string> {
  const { port } = await serve(say(text));
  return result({ port, options });
}

async function closeServers(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

describe('https fetch: the request', () => {
  after(closeServers);

  it('STS-3.2-3, STS-7.1-1, STS-9.1-1, B1: one GET of the path with the name in SNI and Host', async () => {
    const server = await serve(say(response('hello')));
    const clock = new FakeClock();
    const outcome = await fetchFrom({ port: server.port, clock });
    assert.ok(outcome.ok, JSON.stringify(outcome));
    const { body, contentType, address, tookMs, certificate } = outcome.value;
    assert.equal(Buffer.from(body).toString(), 'hello');
    assert.deepEqual([contentType, address, tookMs], ['text/plain', '127.0.0.1', 0]);
    assert.match(certificate.issuer, /Lab Intermediate/);
    assert.ok(Date.parse(certificate.validTo) > Date.now());
    assert.deepEqual(server.names, [HOST]);
    assert.equal(server.requests.length, 1);
    const [line, ...headers] = server.requests[0]!.trimEnd().split('\r\n');
    assert.equal(line, `GET ${PATH} HTTP/1.1`);
    assert.ok(headers.includes(`Host: ${HOST}:${server.port}`));
    assert.equal(clock.waiting, 0);
  });

  it('STS-3.3-7, STS-3.3-R1, B13: nothing is cached, conditional, compressed, or remembered', async () => {
    const server = await serve(
      say(
        response(
          'hello',
          'Cache-Control: max-age=3600\r\nETag: "1"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nSet-Cookie: a=b',
        ),
      ),
    );
    const fetcher = createHttpsFetcher({
      resolver: mapResolver({ records: { [HOST]: { A: ['127.0.0.1'] } } }),
      clock: new FakeClock(),
      port: server.port,
      ca: [ca.rootPem],
      allowAddresses: LOOPBACK,
    });
    for (let turn = 0; turn < 2; turn += 1) {
      assert.equal((await fetcher.fetch({ host: HOST, path: PATH })).ok, true);
    }
    assert.equal(server.requests.length, 2);
    assert.equal(server.connections(), 2);
    const names = server.requests[1]!.split('\r\n')
      .slice(1)
      .map((header) => header.split(':')[0]!.toLowerCase())
      .filter((name) => name !== '');
    assert.deepEqual(names.sort(), [
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
    assert.match(server.requests[1]!, /^Accept-Encoding: identity\r$/m);
  });
});

describe('https fetch: the response', () => {
  after(closeServers);

  it('STS-3.3-5, STS-3.3-6, B2, B3, B4: only status 200 counts, and no redirect is followed', async () => {
    const target = await serve(say(response('stolen')));
    const location = `Location: https://${HOST}:${target.port}${PATH}`;
    for (const status of [301, 302, 303, 307, 308]) {
      const text = response('hello', location).replace('200 OK', `${status} Moved`);
      assert.equal(await resultOf(text), 'HTTP_REDIRECT', String(status));
    }
    assert.equal(target.connections(), 0);
    for (const status of [201, 203, 206, 300, 400, 404, 500, 503]) {
      const text = response('hello').replace('200 OK', `${status} Whatever`);
      assert.equal(await resultOf(text), 'HTTP_STATUS', String(status));
    }
    assert.equal(await resultOf('HTTP/1.1 204 No Content\r\n\r\n'), 'HTTP_STATUS');
    assert.equal(await resultOf('HTTP/1.1 304 Not Modified\r\n\r\n'), 'HTTP_STATUS');
    assert.equal(await resultOf(`HTTP/1.1 103 Early Hints\r\n\r\n${response('hello')}`), 'hello');
  });

  it('STS-3.3-11, B10: the limit is what arrives, and the text is never cut', async () => {
    const exact = 'x'.repeat(65_536);
    assert.equal(await resultOf(response(exact)), exact);
    assert.equal(await resultOf(response(`${exact}x`)), 'HTTP_TOO_LARGE');
    const chunked = (text: string): string =>
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    assert.equal(await resultOf(chunked(exact)), exact);
    assert.equal(await resultOf(chunked(`${exact}x`)), 'HTTP_TOO_LARGE');
    assert.equal(await resultOf(`HTTP/1.1 200 OK\r\n\r\n${exact}x`), 'HTTP_TOO_LARGE');
    assert.equal(await resultOf(response('12345'), { maxBytes: 4 }), 'HTTP_TOO_LARGE');
  });

  it('STS-3.3-R1, B10: an announced length over the limit ends it before the body', async () => {
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n');
    });
    assert.equal(await result({ port: server.port }), 'HTTP_TOO_LARGE');
  });

  it('a body that ends early is a failure', async () => {
    assert.equal(
      await resultOf('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort'),
      'HTTP_TRUNCATED',
    );
    assert.equal(
      await resultOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n'),
      'HTTP_TRUNCATED',
    );
    assert.equal(await resultOf(''), 'HTTP_TRUNCATED');
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort', () => socket.destroy());
    });
    const outcome = await fetchFrom({ port: server.port });
    assert.ok(!outcome.ok);
    assert.equal(outcome.failure.code, 'HTTP_TRUNCATED');
    assert.match(outcome.failure.detail, /broke off after 5 octets of the document/);
  });

  it('tells whether the end of the body is certain', async () => {
    for (const [text, endIsCertain] of [
      [response('whole'), true],
      ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n', true],
      ['HTTP/1.0 200 OK\r\n\r\nwhole', false],
    ] as const) {
      const { port } = await serve(say(text));
      const outcome = await fetchFrom({ port });
      assert.ok(outcome.ok);
      assert.equal(Buffer.from(outcome.value.body).toString(), 'whole');
      assert.equal(outcome.value.endIsCertain, endIsCertain, text);
    }
  });

  it('STS-3.3-R1, B14: a compressed body is refused unread', async () => {
    for (const head of [
      'Content-Encoding: gzip',
      'Content-Encoding: br',
      'Content-Encoding: x, y',
    ]) {
      assert.equal(await resultOf(response('hello', head)), 'HTTP_CONTENT_ENCODING', head);
    }
    assert.equal(await resultOf(response('hello', 'Content-Encoding: Identity')), 'hello');
    assert.equal(
      await resultOf('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'),
      'HTTP_CONTENT_ENCODING',
    );
  });

  it('what is no HTTP, or has too large a header, is refused', async () => {
    assert.equal(await resultOf('SSH-2.0-OpenSSH\r\n\r\n'), 'HTTP_RESPONSE_INVALID');
    assert.equal(
      await resultOf(response('hello', `X: ${'x'.repeat(20_000)}`)),
      'HTTP_RESPONSE_INVALID',
    );
    assert.equal(
      await resultOf('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'),
      'HTTP_RESPONSE_INVALID',
    );
    assert.equal(
      await resultOf(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      ),
      'HTTP_TRUNCATED',
    );
  });
});

describe('https fetch: the certificate', () => {
  after(closeServers);

  it('STS-3.3-1, STS-3.3-2, STS-3.3-3, B7, B8, B9: PKIX, and the host as a DNS name', async () => {
    const expected: readonly (readonly [CertificateKind, string])[] = [
      ['valid', 'hello'],
      ['wildcard', 'hello'],
      ['partial-wildcard', 'TLS_CERTIFICATE_NAME_MISMATCH'],
      ['wrong-name', 'TLS_CERTIFICATE_NAME_MISMATCH'],
      ['cn-only', 'TLS_CERTIFICATE_NAME_MISMATCH'],
      ['expired', 'TLS_CERTIFICATE_EXPIRED'],
      ['not-yet-valid', 'TLS_CERTIFICATE_NOT_YET_VALID'],
      ['self-signed', 'TLS_CERTIFICATE_SELF_SIGNED'],
      ['missing-intermediate', 'TLS_CERTIFICATE_ISSUER_UNKNOWN'],
      ['untrusted-ca', 'TLS_CERTIFICATE_ISSUER_UNKNOWN'],
    ];
    for (const [kind, code] of expected) {
      const server = await serve(say(response('hello')), { certificate: ca.issue([HOST], kind) });
      assert.equal(await result({ port: server.port }), code, kind);
      assert.equal(server.requests.length, code === 'hello' ? 1 : 0, kind);
    }
    for (const names of [['d.test'], ['127.0.0.1']]) {
      const { port } = await serve(say(response('hello')), { certificate: ca.issue(names) });
      assert.equal(await result({ port }), 'TLS_CERTIFICATE_NAME_MISMATCH', names[0]);
    }
  });

  it('STS-7.2-1, B12: TLS before 1.2 is refused', async () => {
    const { port } = await serve(say(response('hello')), {
      tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    });
    assert.equal(await result({ port }), 'TLS_VERSION_TOO_OLD');
  });

  it('a server that wants a certificate of ours, or speaks no TLS, is named', async () => {
    const wanting = await serve(say(response('hello')), {
      tls: { requestCert: true, rejectUnauthorized: true },
    });
    assert.match(await result({ port: wanting.port }), /^TLS_|^HTTP_TRUNCATED$/);
    const plain = await serveTcp((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    assert.equal(await result({ port: plain.port }), 'TLS_NOT_TLS');
  });

  it('a flood of 1xx answers ends in a failure, not in work without end', async () => {
    const server = await serve((socket) => {
      const flood = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)), 1);
      socket.on('error', () => undefined);
      socket.on('close', () => clearInterval(flood));
    });
    const outcome = await fetchFrom({ port: server.port });
    assert.ok(!outcome.ok);
    assert.match(outcome.failure.detail, /1xx/);
  });
});
