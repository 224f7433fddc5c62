import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Envelope } from '../src/smtp/types.ts';
import { type RelayBench, startRelayBench, withoutTrace } from './peers/relay-bench.ts';
import { eventually, type QueueSays } from './peers/relay-in-world.ts';
import { type MxServer, type MxServerOptions, startMxServer } from './peers/relay-smtp-server.ts';

/** The relay delivers to `smtp-server`, good and bad. */
let bench: RelayBench;
const servers: MxServer[] = [];

before(async () => {
  bench = await startRelayBench();
});
after(async () => {
  // First who holds sessions open.
  await bench.close();
  await Promise.all(servers.map(async (each) => await each.close()));
});

async function start(options: MxServerOptions): Promise<MxServer> {
  const server = await startMxServer(bench.world, options);
  servers.push(server);
  return server;
}

const HEADER = 'Message-ID: <1@there.test>\r\nDate: x\r\nSubject: hello\r\n\r\n';
const TEXT = `${HEADER}.\r\n..\r\n.dot\r\n\r\nü\r\n${'x'.repeat(998)}\r\n`;

/** From an author at `there.test`, of the lab, to which notices come back. */
async function send(
  { domain }: MxServer,
  envelope: Partial<Envelope> = {},
  text: string | Buffer = TEXT,
): Promise<QueueSays> {
  const recipients = [{ address: `bob@${domain}` }];
  return await bench.relay.send({
    envelope: { from: 'alice@there.test', recipients, body: '8BITMIME', ...envelope },
    text,
  });
}

