import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLabCa } from '../lab/pki/ca.ts';
import type { PeerTls } from '../tls/types.ts';
import { dialogue } from './dialogue.fixture.ts';
import type { SmtpConnectOptions } from './types.ts';

const ca = createLabCa();
const certificate = ca.issue(['mx.example.test']);
const tls = { key: certificate.key, cert: certificate.chain };
const how: NonNullable<SmtpConnectOptions['implicitTls']> = {
  servername: 'mx.example.test',
  ca: [ca.rootPem],
};

describe('connectSmtp with TLS from the first octet (RFC 8314 §3.3)', () => {
  it('TLS-3207-4.2-3: greeting and EHLO come inside TLS, STARTTLS is neither seen nor said', async (t) => {
    const { session, server } = await dialogue(
      t,
      `T:
      S: 220 mx.example.test
      C: EHLO relay.example.test
      S: 250-mx.example.test
      S: 250-STARTTLS
      S: 250 REQUIRETLS
      C: QUIT
      S: 221 bye
      E:`,
      { tls, implicitTls: how },
    );
    const open = await session();
    assert.equal(open.peer?.servername, 'mx.example.test');
    assert.equal(open.peer.pkix.trusted, true);
    assert.equal(open.capabilities.startTls, false);
    assert.equal(open.capabilities.requireTls, true);
    const again = await open.startTls(how);
    assert.equal(again.ok ? 'ok' : again.failure.code, 'SMTP_STARTTLS_OUT_OF_PLACE');
    await open.quit();
    await server.done;
  });

  it('TLS-3207-4.1-1: who is judged too weak hears not a word', async (t) => {
    const seen: PeerTls[] = [];
    const { connected, server } = await dialogue(t, 'T:\nE:', {
      tls,
      implicitTls: {
        ...how,
        judge: (peer) => {
          seen.push(peer);
          return false;
        },
      },
    });
    const outcome = await connected;
    assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'SMTP_PEER_REFUSED');
    assert.equal(seen.length, 1);
    await server.done;
    assert.deepEqual(server.received, []);
  });

  it('TLS-3207-4-2: a server that speaks in clear there is no TLS server', async (t) => {
    const { connected, server } = await dialogue(t, 'S: 220 mx.example.test', { implicitTls: how });
    const outcome = await connected;
    assert.ok(!outcome.ok);
    assert.equal(outcome.failure.resultType, 'validation-failure');
    assert.doesNotMatch(server.raw().toString('latin1'), /EHLO/);
  });

  it('a handshake that does not end is given up', async (t) => {
    const { connected, clock, server } = await dialogue(t, 'Z:', {
      implicitTls: how,
      timeouts: { startTls: 1000 },
    });
    while (server.raw().length === 0) await new Promise(setImmediate);
    await clock.advance(1000);
    const outcome = await connected;
    assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'TLS_HANDSHAKE_TIMEOUT');
  });

  it('inside TLS there is no HELO', async (t) => {
    const { connected } = await dialogue(
      t,
      `T:
      S: 220 mx.example.test
      C: EHLO relay.example.test
      S: 502 what
      C: QUIT
      E:`,
      { tls, implicitTls: how },
    );
    const outcome = await connected;
    assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'SMTP_EHLO_REFUSED');
  });
});
