import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { type RelayBench, startRelayBench, traceOf, withoutTrace } from './peers/relay-bench.ts';
import { LOGIN, RELAY_NAME } from './peers/relay-files.ts';
import { queuedAs } from './peers/relay-in-world.ts';

/** nodemailer, with which applications send, as a client of the relay. */
let bench: RelayBench;

before(async () => {
  // Nobody is trusted by the address.
  bench = await startRelayBench({ trustedNetworks: ['192.0.2.0/24'] });
});
after(async () => {
  await bench.close();
});

const ENVELOPE = { from: 'alice@here.test', to: ['bob@there.test'] };

interface Way {
  readonly auth?: { readonly user: string; readonly pass: string } | 'none';
  readonly method?: 'PLAIN' | 'LOGIN';
  readonly secure?: true;
}

const AUTH = { user: LOGIN.user, pass: LOGIN.password };

function transportOf({ auth = AUTH, method = 'PLAIN', secure }: Way = {}) {
  return createTransport({
    host: '127.0.0.1',
    port: secure === true ? bench.tlsPort : bench.port,
    secure: secure === true,
    requireTLS: true,
    ...(auth === 'none' ? {} : { auth }),
    authMethod: method,
    tls: { ca: bench.world.ca.rootPem, servername: RELAY_NAME },
  });
}

/** The id, once it has arrived. */
async function send(message: SendMailOptions, way: Way = {}): Promise<string> {
  const transport = transportOf(way);
  try {
    const { response } = await transport.sendMail(message);
    return queuedAs(response);
  } finally {
    transport.close();
  }
}

/** What nodemailer itself makes of a message. */
async function compose(message: SendMailOptions): Promise<Buffer> {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const { message: text } = await composer.sendMail(message);
  return text as Buffer;
}

describe('nodemailer submits', () => {
  for (const way of [
    { method: 'PLAIN' },
    { method: 'LOGIN' },
    { method: 'PLAIN', secure: true },
    { method: 'LOGIN', secure: true },
  ] as const) {
    const tls = 'secure' in way ? 'TLS from the first octet' : 'STARTTLS';
    it(`AUTH ${way.method} inside ${tls}`, async () => {
      const raw = Buffer.from(
        'Message-ID: <1@here.test>\r\nDate: x\r\nSubject: hi\r\n\r\nhello\r\n',
      );
      const {
        content,
        from,
        recipients,
        tls: over,
      } = await bench.arrival(await send({ raw, envelope: ENVELOPE }, way));
      assert.equal(withoutTrace(content).toString(), raw.toString());
      assert.match(traceOf(content), / with ESMTPSA id /);
      assert.deepEqual([from, recipients], ['alice@here.test', ['bob@there.test']]);
      assert.equal(over?.protocol, 'TLSv1.3');
    });
  }

  it('a wrong password is refused, and nobody without one may send', async () => {
    const wrong = { auth: { user: LOGIN.user, pass: 'guessed' } };
    await assert.rejects(send({ text: 'x', envelope: ENVELOPE }, wrong), /535 5\.7\.8/);
    await assert.rejects(send({ text: 'x', envelope: ENVELOPE }, { auth: 'none' }), /5\.7\.[01]/);
  });

  it('attachments of megabytes arrive octet for octet', async () => {
    const raw = await compose({
      from: ENVELOPE.from,
      to: ENVELOPE.to,
      subject: 'Bücher und Äpfel',
      text: 'Hello,\r\n.\r\n..\r\n.dots\r\n',
      html: `<p>${'long '.repeat(5_000)}</p>`,
      attachments: [
        { filename: 'big.bin', content: randomBytes(5 * 1024 * 1024) },
        { filename: 'größe.txt', content: 'ä\r\n.\r\n', contentTransferEncoding: '7bit' },
      ],
    });
    assert.ok(raw.length > 6 * 1024 * 1024);
    const { content } = await bench.arrival(await send({ raw, envelope: ENVELOPE }));
    assert.ok(withoutTrace(content).equals(raw), 'not the octets that were sent');
  });

  it('DSN-3461-1: what is wished for notices goes along to a host that knows DSN', async () => {
    const dsn = {
      id: 'order+17=x',
      return: 'headers',
      notify: ['success', 'delay'],
      recipient: 'bob@there.test',
    } as const;
    const id = await send({
      text: 'x',
      envelope: ENVELOPE,
      dsn: { ...dsn, notify: [...dsn.notify] },
    });
    const { mailParameters } = await bench.arrival(id);
    assert.ok(mailParameters.includes('RET=HDRS'), mailParameters.join(' '));
    assert.ok(mailParameters.some((each) => /^ENVID=ORDER\+2B17\+3DX$/i.test(each)));
    const { line } = bench.there.host.commands.findLast(({ line }) => line.startsWith('RCPT'))!;
    assert.match(line, / NOTIFY=(SUCCESS,DELAY|DELAY,SUCCESS)\b/);
    assert.match(line, / ORCPT=rfc822;bob@there\.test/i);
  });

  it('SMTPUTF8: names and headers in UTF-8', async () => {
    const id = await send({
      from: 'jürgen@here.test',
      to: 'büro@there.test',
      subject: 'Grüße',
      text: 'Grüße',
    });
    const { from, recipients, mailParameters, content } = await bench.arrival(id);
    assert.deepEqual([from, recipients], ['jürgen@here.test', ['büro@there.test']]);
    assert.ok(mailParameters.includes('SMTPUTF8'));
    assert.match(traceOf(content), / with UTF8SMTPSA id /);
  });

  it('RT-2-1, RT-2-3: REQUIRETLS is taken inside TLS and passed on', async () => {
    const options = { text: 'x', envelope: { ...ENVELOPE, requireTLSExtensionEnabled: true } };
    const { mailParameters, content } = await bench.arrival(await send(options));
    assert.ok(mailParameters.includes('REQUIRETLS'), mailParameters.join(' '));
    assert.match(traceOf(content), /REQUIRETLS/);
  });

  it('a pool of sessions: each of many messages arrives once', async () => {
    const transport = createTransport({
      pool: true,
      maxConnections: 5,
      host: '127.0.0.1',
      port: bench.port,
      requireTLS: true,
      auth: AUTH,
      tls: { ca: bench.world.ca.rootPem, servername: RELAY_NAME },
    });
    const subjects = Array.from({ length: 60 }, (_, number) => `pooled ${number}.`);
    const sent = await Promise.all(
      subjects.map(
        async (subject) => await transport.sendMail({ subject, text: subject, envelope: ENVELOPE }),
      ),
    );
    transport.close();
    const ids = sent.map(({ response }) => queuedAs(response));
    await Promise.all(ids.map(async (id) => await bench.arrival(id)));
    const all = bench.there.host.messages.map(({ content }) => Buffer.from(content).toString());
    const counts = subjects.map((each) => all.filter((text) => text.includes(`: ${each}`)).length);
    assert.deepEqual(
      counts,
      Array.from({ length: 60 }, () => 1),
    );
  });
});
