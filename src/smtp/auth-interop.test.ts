import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';
import { systemClock } from '../clock.ts';
import type { Outcome } from '../failure.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import { connectSmtp } from './session.ts';
import type { SmtpSession } from './types.ts';

const ca = createLabCa();
const certificate = ca.issue(['mx.example.test']);
const tls = { servername: 'mx.example.test', ca: [ca.rootPem] };
const PASSWORD = 'geheim: \u00fc €';

interface Served {
  readonly port: number;
  /** Who sent what. */
  readonly senders: (string | undefined)[];
  /** Closed when the test ends, before the server, which waits for them. */
  readonly sessions: SmtpSession[];
}

/** A server that knows one user. */
async function serve(t: TestContext, options: SMTPServerOptions): Promise<Served> {
  const sessions: SmtpSession[] = [];
  const senders: (string | undefined)[] = [];
  const server = new SMTPServer({
    key: certificate.key,
    cert: certificate.chain,
    disableReverseLookup: true,
    onAuth({ username, password }, _session, callback) {
      if (username === 'relay' && password === PASSWORD) callback(null, { user: 'relay' });
      else callback(new Error('no'));
    },
    onData(stream, session, callback) {
      senders.push(session.user);
      void buffer(stream).finally(callback);
    },
    ...options,
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(async () => {
    for (const session of sessions) session.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  });
  return { port: (server.server.address() as AddressInfo).port, senders, sessions };
}

async function connect(
  { port, sessions }: Served,
  start: 'implicit' | 'starttls',
): Promise<SmtpSession> {
  const connected = await connectSmtp({
    address: '127.0.0.1',
    port,
    host: 'mx.example.test',
    heloName: 'relay.example.test',
    clock: systemClock,
    ...(start === 'implicit' ? { implicitTls: tls } : {}),
  });
  assert.ok(connected.ok);
  sessions.push(connected.value);
  if (start === 'starttls') assert.ok((await connected.value.startTls(tls)).ok);
  connected.value.accept({ deliver: true });
  return connected.value;
}

async function authenticate(open: SmtpSession, password: string): Promise<Outcome<void>> {
  return await open.authenticate({ user: 'relay', password: () => password });
}

describe('AUTH with smtp-server', () => {
  for (const start of ['implicit', 'starttls'] as const) {
    for (const mechanism of ['PLAIN', 'LOGIN']) {
      it(`${mechanism}, TLS by ${start}: sends as the user it is`, async (t) => {
        const secure = start === 'implicit';
        const server = await serve(t, { secure, authMethods: [mechanism] });
        const open = await connect(server, start);
        assert.ok((await authenticate(open, PASSWORD)).ok);
        const envelope = { from: 'a@example.test', recipients: [{ address: 'b@example.test' }] };
        const [result] = await open.send(envelope, [Buffer.from('Subject: x\r\n\r\n')]);
        assert.equal(result?.status, 'delivered');
        assert.deepEqual(server.senders, ['relay']);
        await open.quit();
      });

      it(`${mechanism}, TLS by ${start}: a wrong password is refused`, async (t) => {
        const secure = start === 'implicit';
        const server = await serve(t, { secure, authMethods: [mechanism] });
        const open = await connect(server, start);
        const outcome = await authenticate(open, 'wrong');
        assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'ROUTE_AUTH_REFUSED');
      });
    }
  }
});
