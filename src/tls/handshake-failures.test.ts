import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FakeClock, settle } from '../clock.fixture.ts';
import { systemClock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import { handshake } from './handshake.ts';
import { startTcpServer, startTlsServer, type LoopbackServer } from './loopback-server.fixture.ts';
import { connected, failureOf, HOST, meet, meetServer, serving } from './meet.fixture.ts';
import { tlsFailure } from './tls-failure.ts';

const clock = systemClock;
const ca = createLabCa();

describe('handshake: failures', () => {
  const refusing = async (serve: (socket: Socket) => void): Promise<Failure | undefined> => {
    const running = await startTcpServer(serve);
    const outcome = await meet(running.port);
    await running.close();
    return failureOf(outcome);
  };

  it('names a peer that speaks something else', async () => {
    const failure = await refusing((socket) => socket.end('500 what is this?\r\n'));
    assert.equal(failure?.code, 'TLS_NOT_TLS');
    assert.equal(failure?.resultType, 'validation-failure');
    assert.equal(failure?.reasonCode, 'WRONG_VERSION_NUMBER');
    assert.match(failure?.detail ?? '', /mx1\.example\.test \(127\.0\.0\.1\)/);
  });

  it('names a peer that closes or resets', async () => {
    const closing = await refusing((socket) => socket.once('data', () => socket.end()));
    assert.equal(closing?.code, 'TLS_HANDSHAKE_CLOSED');
    assert.equal(closing?.resultType, 'validation-failure');
    const resetting = await refusing((socket) =>
      socket.once('data', () => socket.resetAndDestroy()),
    );
    assert.equal(resetting?.code, 'TLS_HANDSHAKE_CLOSED');
  });

  it('names a peer that had closed before', async () => {
    const running = await startTcpServer((socket) => socket.end());
    const socket = await connected(running.port);
    await once(socket.resume(), 'end');
    const outcome = await handshake(socket, { servername: HOST, clock });
    assert.equal(failureOf(outcome)?.code, 'TLS_HANDSHAKE_CLOSED');
    assert.ok(socket.destroyed);
    await running.close();
  });

  it('STS-7.1-3: names a server that refuses the name', async () => {
    const failure = failureOf(
      await meetServer({
        ...serving(ca.issue([HOST])),
        SNICallback: (_name, done) => done(new Error('no such name')),
      }),
    );
    assert.ok(failure);
    assert.equal(failure.resultType, 'validation-failure');
    assert.ok(['TLS_NAME_REFUSED', 'TLS_HANDSHAKE_CLOSED', 'TLS_ALERT'].includes(failure.code));
  });

  it('names a demand for a client certificate, which comes after the handshake under TLS 1.3', async () => {
    const demanding = { ...serving(ca.issue([HOST])), requestCert: true, ca: [ca.rootPem] };
    const running = await startTlsServer(demanding);
    const outcome = await meet(running.port);
    assert.ok(outcome.ok);
    const { socket } = outcome.value;
    const error = await new Promise<Error>((resolve) => {
      socket.resume().once('error', resolve);
    });
    const failure = tlsFailure(error, HOST);
    assert.equal(failure.code, 'TLS_CLIENT_CERTIFICATE_REQUIRED');
    assert.equal(failure.resultType, 'validation-failure');
    socket.destroy();
    await running.close();
    const under12 = await meetServer({ ...demanding, maxVersion: 'TLSv1.2' });
    assert.equal(failureOf(under12)?.code, 'TLS_HANDSHAKE_REFUSED');
  });

  it('gives up when the clock says so, and closes the socket', async () => {
    const fake = new FakeClock();
    const running = await startTcpServer((socket) => socket.resume());
    const socket = await connected(running.port);
    const pending = handshake(socket, { servername: HOST, clock: fake, timeoutMs: 5000 });
    await fake.advance(5000);
    const failure = failureOf(await pending);
    assert.equal(failure?.code, 'TLS_HANDSHAKE_TIMEOUT');
    assert.equal(failure?.resultType, 'validation-failure');
    await settle();
    assert.ok(socket.destroyed);
    assert.equal(fake.waiting, 0);
    await running.close();
  });

  it('stops when it is called off, which no report mentions', async () => {
    const running = await startTcpServer((socket) => socket.resume());
    const controller = new AbortController();
    const pending = meet(running.port, { signal: controller.signal });
    await settle();
    controller.abort();
    const failure = failureOf(await pending);
    assert.equal(failure?.code, 'TLS_ABORTED');
    assert.equal(failure?.resultType, undefined);
    const late = failureOf(await meet(running.port, { signal: AbortSignal.abort() }));
    assert.equal(late?.code, 'TLS_ABORTED');
    await running.close();
  });

  it('leaves no timer behind after success', async () => {
    const fake = new FakeClock();
    const outcome = await meetServer(serving(ca.issue([HOST])), { clock: fake });
    assert.ok(outcome.ok);
    assert.equal(fake.waiting, 0);
  });
});

describe('handshake: hostile answers', () => {
  let answer: Uint8Array = new Uint8Array();
  let server: LoopbackServer;
  before(async () => {
    server = await startTcpServer((socket) => socket.once('data', () => socket.end(answer)));
  });
  after(async () => {
    await server.close();
  });

  /** Octets behind the header of a handshake or alert record, so that OpenSSL reads on. */
  const records = fc
    .tuple(fc.constantFrom(0x15, 0x16, 0x17), fc.uint8Array({ minLength: 1, maxLength: 200 }))
    .map(([type, body]) => Uint8Array.of(type, 3, 3, 0, body.length, ...body));

  it('fuzz: any answer that is no handshake ends in a named failure', async () => {
    const answers = fc.oneof(fc.uint8Array({ maxLength: 200 }), records);
    await fc.assert(
      fc.asyncProperty(answers, async (octets) => {
        answer = octets;
        const outcome = await meet(server.port);
        assert.ok(!outcome.ok);
        assert.match(outcome.failure.code, /^TLS_/);
        assert.equal(outcome.failure.resultType, 'validation-failure');
        assert.doesNotMatch(outcome.failure.detail, /[\r\n]/);
      }),
      { numRuns: 100 },
    );
  });
});
