import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { FakeClock, settle } from '../clock.fixture.ts';
import { mapResolver, type MapWorld } from '../dns/map-resolver.fixture.ts';
import type { Resolver } from '../dns/types.ts';
import type { Outcome } from '../failure.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import {
  response,
  startTcpServer,
  startTestServer,
  type TestServer,
} from './https-server.fixture.ts';
import { createHttpsFetcher } from './https-fetcher.ts';
import type { FetchedDocument, HttpsFetcherOptions } from './types.ts';

const HOST = 'mta-sts.d.test';
const ca = createLabCa();
const certificate = ca.issue([HOST]);
const servers: TestServer[] = [];
const HELLO = response('hello');

async function serve(
  answer: (socket: TLSSocket) => void,
  more: Partial<Parameters<typeof startTestServer>[0]> = {},
): Promise<TestServer> {
  const server = await startTestServer({ certificate, answer, ...more });
  servers.push(server);
  return server;
}

async function serveTcp(onSocket: (socket: Socket) => void): Promise<TestServer> {
  const server = await startTcpServer(onSocket);
  servers.push(server);
  return server;
}

async function closeServers(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
}

function world(addresses: { A?: readonly string[]; AAAA?: readonly string[] }): MapWorld {
  return { records: { [HOST]: addresses } };
}

function fetchWith(
  options: Partial<HttpsFetcherOptions>,
  signal?: AbortSignal,
): Promise<Outcome<FetchedDocument>> {
  const fetcher = createHttpsFetcher({
    resolver: mapResolver(world({ A: ['127.0.0.1'] })),
    clock: new FakeClock(),
    ca: [ca.rootPem],
    allowAddresses: ['127.0.0.0/8', '::1'],
    ...options,
  });
  return fetcher.fetch({ host: HOST, path: '/', ...(signal === undefined ? {} : { signal }) });
}

async function result(options: Partial<HttpsFetcherOptions>): Promise<string> {
  const outcome = await fetchWith(options);
  return outcome.ok ? `from ${outcome.value.address}` : outcome.failure.code;
}

