import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { FakeClock } from '../../clock.fixture.ts';
import { mapResolver } from '../../dns/map-resolver.fixture.ts';
import { createLabCa } from '../../lab/pki/ca.ts';
import type { SendResult } from '../types.ts';
import { createReportPoster, readRetryAfter, type ReportPosterOptions } from './post-report.ts';

const HOST = 'reports.r.test';
const ca = createLabCa();
const certificate = ca.issue([HOST]);
const GZIP = gzipSync('{"a":1}');
const servers: Server[] = [];

interface Endpoint {
  readonly port: number;
  /** Head and body of each request. */
  readonly requests: Buffer[];
}

/** Takes each request whole and answers with this text; nothing at all where it is undefined. */
async function serve(
  text: string | undefined,
  more: { readonly early?: boolean; readonly certificate?: typeof certificate } = {},
): Promise<Endpoint> {
  const requests: Buffer[] = [];
  const { key, chain } = more.certificate ?? certificate;
  const server = createServer({ key, cert: chain }, (socket: TLSSocket) => {
    let taken = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (piece) => {
      taken = Buffer.concat([taken, piece]);
      if (more.early === true) return void socket.destroy();
      const head = taken.indexOf('\r\n\r\n');
      const length = /content-length: (\d+)/i.exec(taken.toString('latin1'))?.[1];
      if (head === -1 || taken.length < head + 4 + Number(length)) return;
      requests.push(taken);
      if (text !== undefined) socket.end(text, 'latin1');
    });
  });
  server.on('tlsClientError', () => undefined);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, requests };
}

interface Post {
  readonly port: number;
  readonly url?: string;
  readonly addresses?: readonly string[];
  readonly allow?: readonly string[];
  readonly certificates?: 'strict' | 'ignore';
  readonly more?: Partial<ReportPosterOptions>;
  readonly signal?: AbortSignal;
}

async function post(options: Post): Promise<SendResult> {
  const { port, addresses = ['127.0.0.1'], allow = ['127.0.0.0/8'] } = options;
  const poster = createReportPoster({
    resolver: mapResolver({ records: { [HOST]: { A: addresses } } }),
    clock: new FakeClock(),
    ca: () => [ca.rootPem],
    settings: () => ({
      https: {
        certificates: options.certificates ?? 'strict',
        allowAddresses: allow,
        allowPorts: [port],
      },
    }),
    ...options.more,
  });
  return await poster(options.url ?? `https://${HOST}:${port}/v1?x=1`, GZIP, options.signal);
}

/** `accepted`, or kind and code. */
function word(result: SendResult): string {
  return result.kind === 'accepted' ? 'accepted' : `${result.kind} ${result.failure.code}`;
}

async function answerOf(status: string, head = ''): Promise<SendResult> {
  const { port } = await serve(`HTTP/1.1 ${status}\r\n${head}Content-Length: 4\r\n\r\nbody`);
  return await post({ port });
}

