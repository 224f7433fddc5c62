import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { freePort } from './free-port.ts';
import { startLabMx } from './mx-host.ts';
import { createLabCa } from './pki/ca.ts';
import type { LabMx, MxFault } from './types.ts';

const ca = createLabCa();
const ADDRESS = '127.0.0.1';

/** A client that sends what it is told and collects what it hears. */
class Client {
  readonly #socket: Socket | TLSSocket;
  #heard = '';
  #wake: (() => void) | undefined;
  closed = false;

  constructor(socket: Socket | TLSSocket) {
    this.#socket = socket;
    const ring = (): void => this.#wake?.();
    socket.on('data', (chunk: Buffer) => {
      this.#heard += chunk.toString('latin1');
      ring();
    });
    socket.on('error', ring);
    socket.on('close', () => {
      this.closed = true;
      ring();
    });
  }

  /** Everything up to the end of a reply; what was heard so far if the server closes. */
  async reply(): Promise<string> {
    for (;;) {
      const match = /^(?:\d{3}-[^\r]*\r\n)*\d{3} [^\r]*\r\n/.exec(this.#heard);
      if (match !== null) {
        this.#heard = this.#heard.slice(match[0].length);
        return match[0];
      }
      if (this.closed) return this.#heard;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async say(line: string | Buffer): Promise<string> {
    this.#socket.write(typeof line === 'string' ? `${line}\r\n` : line);
    return this.reply();
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  get leftOver(): string {
    return this.#heard;
  }

  async startTls(options: ConnectionOptions = {}): Promise<{ client: Client; tls: TLSSocket }> {
    this.#socket.removeAllListeners('data');
    const tls = tlsConnect({
      socket: this.#socket,
      ca: [ca.rootPem],
      rejectUnauthorized: false,
      ...options,
    });
    await new Promise<void>((resolve, reject) => {
      tls.once('secureConnect', resolve);
      tls.once('error', reject);
      tls.once('close', () => reject(new Error('closed in the handshake')));
    });
    return { client: new Client(tls), tls };
  }

  end(): void {
    this.#socket.destroy();
  }
}

describe('lab MX host', () => {
  const running: LabMx[] = [];
  after(async () => {
    await Promise.all(running.map((mx) => mx.close()));
  });

  const start = async (fault: MxFault = 'none', keywords?: readonly string[]): Promise<LabMx> => {
    const mx = await startLabMx({
      address: ADDRESS,
      port: await freePort([ADDRESS]),
      host: 'mx.a.test',
      fault,
      certificates: new Map([
        ['', ca.issue(['mx.a.test'])],
        ['mx.b.test', ca.issue(['mx.b.test'])],
      ]),
      ...(keywords === undefined ? {} : { keywords }),
    });
    running.push(mx);
    return mx;
  };
  const dial = (mx: LabMx): Client => new Client(connect(mx.options.port, ADDRESS));

  it('takes a message over TLS and records it', async () => {
    const mx = await start();
    const clear = dial(mx);
    assert.match(await clear.reply(), /^220 mx\.a\.test/);
    const offer = await clear.say('EHLO client.test');
    assert.match(offer, /STARTTLS/);
    assert.doesNotMatch(offer, /REQUIRETLS/);
    assert.match(await clear.say('STARTTLS'), /^220/);
    const { client } = await clear.startTls({ servername: 'mx.b.test' });
    const inside = await client.say('EHLO client.test');
    assert.match(inside, /REQUIRETLS/);
    assert.doesNotMatch(inside, /STARTTLS/);
    client.write(
      'MAIL FROM:<a@client.test> BODY=8BITMIME REQUIRETLS\r\nRCPT TO:<b@a.test>\r\nDATA\r\n',
    );
    assert.match(await client.reply(), /^250/);
    assert.match(await client.reply(), /^250/);
    assert.match(await client.reply(), /^354/);
    assert.match(await client.say('Subject: x\r\n\r\n..dot\r\n.'), /^250/);
    assert.match(await client.say('QUIT'), /^221/);
    const [message] = mx.messages;
    assert.deepEqual(message?.mailParameters, ['BODY=8BITMIME', 'REQUIRETLS']);
    assert.deepEqual(message?.recipients, ['b@a.test']);
    assert.equal(String(message?.content), 'Subject: x\r\n\r\n.dot\r\n');
    assert.deepEqual(message?.tls, { protocol: 'TLSv1.3', servername: 'mx.b.test' });
    assert.deepEqual(mx.commands.slice(0, 3), [
      { line: 'EHLO client.test', tls: false },
      { line: 'STARTTLS', tls: false },
      { line: 'EHLO client.test', tls: true },
    ]);
    assert.doesNotMatch(mx.clearText, /MAIL/);
    assert.equal(mx.connections, 1);
  });

  it('STS-7.1-6, STS-7.1-7: chooses the certificate by SNI, and has a default one', async () => {
    const mx = await start();
    for (const [servername, expected] of [
      ['mx.b.test', 'mx.b.test'],
      ['unknown.test', 'mx.a.test'],
      ['', 'mx.a.test'],
    ] as const) {
      const clear = dial(mx);
      await clear.reply();
      await clear.say('STARTTLS');
      const { client, tls } = await clear.startTls({ servername });
      assert.match(String(tls.getPeerX509Certificate()?.subjectAltName), new RegExp(expected));
      client.end();
    }
  });

  it('takes BDAT', async () => {
    const mx = await start();
    const client = dial(mx);
    await client.reply();
    await client.say('EHLO client.test');
    await client.say('MAIL FROM:<> BODY=8BITMIME');
    await client.say('RCPT TO:<b@a.test>');
    assert.match(await client.say(Buffer.from('BDAT 4\r\n\xe9\r\n.', 'latin1')), /^250/);
    assert.match(await client.say(Buffer.from('BDAT 0 LAST\r\n')), /^250/);
    assert.equal(mx.messages[0]?.content.toString(), Buffer.from('\xe9\r\n.', 'latin1').toString());
    assert.equal(mx.messages[0]?.tls, undefined);
    client.end();
  });

  it('takes 8 bits only where they were announced: SMTPUTF8 for the header, BODY for the rest', async () => {
    const mx = await start();
    const client = dial(mx);
    await client.reply();
    await client.say('EHLO client.test');
    for (const [parameters, message, code] of [
      ['', 'Subject: \u00fc\r\n\r\nx', 554],
      [' SMTPUTF8', 'Subject: \u00fc\r\n\r\nx', 250],
      [' SMTPUTF8', 'Subject: x\r\n\r\n\u00fc', 554],
      [' SMTPUTF8 BODY=8BITMIME', 'Subject: x\r\n\r\n\u00fc', 250],
    ] as const) {
      await client.say(`MAIL FROM:<a@b.test>${parameters}`);
      await client.say('RCPT TO:<b@a.test>');
      await client.say('DATA');
      assert.match(await client.say(`${message}\r\n.`), new RegExp(`^${code}`), message);
      await client.say('RSET');
    }
    client.end();
  });

  it('is strict about what it reads', async () => {
    const mx = await start('none', ['PIPELINING', 'SIZE 1000', 'ENHANCEDSTATUSCODES']);
    const client = dial(mx);
    await client.reply();
    assert.match(await client.say('MAIL FROM:<a@b.test>'), /^503/);
    await client.say('EHLO client.test');
    for (const [line, code] of [
      ['MAIL a@b.test', 501],
      ['MAIL FROM:a@b.test', 501],
      ['MAIL FROM:<a@b.test> SIZE=1001', 552],
      ['MAIL FROM:<a@b.test> SIZE=x', 501],
      ['MAIL FROM:<a@b.test> BODY=8BITMIME', 555],
      ['MAIL FROM:<a@b.test> SMTPUTF8', 555],
      ['MAIL FROM:<a@b.test> RET=HDRS', 555],
      ['MAIL FROM:<a@b.test> REQUIRETLS', 530],
      ['MAIL FROM:<a@b.test> FUTURE=1', 555],
      ['MAIL FROM:<\u00fc@b.test>', 553],
      ['RCPT TO:<b@a.test>', 503],
      ['DATA', 503],
      ['BDAT 1', 502],
      ['WHAT', 500],
      ['NOOP\nNOOP', 500],
      ['STARTTLS now', 501],
      ['MAIL FROM:<"a b"@b.test> SIZE=10', 250],
      ['MAIL FROM:<a@b.test>', 503],
      ['RCPT TO:<b@a.test> NOTIFY=NEVER', 555],
      ['RCPT TO:<>', 501],
      ['RCPT TO:<b@a.test>', 250],
      ['DATA', 354],
      ['bare\nLF\r\n.', 554],
    ] as const) {
      assert.equal((await client.say(line)).slice(0, 3), String(code), line);
    }
    assert.deepEqual(mx.messages, []);
    client.end();
  });

  it('TLS-3207-R1: lets nothing follow STARTTLS in clear text', async () => {
    const mx = await start();
    const client = dial(mx);
    await client.reply();
    await client.say('EHLO client.test');
    client.write('STARTTLS\r\nMAIL FROM:<evil@b.test>\r\n');
    assert.match(await client.reply(), /^554/);
    assert.equal(mx.commands.length, 2);
    client.end();
  });

  const faults: readonly (readonly [MxFault, (client: Client) => Promise<void>])[] = [
    [
      'strip-starttls',
      async (client) => {
        assert.doesNotMatch(await client.say('EHLO c.test'), /STARTTLS/);
        assert.match(await client.say('STARTTLS'), /^502/);
      },
    ],
    [
      'refuse-starttls',
      async (client) => {
        assert.match(await client.say('EHLO c.test'), /STARTTLS/);
        assert.match(await client.say('STARTTLS'), /^454/);
      },
    ],
    [
      'inject-after-220',
      async (client) => {
        await client.say('EHLO c.test');
        await client.say('STARTTLS');
        assert.match(client.leftOver, /^250 2\.0\.0 Injected/);
      },
    ],
    [
      'drop-handshake',
      async (client) => {
        await client.say('EHLO c.test');
        await client.say('STARTTLS');
        await assert.rejects(client.startTls());
      },
    ],
    [
      'garbage-handshake',
      async (client) => {
        await client.say('EHLO c.test');
        await client.say('STARTTLS');
        await assert.rejects(client.startTls());
      },
    ],
    [
      'tls-1.1',
      async (client) => {
        await client.say('EHLO c.test');
        await client.say('STARTTLS');
        await assert.rejects(client.startTls());
      },
    ],
    [
      'reject-recipients',
      async (client) => {
        await client.say('EHLO c.test');
        await client.say('MAIL FROM:<>');
        assert.match(await client.say('RCPT TO:<b@a.test>'), /^550/);
      },
    ],
    [
      'greylist',
      async (client) => {
        await client.say('EHLO c.test');
        await client.say('MAIL FROM:<>');
        assert.match(await client.say('RCPT TO:<b@a.test>'), /^451/);
      },
    ],
    [
      'insist-on-tls',
      async (client) => {
        await client.say('EHLO c.test');
        assert.match(await client.say('MAIL FROM:<>'), /^530/);
      },
    ],
    [
      'endless-reply',
      async (client) => {
        client.write('EHLO c.test\r\n');
        while (client.leftOver.length < 100_000) {
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
        assert.match(client.leftOver, /^250-X/);
      },
    ],
  ];
  for (const [fault, check] of faults) {
    it(`misbehaves: ${fault}`, async () => {
      const mx = await start(fault);
      const client = dial(mx);
      await client.reply();
      await check(client);
      client.end();
    });
  }

  it('misbehaves: tls-1.1 really speaks it', async () => {
    const mx = await start('tls-1.1');
    const clear = dial(mx);
    await clear.reply();
    await clear.say('STARTTLS');
    const { client, tls } = await clear.startTls({
      minVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    assert.equal(tls.getProtocol(), 'TLSv1.1');
    client.end();
  });

  it('misbehaves: busy, drip, silent, down; and behaves again', async () => {
    const mx = await start('busy');
    assert.match(await dial(mx).reply(), /^421/);
    mx.setFault('drip');
    const dripping = dial(mx);
    while (dripping.leftOver === '') {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    assert.equal(dripping.leftOver, '2');
    dripping.end();
    mx.setFault('silent');
    const unanswered = dial(mx);
    mx.setFault('down');
    await mx.settled();
    assert.equal(await unanswered.reply(), '');
    const refused = dial(mx);
    assert.equal(await refused.reply(), '');
    mx.setFault('none');
    await mx.settled();
    const client = dial(mx);
    assert.match(await client.reply(), /^220/);
    client.end();
  });
});
