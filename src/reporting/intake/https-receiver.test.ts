import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { FakeClock, settle } from '../../clock.fixture.ts';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import { createLabCa } from '../../lab/pki/ca.ts';
import { ListenError } from '../../listen/listen-error.ts';
import { codeOf, post, rawClient } from './http-client.fixture.ts';
import { startHttpsReceiver, type HttpsReceiver } from './https-receiver.ts';
import {
  archived,
  collectingLog,
  fakeIntake,
  type FakeIntake,
  type Line,
  notTaken,
  receiveSettings,
} from './intake.fixture.ts';
import type { ReportTurnedAway } from '../../metrics/reporting-types.ts';
import { ReceiverRefused } from './receiver-types.ts';

const JSON_REPORT = Buffer.from('{"organization-name":"Example"}');
const GZIP_REPORT = gzipSync(JSON_REPORT);
const GZIP = { 'content-type': 'application/tlsrpt+gzip' };

interface TestReceiver extends AsyncDisposable {
  readonly receiver: HttpsReceiver;
  readonly url: string;
  readonly intake: FakeIntake;
  readonly clock: FakeClock;
  readonly lines: readonly Line[];
  readonly away: readonly ReportTurnedAway[];
  settings: ReportReceiveSettings;
}

async function start(change: Parameters<typeof receiveSettings>[0] = {}): Promise<TestReceiver> {
  const intake = fakeIntake();
  const clock = new FakeClock();
  const lines: Line[] = [];
  const away: ReportTurnedAway[] = [];
  const test = { settings: receiveSettings(change) };
  const receiver = await startHttpsReceiver({
    intake,
    settings: () => test.settings,
    clock,
    log: collectingLog(lines),
    metrics: { atTheDoor: (_way, why) => away.push(why) },
  });
  return Object.assign(test, {
    receiver,
    url: receiver.url,
    intake,
    clock,
    lines,
    away,
    async [Symbol.asyncDispose]() {
      const closed = receiver.close();
      await clock.advance(10_000);
      await closed;
    },
  });
}