describe('posting a report', () => {
  after(async () => {
    for (const server of servers) {
      await new Promise((resolve) => {
        server.close(resolve);
      });
    }
  });

  it('S6, RPT-3-11, RPT-5.4-1, RPT-5.4-2: POST to path and query, the right type, length, no encoding', async () => {
    const endpoint = await serve('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n');
    assert.equal(word(await post({ port: endpoint.port })), 'accepted');
    const [request] = endpoint.requests;
    const end = request!.indexOf('\r\n\r\n');
    const head = request!.subarray(0, end).toString('latin1');
    assert.match(head, /^POST \/v1\?x=1 HTTP\/1\.1\r\n/);
    assert.match(head, new RegExp(`^Host: ${HOST}:${endpoint.port}$`, 'm'));
    assert.match(head, /^Content-Type: application\/tlsrpt\+gzip$/m);
    assert.match(head, new RegExp(`^Content-Length: ${GZIP.length}$`, 'm'));
    assert.doesNotMatch(head, /content-encoding|transfer-encoding|cookie|authorization/i);
    assert.deepEqual(request!.subarray(end + 4), GZIP);
  });

  it('S5, RPT-5.4-3, RPT-5.4-5: 200, 201, 202 and 204 are successes', async () => {
    for (const status of ['200 OK', '201 Created', '202 Accepted']) {
      assert.equal(word(await answerOf(status)), 'accepted');
    }
    const { port } = await serve('HTTP/1.1 204 No Content\r\n\r\n');
    assert.equal(word(await post({ port })), 'accepted');
  });

  it('S5, RPT-5.4-4: no redirect is followed', async () => {
    const other = await serve('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    for (const status of ['301 Moved', '302 Found', '307 Again', '308 There']) {
      const result = await answerOf(status, `Location: https://${HOST}:${other.port}/\r\n`);
      assert.equal(word(result), 'refused REPORT_SEND_HTTP_REDIRECT');
    }
    assert.deepEqual(other.requests, []);
  });

  it('S5, RPT-5.4-4: 4xx is refused, with the status and what was said', async () => {
    for (const status of ['400 Bad', '403 No', '404 None', '413 Big', '415 Type']) {
      const result = await answerOf(status);
      assert.equal(word(result), 'refused REPORT_SEND_HTTP_REFUSED');
      assert.match(result.kind === 'accepted' ? '' : result.failure.detail, /HTTP 4\d\d: body$/);
    }
  });

  it('S5, RPT-5.4-4: 408, 425, 429 and 5xx are later; Retry-After is passed on', async () => {
    for (const status of ['408 Slow', '425 Early', '429 Much', '500 Oops', '503 Busy']) {
      assert.equal(word(await answerOf(status)), 'later REPORT_SEND_HTTP_LATER');
    }
    const asked = await answerOf('429 Too Many', 'Retry-After: 120\r\n');
    assert.equal(asked.kind === 'later' ? asked.retryAfterMs : undefined, 120_000);
  });

  it('S5: a connection that is refused, cut or silent, or no TLS, is later', async () => {
    const closed = await serve('');
    await new Promise((resolve) => {
      servers.at(-1)!.close(resolve);
    });
    assert.match(word(await post({ port: closed.port })), /^later HTTP_CONNECT_FAILED/);
    const cut = await serve(undefined, { early: true });
    assert.match(word(await post({ port: cut.port })), /^later HTTP_TRUNCATED/);
    const garbled = await serve('SMTP ready\r\n\r\n');
    assert.match(word(await post({ port: garbled.port })), /^later HTTP_RESPONSE_INVALID/);
    const silent = await serve(undefined);
    const clock = new FakeClock();
    const waiting = post({ port: silent.port, more: { clock } });
    while (silent.requests.length === 0) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    await clock.advance(30_000);
    assert.equal(word(await waiting), 'later HTTP_TIMEOUT');
    assert.equal(clock.waiting, 0);
  });

  it('S5: an answer without end is read for 64 kB only', async () => {
    const { port } = await serve(`HTTP/1.1 500 Oops\r\n\r\n${'x'.repeat(1_000_000)}`);
    const result = await post({ port });
    assert.equal(word(result), 'later REPORT_SEND_HTTP_LATER');
    assert.ok(result.kind !== 'accepted' && result.failure.detail.length < 400);
  });

  it('RPT-3-12: a certificate that is not right is later when strict, no matter when ignored', async () => {
    const wrong = ca.issue(['other.test']);
    const { port } = await serve('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', {
      certificate: wrong,
    });
    assert.match(word(await post({ port })), /^later TLS_/);
    assert.match(word(await post({ port, more: { ca: () => [] } })), /^later TLS_/);
    assert.equal(word(await post({ port, certificates: 'ignore' })), 'accepted');
  });

  it('S7: private, loopback and link-local addresses are refused, by name and by number', async () => {
    for (const address of ['127.0.0.1', '10.1.2.3', '169.254.169.254', '192.168.1.1']) {
      const result = await post({ port: 9, addresses: [address], allow: [] });
      assert.equal(word(result), 'refused REPORT_SEND_ADDRESS_REFUSED', address);
    }
    for (const host of ['127.0.0.1', '[::1]', '2130706433', '[::ffff:10.0.0.1]', '0x7f.1']) {
      const result = await post({ port: 9, url: `https://${host}:9/`, allow: [] });
      assert.equal(word(result), 'refused REPORT_SEND_ADDRESS_REFUSED', host);
    }
  });

  it('S7: the name is looked up once: what was checked is what is connected to', async () => {
    const { port, requests } = await serve('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    const resolver = mapResolver({ records: { [HOST]: { A: ['127.0.0.1'] } } });
    assert.equal(word(await post({ port, more: { resolver } })), 'accepted');
    assert.equal(resolver.count(HOST, 'A'), 1);
    assert.equal(requests.length, 1);
  });

  it('S7: other ports, other schemes and log-ins are refused', async () => {
    const cases = [
      [`https://${HOST}:25/`, 'refused REPORT_SEND_PORT_REFUSED'],
      [`http://${HOST}/`, 'refused REPORT_SEND_URL_INVALID'],
      [`https://me:pass@${HOST}/`, 'refused REPORT_SEND_URL_INVALID'],
      ['nonsense', 'refused REPORT_SEND_URL_INVALID'],
    ] as const;
    for (const [url, expected] of cases) assert.equal(word(await post({ port: 9, url })), expected);
  });

  it('what is called off is later', async () => {
    const signal = AbortSignal.abort();
    assert.equal(word(await post({ port: 9, signal })), 'later HTTP_ABORTED');
  });

  it('Retry-After: seconds or a date of HTTP, nothing else', () => {
    const now = Date.UTC(2026, 0, 1);
    assert.equal(readRetryAfter('60', now), 60_000);
    assert.equal(readRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now), 60_000);
    assert.equal(readRetryAfter('Wed, 31 Dec 2025 00:01:00 GMT', now), 0);
    for (const text of ['', '-1', '1.5', 'soon', '2026-01-01']) {
      assert.equal(readRetryAfter(text, now), undefined);
    }
  });

  it('trust anchors that a reload changed count for the next report', async () => {
    const { port } = await serve('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    let anchors: readonly string[] = [];
    const poster = createReportPoster({
      resolver: mapResolver({ records: { [HOST]: { A: ['127.0.0.1'] } } }),
      clock: new FakeClock(),
      ca: () => anchors,
      settings: () => ({
        https: { certificates: 'strict', allowAddresses: ['127.0.0.0/8'], allowPorts: [port] },
      }),
    });
    const url = `https://${HOST}:${port}/`;
    assert.match(word(await poster(url, GZIP)), /^later TLS_/);
    anchors = [ca.rootPem];
    assert.equal(word(await poster(url, GZIP)), 'accepted');
  });
});
