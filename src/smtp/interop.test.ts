import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerSession } from 'smtp-server';
import type { Readable } from 'node:stream';
import { systemClock } from '../clock.ts';
import { createLabCa } from '../lab/pki/ca.ts';
import { connectSmtp } from './session.ts';
import type { Envelope, SmtpSession } from './types.ts';

const ca = createLabCa();
const certificate = ca.issue(['mx.example.test']);

/** A message as smtp-server took it. */
interface Taken {
  readonly from: string;
  readonly to: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly content: string;
  readonly secure: boolean;
}

describe('with smtp-server', () => {
  const taken: Taken[] = [];
  const server = new SMTPServer({
    key: certificate.key,
    cert: certificate.chain,
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: ['AUTH'],
    size: 100_000,
    hideREQUIRETLS: false,
    onRcptTo(address, _session, callback) {
      if (address.address.startsWith('nobody')) {
        callback(Object.assign(new Error('no such user'), { responseCode: 550 }));
      } else callback();
    },
    onData(stream, session, callback) {
      void take(stream, session).finally(callback);
    },
  });

  async function take(stream: Readable, { envelope, secure }: SMTPServerSession): Promise<void> {
    const { mailFrom, rcptTo } = envelope;
    const bytes = await buffer(stream);
    taken.push({
      from: mailFrom === false ? '' : mailFrom.address,
      to: rcptTo.map(({ address }) => address),
      parameters: mailFrom === false ? {} : { ...mailFrom.args },
      content: bytes.toString('latin1'),
      secure,
    });
  }

  before(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  });
  after(async () => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  });

  async function open(): Promise<SmtpSession> {
    const connected = await connectSmtp({
      address: '127.0.0.1',
      port: (server.server.address() as AddressInfo).port,
      host: 'mx.example.test',
      heloName: 'relay.example.test',
      clock: systemClock,
    });
    assert.ok(connected.ok);
    const session = connected.value;
    const secured = await session.startTls({ servername: 'mx.example.test', ca: [ca.rootPem] });
    assert.ok(secured.ok);
    assert.equal(secured.value.pkix.trusted, true);
    session.accept({ deliver: true });
    return session;
  }

  it('delivers two messages over one STARTTLS session', async () => {
    taken.length = 0;
    const session = await open();
    const envelope: Envelope = {
      from: 'a@example.test',
      recipients: [{ address: 'b@example.test' }, { address: 'nobody@example.test' }],
      size: 20,
    };
    for (const text of ['Subject: 1\n\n.\n..x', 'Subject: 2\r\n\r\nü']) {
      const results = await session.send(envelope, [Buffer.from(text, 'latin1')]);
      assert.deepEqual(
        results.map(({ status }) => status),
        ['delivered', 'failed'],
      );
    }
    await session.quit();
    assert.deepEqual(
      taken.map(({ content }) => content),
      ['Subject: 1\r\n\r\n.\r\n..x\r\n', 'Subject: 2\r\n\r\n\xfc\r\n'],
    );
    assert.deepEqual(taken[0]?.to, ['b@example.test']);
    assert.equal(taken[0]?.secure, true);
  });

  it('RT-4.2.1-7, RT-2-3: carries REQUIRETLS, SMTPUTF8 and BODY inside TLS', async () => {
    taken.length = 0;
    const session = await open();
    assert.equal(session.capabilities.requireTls, true);
    const [result] = await session.send(
      {
        from: 'jürgen@example.test',
        recipients: [{ address: 'b@example.test' }],
        requireTls: true,
        body: '8BITMIME',
      },
      [Buffer.from('Subject: x\r\n\r\n')],
    );
    await session.quit();
    assert.equal(result?.status, 'delivered');
    assert.deepEqual(Object.keys(taken[0]!.parameters).toSorted(), [
      'BODY',
      'REQUIRETLS',
      'SMTPUTF8',
    ]);
    assert.equal(taken[0]?.from, 'jürgen@example.test');
  });

  it('does not send what is over the announced size', async () => {
    taken.length = 0;
    const session = await open();
    const [result] = await session.send(
      { from: '', recipients: [{ address: 'b@example.test' }], size: 100_001 },
      [],
    );
    await session.quit();
    assert.ok(result?.status === 'failed');
    assert.equal(result.failure.code, 'SMTP_MESSAGE_TOO_LARGE');
    assert.equal(taken.length, 0);
  });

  it('a message in thousands of small chunks arrives whole', async () => {
    taken.length = 0;
    const session = await open();
    const line = `${'.x'.repeat(30)}\r\n`;
    const [result] = await session.send(
      { from: 'a@example.test', recipients: [{ address: 'b@example.test' }] },
      Array.from({ length: 3000 }, () => Buffer.from(line)),
    );
    await session.quit();
    assert.equal(result?.status, 'delivered');
    assert.equal(taken[0]?.content, line.repeat(3000));
  });
});