describe('the HTTPS endpoint for reports', () => {
  it('I15, RPT-5.4-3, RPT-5.4-5: a gzipped report that is stored is answered with 202', async () => {
    await using server = await start();
    const { status, text, headers } = await post(server.url, GZIP_REPORT, { headers: GZIP });
    assert.equal(status, 202);
    assert.deepEqual(JSON.parse(text), { kept: 1 });
    assert.equal(headers['content-type'], 'application/json');
    const [given] = server.intake.given;
    assert.deepEqual(given?.bytes, new Uint8Array(GZIP_REPORT));
    assert.equal(given?.way, 'https');
    assert.equal(given?.headers?.['content-type'], GZIP['content-type']);
  });

  it('I15: JSON is taken, with and without a content type: the first octets decide', async () => {
    await using server = await start();
    for (const headers of [{ 'content-type': 'application/tlsrpt+json' }, {}, GZIP]) {
      assert.equal((await post(server.url, JSON_REPORT, { headers })).status, 202);
    }
    assert.equal((await post(server.url, `\u{feff}\r\n ${String(JSON_REPORT)}`)).status, 202);
    assert.equal(server.intake.given.length, 4);
  });

  it('I15: what is neither gzip nor zip nor JSON is 415, whatever it is called', async () => {
    await using server = await start();
    for (const body of ['From: a@b.test\r\n\r\nhello', '', '<html>', '\u{1f8b}']) {
      const answer = await post(server.url, body, { headers: GZIP });
      assert.equal(answer.status, 415, body);
      assert.equal(codeOf(answer), 'REPORT_RECEIVER_NO_REPORT');
      assert.match(answer.headers['accept']!, /tlsrpt\+gzip/);
    }
    assert.equal(server.intake.given.length, 0);
  });

  it('I15: Content-Encoding: gzip is decoded once', async () => {
    await using server = await start();
    const headers = { ...GZIP, 'content-encoding': 'gzip' };
    // A report that is gzipped, and gzipped again on the way.
    assert.equal((await post(server.url, gzipSync(GZIP_REPORT), { headers })).status, 202);
    // The usual misunderstanding: both headers, gzipped once.
    assert.equal((await post(server.url, GZIP_REPORT, { headers })).status, 202);
    for (const { bytes } of server.intake.given) {
      assert.deepEqual(bytes, new Uint8Array(GZIP_REPORT));
    }
  });

  it('I14, I15: an encoding that is unknown, damaged, or a bomb is refused', async () => {
    await using server = await start({ maxJsonBytes: 1_000_000 });
    const unknown = await post(server.url, 'x', { headers: { 'content-encoding': 'br' } });
    assert.equal(unknown.status, 415);
    assert.equal(unknown.headers['accept-encoding'], 'gzip');
    const headers = { 'content-encoding': 'gzip' };
    for (const body of [JSON_REPORT, GZIP_REPORT.subarray(0, 20), gzipSync(Buffer.alloc(4e6))]) {
      const answer = await post(server.url, body, { headers });
      assert.equal(answer.status, 400);
      assert.equal(codeOf(answer), 'REPORT_RECEIVER_ENCODING');
    }
    assert.equal(server.intake.given.length, 0);
  });

  it('I16, RPT-7-3: 413 for a length that is too large, before any of it comes', async () => {
    await using server = await start({ maxBytes: 1_000 });
    using client = rawClient(server.url);
    client.send(`POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n`);
    assert.match(await client.until('}\n'), /^HTTP\/1\.1 413 .*connection: close/is);
    await server.clock.advance(1_000);
    await client.rest();
    assert.deepEqual(server.away, ['too-large']);
  });

  it('I16, I17, RPT-7-3: 413 as soon as chunks grow too large, and the client can read it', async () => {
    await using server = await start({ maxBytes: 10_000 });
    const pieces = Array.from({ length: 40 }, () => Buffer.alloc(1_000, '{'));
    const answer = await post(server.url, pieces);
    assert.equal(answer.status, 413);
    assert.equal(codeOf(answer), 'REPORT_RECEIVER_TOO_LARGE');
    assert.equal((await post(server.url, Buffer.alloc(10_000, '{'))).status, 202);
  });

  it('I16: 408 for a body that drips', async () => {
    await using server = await start();
    using client = rawClient(server.url);
    client.send(`POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`);
    while (server.clock.waiting === 0) await settle();
    await server.clock.advance(59_000);
    client.send('"');
    await settle();
    await server.clock.advance(1_000);
    assert.match(await client.until('}\n'), /^HTTP\/1\.1 408 .*REPORT_RECEIVER_TOO_SLOW/s);
    await server.clock.advance(1_000);
    await client.rest();
    assert.equal(server.clock.waiting, 0);
  });

  it('I16: 405 for other methods, 404 for other paths', async () => {
    await using server = await start();
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await post(server.url, '', { method });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers['allow'], 'POST');
    }
    const base = server.url.replace('/v1/reports', '');
    for (const path of ['/', '/v1', '/v1/reports/x', '/v1/reports/../reports/x', '/V1/REPORTS']) {
      assert.equal((await post(base + path, GZIP_REPORT)).status, 404, path);
    }
    assert.equal((await post(`${server.url}/?a=b`, GZIP_REPORT)).status, 202);
    assert.equal(server.intake.given.length, 1);
  });

  it('I16, S11: with a token, every other path is 404, even for GET', async () => {
    await using server = await start({ https: { token: 'f00-ba_r' } });
    assert.match(server.url, /\/v1\/reports\/f00-ba_r$/);
    assert.equal((await post(server.url, GZIP_REPORT)).status, 202);
    for (const path of ['', '/', '/f00-ba_R', '/f00-ba_', '/f00-ba_r/x', '/f00-ba_r%20']) {
      const url = server.url.replace('/f00-ba_r', path);
      assert.equal((await post(url, GZIP_REPORT)).status, 404, path);
      assert.equal((await post(url, '', { method: 'GET' })).status, 404, path);
    }
    server.settings = receiveSettings({ https: { token: 'other' } });
    assert.equal((await post(server.url, GZIP_REPORT)).status, 404);
    assert.equal((await post(server.receiver.url, GZIP_REPORT)).status, 202);
  });

  it('I16, S11, S12: unknown domain 404, bad JSON 400, repeated report 200, over quota 429', async () => {
    await using server = await start();
    const table = [
      [archived({ kind: 'unknown-domain', domains: ['x.test\u001b'] }), 404, undefined],
      [notTaken('refused', 'REPORT_RECEIVER_UNREADABLE'), 400, undefined],
      [notTaken('not-a-report'), 400, undefined],
      [notTaken('refused', 'TLSRPT_REPORT_JSON_SIZE'), 413, undefined],
      [notTaken('refused', 'REPORT_INTAKE_NOT_VERIFIED'), 403, undefined],
      [archived({ kind: 'duplicate', id: '1' }), 200, undefined],
      [archived({ kind: 'conflict', id: '2', of: '1' }), 202, undefined],
      [archived({ kind: 'not-counted', id: '2' }), 202, undefined],
      [archived({ kind: 'over-quota' }), 429, '3600'],
      [notTaken('later'), 503, '300'],
    ] as const;
    for (const [result, status, retryAfter] of table) {
      server.intake.answer = () => result;
      const answer = await post(server.url, GZIP_REPORT);
      assert.equal(answer.status, status, JSON.stringify(result));
      assert.equal(answer.headers['retry-after'], retryAfter);
      assert.match(answer.text, /^\{.*\}\n$/);
      assert.doesNotMatch(answer.text, /\u001b/);
    }
  });

  it('S11, RPT-7-3: 429 with Retry-After for who posts too often, and later it is taken again', async () => {
    await using server = await start({ https: { perMinute: 2 } });
    const headers = { 'x-forwarded-for': '192.0.2.1' };
    assert.equal((await post(server.url, GZIP_REPORT, { headers })).status, 202);
    assert.equal((await post(server.url, GZIP_REPORT)).status, 202);
    const answer = await post(server.url, GZIP_REPORT, {
      headers: { 'x-forwarded-for': '192.0.2.2' },
    });
    assert.equal(answer.status, 429);
    assert.equal(answer.headers['retry-after'], '30');
    assert.equal(codeOf(answer), 'REPORT_RECEIVER_TOO_MANY');
    await server.clock.advance(30_000);
    assert.equal((await post(server.url, GZIP_REPORT)).status, 202);
    assert.deepEqual(server.away, ['too-many']);
  });

  it('RPT-7-3: one client holds no more than its share of the connections', async () => {
    await using server = await start();
    const clients = Array.from({ length: 33 }, () => rawClient(server.url));
    const last = await Promise.race(clients.map(async (client) => (await client.rest()) + 'gone'));
    assert.equal(last, 'gone');
    assert.deepEqual(server.away, ['too-many-connections']);
    for (const client of clients) client.socket.destroy();
  });

  it('I17: Expect: 100-continue is invited, or refused before the body comes', async () => {
    await using server = await start({ maxBytes: 1_000 });
    const headers = { expect: '100-continue', 'content-length': String(GZIP_REPORT.length) };
    assert.equal((await post(server.url, GZIP_REPORT, { headers })).status, 202);
    using client = rawClient(server.url);
    const head = 'POST /v1/reports HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n';
    client.send(`${head}Content-Length: 5000\r\n\r\n`);
    const heard = await client.until('}\n');
    assert.match(heard, /^HTTP\/1\.1 413/);
    await server.clock.advance(1_000);
  });

  it('I17: chunks of one octet arrive', async () => {
    await using server = await start();
    const pieces = Array.from(GZIP_REPORT, (octet) => Buffer.of(octet));
    assert.equal((await post(server.url, pieces)).status, 202);
    assert.deepEqual(server.intake.given[0]?.bytes, new Uint8Array(GZIP_REPORT));
  });

  it('I17: many reports on one connection', async () => {
    await using server = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => await post(server.url, GZIP_REPORT, { agent })),
    );
    assert.ok(answers.every(({ status }) => status === 202));
    agent.destroy();
    assert.equal(server.intake.given.length, 20);
  });

  it('a client that goes away in the middle leaves nothing behind', async () => {
    await using server = await start();
    const client = rawClient(server.url);
    client.send(`POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{`);
    while (server.clock.waiting === 0) await settle();
    client.socket.destroy();
    while (server.clock.waiting > 0) await settle();
    assert.equal(server.intake.given.length, 0);
    assert.equal((await post(server.url, GZIP_REPORT)).status, 202);
  });

  it('a bug in taking a report is 500, is in the log, and the next one is taken', async () => {
    await using server = await start();
    server.intake.answer = () => {
      throw new Error('boom');
    };
    const answer = await post(server.url, GZIP_REPORT);
    assert.equal(answer.status, 500);
    assert.doesNotMatch(answer.text, /boom/);
    assert.ok(server.lines.some(({ fields }) => fields['event'] === 'bug'));
    server.intake.answer = () => archived({ kind: 'stored', id: '1' });
    assert.equal((await post(server.url, GZIP_REPORT)).status, 202);
  });

  it('closing waits for the report that is being taken in', async () => {
    const server = await start();
    const { promise, resolve } = Promise.withResolvers<ReturnType<typeof archived>>();
    server.intake.answer = async () => await promise;
    const answer = post(server.url, GZIP_REPORT);
    while (server.intake.given.length === 0) await settle();
    const closed = server.receiver.close();
    resolve(archived({ kind: 'stored', id: '1' }));
    const { status, headers } = await answer;
    assert.deepEqual([status, headers['connection']], [202, 'close']);
    await closed;
  });

  it('an address that is taken is told with its name', async () => {
    await using server = await start();
    const { host } = new URL(server.url);
    await assert.rejects(
      start({ https: { listen: host } }),
      (error) => error instanceof ListenError && error.code === 'EADDRINUSE',
    );
  });

  it('listens on IPv6', async () => {
    await using server = await start({ https: { listen: '[::1]:0' } });
    assert.match(server.url, /^http:\/\/\[::1\]:\d+\/v1\/reports$/);
    assert.equal((await post(server.url, GZIP_REPORT)).status, 202);
  });

  it('warns where nothing that comes would ever be kept', async () => {
    await using server = await start({ unauthenticated: 'refuse' });
    assert.ok(server.lines.some(({ fields }) => fields['event'] === 'reports-all-refused'));
  });
});