/** The notice about an address. */
async function notice(address: string): Promise<string> {
  return await eventually(
    () =>
      bench.there.host.messages
        .map(({ content }) => Buffer.from(content).toString())
        .find((each) => each.includes(`Final-Recipient: rfc822; ${address}\r\n`)),
    () => `a notice about ${address}`,
  );
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

describe('the relay delivers to smtp-server', () => {
  it('STS-4.2-1: verified, dots, long lines and 8-bit octets as they were', async () => {
    const server = await start({ name: 'plain-good' });
    const { line, waiting } = await send(server);
    assert.equal(line.status, 'delivered', JSON.stringify(line));
    assert.equal(line.tls, 'authenticated');
    assert.equal(waiting, undefined);
    const [message] = server.taken;
    assert.equal(message?.secure, true);
    assert.equal(withoutTrace(message.content).toString(), TEXT);
    assert.equal(message.parameters['BODY'], '8BITMIME');
  });

  it('RT-2-3, RT-4.2.1-7: REQUIRETLS is passed on to a host that offers it', async () => {
    const server = await start({ name: 'offers-requiretls' });
    const { line } = await send(server, { requireTls: true });
    assert.equal(line.status, 'delivered', JSON.stringify(line));
    assert.ok('REQUIRETLS' in (server.taken[0]?.parameters ?? {}));
  });

  it('RT-4.2.1-4: and not sent to one that does not', async () => {
    const server = await start({ name: 'lacks-requiretls', hideREQUIRETLS: true });
    const { line } = await send(server, { requireTls: true });
    assert.equal(line.code, 'POLICY_REQUIRETLS_UNSUPPORTED');
    assert.match(await notice(`bob@${server.domain}`), /^Status: 5\.7\.30\r$/m);
    assert.deepEqual(server.taken, []);
  });

  it('STS-5-1: an expired certificate, one for another name, no STARTTLS: nothing is sent', async () => {
    for (const [options, code] of [
      [{ name: 'bad-expired', certificate: 'expired' }, 'TLS_CERTIFICATE_EXPIRED'],
      [{ name: 'bad-name', certificate: 'wrong-name' }, 'TLS_CERTIFICATE_NAME_MISMATCH'],
      [{ name: 'bad-plain', hideSTARTTLS: true }, 'SMTP_STARTTLS_NOT_OFFERED'],
    ] as const) {
      const server = await start(options);
      const { line, waiting } = await send(server);
      assert.deepEqual([line.status, line.code], ['deferred', code]);
      assert.equal(waiting?.attempts, 1);
      assert.deepEqual(server.taken, []);
    }
  });

  it('without PIPELINING and SIZE: command by command', async () => {
    const server = await start({ name: 'bare', hidePIPELINING: true, hideSize: true });
    const { line } = await send(server);
    assert.equal(line.status, 'delivered', JSON.stringify(line));
    assert.equal(withoutTrace(server.taken[0]!.content).toString(), TEXT);
  });

  it('8-bit content for a host without 8BITMIME is returned: nobody rewrites it', async () => {
    const server = await start({ name: 'seven-bit', hide8BITMIME: true });
    const { line } = await send(server);
    assert.equal(line.code, 'SMTP_8BITMIME_MISSING');
    assert.match(await notice(`bob@${server.domain}`), /^Status: 5\.6\.3\r$/m);
    const ascii = await send(server, { body: '7BIT' }, `${HEADER}plain\r\n`);
    assert.equal(ascii.line.status, 'delivered', JSON.stringify(ascii.line));
  });

  it('20 MB arrive octet for octet', async () => {
    const server = await start({ name: 'big' });
    const letters = randomBytes(15 * 1024 * 1024)
      .toString('base64')
      .replaceAll(/.{76}/g, '$&\r\n');
    const text = Buffer.from(`${HEADER}${letters}\r\n`);
    const { line } = await send(server, {}, text);
    assert.equal(line.status, 'delivered', JSON.stringify(line));
    assert.ok(withoutTrace(server.taken[0]!.content).equals(text));
  });

  it('a message over its SIZE is not begun, and returned', async () => {
    const server = await start({ name: 'small', size: 1_000 });
    const { line } = await send(server);
    assert.equal(line.code, 'SMTP_MESSAGE_TOO_LARGE');
    assert.match(await notice(`bob@${server.domain}`), /^Status: 5\.3\.4\r$/m);
    assert.deepEqual(server.taken, []);
  });

  it('SMTP-6.1-1: one recipient is taken, one refused, one put off: each has its own fate', async () => {
    const server = await start({
      name: 'mixed',
      onRcptTo({ address }, _session, callback) {
        if (address.startsWith('gone')) callback(refusal(550, '5.1.1 No such user'));
        else if (address.startsWith('later')) callback(refusal(450, '4.2.1 Try later'));
        else callback();
      },
    });
    const recipients = ['here', 'gone', 'later'].map((name) => ({
      address: `${name}@${server.domain}`,
    }));
    const { waiting } = await send(server, { recipients });
    assert.deepEqual(
      server.taken.map(({ to }) => to),
      [[`here@${server.domain}`]],
    );
    assert.match(await notice(`gone@${server.domain}`), /^Status: 5\.1\.1\r$/m);
    assert.match(waiting?.lastText ?? '', /450 4\.2\.1/);
  });

  it('refused after the content: 552 is returned, 452 waits', async () => {
    for (const [responseCode, status] of [
      [552, 'failed'],
      [452, 'deferred'],
    ] as const) {
      const server = await start({
        name: `after-content-${responseCode}`,
        onData(stream, _session, callback) {
          stream.resume();
          stream.on('end', () => callback(refusal(responseCode, 'Mailbox full')));
        },
      });
      const { line } = await send(server);
      assert.equal(line.status, status, JSON.stringify(line));
    }
  });

  it('SMTP-5.1-4: a host that says 421 at once is passed over for the next', async () => {
    const next = await start({ name: 'backup' });
    const first = await start({
      name: 'busy',
      backup: `mx.${next.domain}`,
      onConnect: (_session, callback) => callback(refusal(421, 'Too busy')),
    });
    const { line } = await send(first);
    assert.equal(line.status, 'delivered', JSON.stringify(line));
    assert.equal(line.host, `mx.${next.domain}`);
    assert.equal(next.taken.length, 1);
  });

  it('many messages share sessions, and each arrives once', async () => {
    const server = await start({ name: 'many' });
    const subjects = Array.from({ length: 60 }, (_, number) => `Subject: ${number}\r\n`);
    const said = await Promise.all(
      subjects.map(async (subject) => await send(server, {}, `${subject}${HEADER}x\r\n`)),
    );
    assert.ok(said.every(({ line }) => line.status === 'delivered'));
    const seen = server.taken.map(({ content }) => withoutTrace(content).toString());
    assert.deepEqual(
      subjects.map((subject) => seen.filter((each) => each.startsWith(subject)).length),
      subjects.map(() => 1),
    );
    assert.ok(server.connections() <= 20, `${server.connections()} connections`);
  });
});

describe('the relay in shadow mode', () => {
  it('what an enforced policy would hold back is delivered; REQUIRETLS still holds', async () => {
    const watching = await startRelayBench({ shadow: true });
    const server = await startMxServer(watching.world, { name: 'shadow', certificate: 'expired' });
    try {
      const envelope = { from: 'alice@there.test', recipients: [{ address: 'bob@shadow.test' }] };
      const text = `${HEADER}watched\r\n`;
      const { line, events } = await watching.relay.send({ envelope, text });
      assert.equal(line.status, 'delivered', JSON.stringify(line));
      assert.equal(events.at(-1)?.event.failure?.code, 'TLS_CERTIFICATE_EXPIRED');
      assert.equal(server.taken[0]?.secure, true);
      const secret = { ...envelope, requireTls: true };
      const held = await watching.relay.send({ envelope: secret, text });
      assert.equal(held.line.code, 'TLS_CERTIFICATE_EXPIRED', JSON.stringify(held.line));
      assert.equal(server.taken.length, 1);
    } finally {
      await watching.close();
      await server.close();
    }
  });
});
