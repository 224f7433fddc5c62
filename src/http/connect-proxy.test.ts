import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import type { CertificateKind } from '../lab/types.ts';
import { parseProxy } from './connect-proxy.ts';
import {
  response,
  startTcpServer,
  startTestServer,
  type TestServer,
} from './https-server.fixture.ts';
import { createHttpsFetcher } from './https-fetcher.ts';

const HOST = 'mta-sts.d.test';
const ca = createLabCa();
const servers: TestServer[] = [];

/** A proxy that sends `answer` and, if it says 200, carries bytes. */
async function startProxy(answer: string, seen: string[] = []): Promise<TestServer> {
  const proxy = await startTcpServer((socket) => {
    socket.once('data', (chunk: Buffer) => {
      const head = chunk.toString('latin1');
      seen.push(head);
      const [, address, port] = /^CONNECT ([\d.]+):(\d+) /.exec(head)!;
      socket.write(answer);
      if (answer.startsWith('HTTP/1.1 200')) join(socket, address!, Number(port));
      else socket.end();
    });
  });
  servers.push(proxy);
  return proxy;
}

function join(socket: Socket, host: string, port: number): void {
  const far = connect({ host, port });
  far.on('error', () => socket.destroy());
  socket.on('close', () => far.destroy());
  socket.pipe(far).pipe(socket);
}

interface Target {
  readonly address?: string;
  readonly allow?: readonly string[];
  readonly kind?: CertificateKind;
}

async function fetchThrough(
  proxy: string,
  { address = '127.0.0.1', allow = ['127.0.0.0/8'], kind = 'valid' }: Target = {},
): Promise<string> {
  const server = await startTestServer({
    certificate: ca.issue([HOST], kind),
    answer: (socket) => void socket.end(response('hello')),
  });
  servers.push(server);
  const fetcher = createHttpsFetcher({
    resolver: mapResolver({
      records: { [HOST]: { A: [address] }, 'proxy.test': { A: ['127.0.0.1'] } },
    }),
    clock: new FakeClock(),
    port: server.port,
    ca: [ca.rootPem],
    allowAddresses: allow,
    proxy,
  });
  const outcome = await fetcher.fetch({ host: HOST, path: '/' });
  return outcome.ok ? `hello from ${outcome.value.address}` : outcome.failure.code;
}

describe('a CONNECT proxy', () => {
  after(async () => {
    await Promise.all(servers.map((server) => server.close()));
  });

  it('STS-3.3-R2: carries bytes to the address that was checked', async () => {
    const seen: string[] = [];
    const { port } = await startProxy('HTTP/1.1 200 Connection established\r\n\r\n', seen);
    assert.equal(await fetchThrough(`http://127.0.0.1:${port}`), 'hello from 127.0.0.1');
    assert.equal(await fetchThrough(`http://proxy.test:${port}`), 'hello from proxy.test');
    assert.match(
      seen[0]!,
      /^CONNECT 127\.0\.0\.1:\d+ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n\r\n$/,
    );
  });

  it('STS-3.3-R2: spares neither the guard nor the certificate', async () => {
    const seen: string[] = [];
    const { port } = await startProxy('HTTP/1.1 200 OK\r\n\r\n', seen);
    const proxy = `http://127.0.0.1:${port}`;
    assert.equal(await fetchThrough(proxy, { address: '10.0.0.1' }), 'HTTP_ADDRESS_REFUSED');
    assert.equal(await fetchThrough(proxy, { allow: [] }), 'HTTP_ADDRESS_REFUSED');
    assert.equal(seen.length, 0);
    assert.equal(
      await fetchThrough(proxy, { kind: 'wrong-name' }),
      'TLS_CERTIFICATE_NAME_MISMATCH',
    );
  });

  it('that refuses, babbles, or is not there is named', async () => {
    for (const answer of [
      'HTTP/1.1 403 Forbidden\r\n\r\n',
      'SSH-2.0\r\n\r\n',
      'HTTP/1.1 200 OK\r\n\r\nand more',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`,
      'HTTP/1.1 40',
    ]) {
      const { port } = await startProxy(answer);
      assert.equal(await fetchThrough(`http://127.0.0.1:${port}`), 'HTTP_PROXY_FAILED', answer);
    }
    const gone = await startTcpServer(() => undefined);
    await gone.close();
    assert.equal(await fetchThrough(`http://127.0.0.1:${gone.port}`), 'HTTP_PROXY_FAILED');
    assert.equal(await fetchThrough('http://nowhere.test:1'), 'HTTP_PROXY_FAILED');
    assert.equal(await fetchThrough('socks5://127.0.0.1:1080'), 'HTTP_PROXY_INVALID');
  });

  it('is written http://host:port', () => {
    assert.deepEqual(parseProxy('http://[::1]:3128'), {
      ok: true,
      value: { host: '::1', port: 3128 },
    });
    assert.deepEqual(parseProxy('http://p.test'), {
      ok: true,
      value: { host: 'p.test', port: 80 },
    });
    for (const bad of [
      '',
      'p.test:3128',
      'https://p.test',
      'http://u:p@p.test',
      'http://p.test/x',
    ]) {
      assert.equal(parseProxy(bad).ok, false, bad);
    }
  });
});