describe('the HTTPS endpoint with TLS', () => {
  it('I17: speaks TLS, HTTP/1.1 also to who would rather speak HTTP/2, and takes a new certificate', async () => {
    using files = certificateFiles();
    await using server = await start({ https: files });
    const ca = files.ca();
    assert.match(server.url, /^https:/);
    assert.equal((await post(server.url, GZIP_REPORT, { ca })).status, 202);
    assert.equal(await protocolOf(server.url, ca), 'http/1.1');
    files.renew();
    assert.ok(server.receiver.reload().ok);
    await assert.rejects(post(server.url, GZIP_REPORT, { ca }));
    assert.equal((await post(server.url, GZIP_REPORT, { ca: files.ca() })).status, 202);
    writeFileSync(files.keyFile, 'no key');
    const refused = server.receiver.reload();
    assert.ok(!refused.ok);
    assert.equal(refused.failure.code, 'REPORT_RECEIVER_CERTIFICATE_INVALID');
    assert.match(server.lines.at(-1)!.message, /stays as it was\. Check that both files are PEM/);
    assert.equal((await post(server.url, GZIP_REPORT, { ca: files.ca() })).status, 202);
  });

  it('does not start with half a certificate, or a wrong one', async () => {
    using files = certificateFiles();
    const { certFile, keyFile } = files;
    const isRefused = (error: unknown): boolean =>
      error instanceof ReceiverRefused &&
      error.failure.code === 'REPORT_RECEIVER_CERTIFICATE_INVALID';
    await assert.rejects(start({ https: { certFile } }), isRefused);
    await assert.rejects(start({ https: { certFile: keyFile, keyFile: certFile } }), isRefused);
  });
});

function certificateFiles(): Disposable & {
  readonly certFile: string;
  readonly keyFile: string;
  ca(): string;
  renew(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'smtp-sts-reports-'));
  let pem = '';
  const files = {
    certFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
    ca: () => pem,
    renew() {
      const ca = createLabCa();
      const { chain, key } = ca.issue(['localhost']);
      pem = ca.rootPem;
      writeFileSync(files.certFile, chain);
      writeFileSync(files.keyFile, key);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  files.renew();
  return files;
}

async function protocolOf(url: string, ca: string): Promise<string | false | null> {
  const socket = connectTls({
    port: Number(new URL(url).port),
    servername: 'localhost',
    ca,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  const { alpnProtocol } = socket;
  socket.destroy();
  return alpnProtocol;
}