/** Lets real sockets get on with it until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000 && !condition(); turn += 1) await settle();
  assert.ok(condition());
}

describe('https fetch: addresses', () => {
  after(closeServers);

  it('STS-3.3-R2, B15: addresses of our own network are refused and never connected to', async () => {
    const server = await serve((socket) => void socket.end(HELLO));
    for (const addresses of [
      { A: ['127.0.0.1'] },
      { AAAA: ['::1'] },
      { AAAA: ['::ffff:127.0.0.1'] },
      { AAAA: ['64:ff9b::7f00:1'] },
      { A: ['10.0.0.1', '169.254.169.254'], AAAA: ['fe80::1'] },
    ]) {
      const outcome = await fetchWith({
        port: server.port,
        resolver: mapResolver(world(addresses)),
        allowAddresses: [],
      });
      assert.ok(!outcome.ok);
      assert.equal(outcome.failure.code, 'HTTP_ADDRESS_REFUSED');
      assert.match(outcome.failure.detail, /mta-sts\.d\.test may not be reached at .*\(/);
    }
    assert.equal(server.connections(), 0);
  });

  it('B16: connects to the address that was checked, which is looked up once', async () => {
    const server = await serve((socket) => void socket.end(HELLO));
    // The second answer of a rebinding zone would be one that the guard refuses.
    const resolver = mapResolver(world({ A: ['127.0.0.1'] }));
    assert.equal(await result({ port: server.port, resolver }), 'from 127.0.0.1');
    assert.deepEqual(resolver.asked, [`${HOST}/AAAA`, `${HOST}/A`]);
  });

  it('leaves refused addresses out where others are allowed', async () => {
    const server = await serve((socket) => void socket.end(HELLO));
    const resolver = mapResolver(world({ A: ['10.0.0.1', '127.0.0.1'], AAAA: ['fe80::1'] }));
    assert.equal(await result({ port: server.port, resolver }), 'from 127.0.0.1');
  });

  it('STS-3.3-R4, B18: a dead address is followed by the next, of either family', async () => {
    const server = await serve((socket) => void socket.end(HELLO), { address: '127.0.0.3' });
    for (const addresses of [
      { A: ['127.0.0.1', '127.0.0.2', '127.0.0.3'] },
      { A: ['127.0.0.3'], AAAA: ['::1'] },
    ]) {
      const resolver = mapResolver(world(addresses));
      assert.equal(await result({ port: server.port, resolver }), 'from 127.0.0.3');
    }
    const resolver = mapResolver(world({ A: ['127.0.0.1', '127.0.0.2'] }));
    const outcome = await fetchWith({ port: server.port, resolver });
    assert.ok(!outcome.ok);
    assert.equal(outcome.failure.code, 'HTTP_CONNECT_FAILED');
    assert.match(outcome.failure.detail, /127\.0\.0\.1:\d+: ECONNREFUSED.*127\.0\.0\.2/);
  });

  it('STS-3.3-R4: an address with a bad certificate is followed by the next', async () => {
    const good = await serve((socket) => void socket.end(HELLO));
    await serve((socket) => void socket.end(HELLO), {
      address: '127.0.0.2',
      port: good.port,
      certificate: ca.issue([HOST], 'expired'),
    });
    const both = mapResolver(world({ A: ['127.0.0.2', '127.0.0.1'] }));
    assert.equal(await result({ port: good.port, resolver: both }), 'from 127.0.0.1');
    const bad = mapResolver(world({ A: ['127.0.0.2', '127.0.0.4'] }));
    assert.equal(await result({ port: good.port, resolver: bad }), 'TLS_CERTIFICATE_EXPIRED');
  });

  it('no address and no answer are told apart', async () => {
    const port = 443;
    assert.equal(await result({ port, resolver: mapResolver(world({})) }), 'HTTP_HOST_NOT_FOUND');
    const failing = (which: string): MapWorld => ({
      records: { [HOST]: {} },
      failing: { [which]: 'servfail' },
    });
    const code = await result({ port, resolver: mapResolver(failing(`${HOST}/AAAA`)) });
    assert.equal(code, 'HTTP_DNS_FAILED');
  });

  it('STS-3.3-R4: one family is enough where the other fails or lags', async () => {
    const server = await serve((socket) => void socket.end(HELLO));
    const broken = {
      ...world({ A: ['127.0.0.1'] }),
      failing: { [`${HOST}/AAAA`]: 'servfail' } as const,
    };
    assert.equal(
      await result({ port: server.port, resolver: mapResolver(broken) }),
      'from 127.0.0.1',
    );
    const map = mapResolver(world({ A: ['127.0.0.1'] }));
    const lagging: Resolver = {
      lookup: (name, type, options) =>
        type === 'AAAA' ? new Promise(() => undefined) : map.lookup(name, type, options),
    };
    const clock = new FakeClock();
    const fetching = result({ port: server.port, resolver: lagging, clock });
    await clock.advance(1000);
    assert.equal(await fetching, 'from 127.0.0.1');
  });

  it('connects from the local address that is asked for', async () => {
    let from: string | undefined;
    const server = await serve((socket) => {
      from = socket.remoteAddress;
      socket.end(HELLO);
    });
    const localAddress = '127.0.0.9';
    assert.equal(await result({ port: server.port, localAddress }), 'from 127.0.0.1');
    assert.equal(from, localAddress);
  });
});

describe('https fetch: time', () => {
  after(closeServers);

  it('STS-3.3-10, B11: a deadline over everything ends a slow drip', async () => {
    let drip: ((text: string) => void) | undefined;
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
      drip = (text) => void socket.write(text);
    });
    const clock = new FakeClock();
    const fetching = fetchWith({ port: server.port, clock });
    await until(() => drip !== undefined);
    for (let second = 0; second < 59; second += 1) {
      drip!('x');
      await clock.advance(1000);
    }
    let isDone = false;
    void fetching.then(() => (isDone = true));
    await settle();
    assert.equal(isDone, false);
    await clock.advance(1000);
    const outcome = await fetching;
    assert.ok(!outcome.ok);
    assert.equal(outcome.failure.code, 'HTTP_TIMEOUT');
    assert.match(
      outcome.failure.detail,
      /60000 ms, while waiting for the document from 127\.0\.0\.1/,
    );
    assert.equal(clock.waiting, 0);
  });

  it('STS-3.3-10: the deadline counts DNS and the handshake too, and frees everything', async () => {
    const closed: Promise<unknown>[] = [];
    const silent = await serveTcp((socket) => closed.push(once(socket.resume(), 'close')));
    const clock = new FakeClock();
    const shaking = fetchWith({ port: silent.port, clock });
    await until(() => silent.connections() === 1);
    await clock.advance(60_000);
    const outcome = await shaking;
    assert.ok(!outcome.ok);
    assert.match(outcome.failure.code, /^(?:HTTP_TIMEOUT|TLS_HANDSHAKE_TIMEOUT)$/);
    await Promise.all(closed);
    const resolver: Resolver = { lookup: () => new Promise(() => undefined) };
    const asking = result({ port: silent.port, clock, resolver, timeoutMs: 5000 });
    await clock.advance(5000);
    assert.equal(await asking, 'HTTP_TIMEOUT');
    assert.equal(clock.waiting, 0);
  });

  it('a silent address holds the others up for a part of the time only', async () => {
    const silent = await serveTcp(() => undefined);
    await serve((socket) => void socket.end(HELLO), { address: '127.0.0.2', port: silent.port });
    const clock = new FakeClock();
    const resolver = mapResolver(world({ A: ['127.0.0.1', '127.0.0.2'] }));
    const fetching = result({ port: silent.port, clock, resolver });
    await until(() => silent.connections() === 1);
    await clock.advance(10_000);
    assert.equal(await fetching, 'from 127.0.0.2');
  });

  it('ends when the caller calls it off', async () => {
    const server = await serve(() => undefined);
    const clock = new FakeClock();
    const abort = new AbortController();
    const fetching = fetchWith({ port: server.port, clock }, abort.signal);
    await until(() => server.requests.length === 1);
    abort.abort();
    const outcome = await fetching;
    assert.ok(!outcome.ok);
    assert.equal(outcome.failure.code, 'HTTP_ABORTED');
    assert.equal(clock.waiting, 0);
    const late = await fetchWith({ port: server.port }, abort.signal);
    assert.ok(!late.ok);
    assert.equal(late.failure.code, 'HTTP_ABORTED');
    assert.equal(server.connections(), 1);
  });
});
