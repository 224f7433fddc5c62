import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startTestServer } from './submission.fixture.ts';

const MESSAGE = 'From: a@sender.test\r\nDate: today\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n';

describe('a session in clear from a trusted network', () => {
  it('TLS-3207-4-3: greets, names its extensions, takes a message in clear and queues it', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    assert.equal(await client.reply(), '220 relay.test ESMTP smtp-sts\r\n');
    assert.equal(
      await client.ask('EHLO client.test'),
      '250-relay.test greets [127.0.0.1]\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n' +
        '250-SMTPUTF8\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n',
    );
    assert.equal(await client.ask('MAIL FROM:<a@sender.test>'), '250 2.1.0 Sender OK\r\n');
    assert.equal(await client.ask('RCPT TO:<b@there.test>'), '250 2.1.5 Recipient OK\r\n');
    assert.equal(await client.ask('DATA'), '354 End data with <CR><LF>.<CR><LF>\r\n');
    assert.equal(await client.ask(`${MESSAGE}.`), '250 2.0.0 queued as M1\r\n');
    assert.equal(await client.ask('QUIT'), '221 2.0.0 Bye\r\n');
    assert.equal(await client.rest(), '');
    const [kept] = server.queue.kept;
    assert.equal(
      kept!.content,
      'Received: from client.test ([127.0.0.1])\r\n\tby relay.test with ESMTP id M1\r\n' +
        '\tfor <b@there.test>;\r\n\tThu, 01 Jan 2026 00:00:00 +0000\r\n' +
        MESSAGE,
    );
    assert.deepEqual(kept!.message, {
      envelope: { from: 'a@sender.test' },
      recipients: [{ address: 'b@there.test' }],
      origin: { via: 'network', clientAddress: '127.0.0.1', heloName: 'client.test' },
      tlsRequiredNo: false,
      messageIdHeader: '<1@x>',
    });
    assert.deepEqual(server.counted.accepted, ['network']);
    const accepted = server.lines.find(({ fields }) => fields['event'] === 'accepted');
    assert.equal(accepted?.fields['id'], 'M1');
    assert.equal(accepted?.fields['size'], MESSAGE.length);
    assert.deepEqual(accepted?.fields['to'], ['b@there.test']);
  });

  it('a refused address and a refused size say in the log whose they were', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.hello();
    assert.match(await client.ask('MAIL FROM:<big@sender.test> SIZE=99999999999'), /^552 /);
    assert.match(await client.ask('MAIL FROM:<a@sender.test>'), /^250 /);
    assert.match(await client.ask('RCPT TO:<b@-bad->'), /^5/);
    const refused = server.lines.filter(({ fields }) => fields['event'] === 'refused');
    assert.deepEqual(
      refused.map(({ fields: { from, to } }) => [from, to]),
      [
        ['big@sender.test', undefined],
        ['a@sender.test', 'b@-bad-'],
      ],
    );
  });

  it('takes a pipelined group and answers each command in order', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.hello();
    client.send('MAIL FROM:<>\r\nRCPT TO:<b@there.test>\r\nRCPT TO:<c@there.test>\r\nDATA\r\n');
    assert.match(await client.reply(), /^250 2\.1\.0 /);
    assert.match(await client.reply(), /^250 2\.1\.5 /);
    assert.match(await client.reply(), /^250 2\.1\.5 /);
    assert.match(await client.reply(), /^354 /);
    client.send(`${MESSAGE}.\r\nMAIL FROM:<x@sender.test>\r\nQUIT\r\n`);
    assert.match(await client.reply(), /^250 2\.0\.0 queued as M1/);
    assert.match(await client.reply(), /^250 2\.1\.0/);
    assert.match(await client.reply(), /^221 /);
    const { message, content } = server.queue.kept[0]!;
    assert.equal(message.envelope.from, '');
    assert.doesNotMatch(content, /\tfor /);
  });

  it('unstuffs dots and passes an octet at a time', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.toContent();
    for (const octet of Buffer.from('Date: x\r\nMessage-ID: y\r\n\r\n..\r\n...a\r\n.\r\n')) {
      client.send(Buffer.from([octet]));
    }
    assert.match(await client.reply(), /^250 /);
    assert.match(server.queue.kept[0]!.content, /\r\n\r\n\.\r\n\.\.a\r\n$/);
  });

  it('adds Date and Message-ID where they are missing, and nothing else', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.toContent();
    await client.ask('Return-Path: <q@x>\r\nBcc: s@x\r\nSubject: x\r\n\r\nbody\r\n.');
    const { content, message } = server.queue.kept[0]!;
    assert.match(
      content,
      /\+0000\r\nDate: Thu, 01 Jan 2026 00:00:00 \+0000\r\nMessage-ID: <M1@relay\.test>\r\nReturn-Path: <q@x>\r\nBcc: s@x\r\nSubject: x\r\n\r\nbody\r\n$/,
    );
    assert.equal(message.messageIdHeader, '<M1@relay.test>');
  });

  it('takes an empty content', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.toContent();
    assert.match(await client.ask('.'), /^250 /);
  });

  it('writes a big message in parts, the header whole in the first', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.toContent();
    const line = `${'x'.repeat(70)}\r\n`;
    assert.match(await client.ask(`Subject: big\r\n\r\n${line.repeat(10_000)}.`), /^250 /);
    assert.ok(server.queue.writes.length > 5);
    const { content } = server.queue.kept[0]!;
    assert.ok(content.endsWith(`Subject: big\r\n\r\n${line.repeat(10_000)}`));
  });

  it('says 503 to commands out of order, and 5xx to those that are none', async () => {
    await using server = await startTestServer({ maxErrors: 100 });
    const client = server.connect();
    await client.reply();
    for (const [command, expected] of [
      ['MAIL FROM:<a@b.test>', '503 5.5.1'],
      ['RCPT TO:<a@b.test>', '503 5.5.1'],
      ['DATA', '503 5.5.1'],
      ['EHLO', '501 Say'],
      ['EHLO a b', '501 Say'],
      ['EHLO <x>', '501 Say'],
      ['HELO', '501 Say'],
      ['EHLO x', '250-relay'],
      ['RCPT TO:<a@b.test>', '503 5.5.1'],
      ['DATA', '503 5.5.1'],
      ['FOO', '500 5.5.2'],
      ['', '500 5.5.2'],
      ['EXPN x', '502 5.5.1'],
      ['TURN', '502 5.5.1'],
      ['VRFY x', '252 2.0.0'],
      ['VRFY', '501 5.5.4'],
      ['NOOP x', '250 2.0.0'],
      ['HELP', '214 2.0.0'],
      ['RSET x', '501 5.5.4'],
      ['QUIT now', '501 5.5.4'],
      ['MAIL FROM:<a@b.test>', '250 2.1.0'],
      ['MAIL FROM:<a@b.test>', '503 5.5.1'],
      ['DATA', '554 5.5.1'],
      ['RSET', '250 2.0.0'],
      ['RCPT TO:<a@b.test>', '503 5.5.1'],
      ['mail from:<a@b.test>', '250 2.1.0'],
      ['rcpt to:<a@b.test>', '250 2.1.5'],
      ['DATA now', '501 5.5.4'],
      ['EHLO x', '250-relay'],
      ['DATA', '503 5.5.1'],
    ] as const) {
      assert.equal((await client.ask(command)).slice(0, expected.length), expected, command);
    }
  });

  it('refuses BDAT, and reads nothing after it: that would be content', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.hello();
    client.send('BDAT 20 LAST\r\nMAIL FROM:<a@b.test>\r\n');
    assert.equal(await client.rest(), '502 5.5.1 BDAT is not offered here\r\n');
  });

  it('sends a web browser away', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.reply();
    client.send('POST / HTTP/1.1\r\nMAIL FROM:<a@b.test>\r\n');
    assert.equal(await client.rest(), '421 4.7.0 This is a mail server\r\n');
  });

  it('takes HELO, and then no parameters', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.reply();
    assert.equal(await client.ask('HELO old.test'), '250 relay.test greets [127.0.0.1]\r\n');
    assert.match(await client.ask('MAIL FROM:<a@b.test> SIZE=3'), /^555 5\.5\.4 /);
    assert.match(await client.ask('MAIL FROM:<a@b.test>'), /^250 /);
    await client.ask('RCPT TO:<c@d.test>');
    await client.ask('DATA');
    await client.ask('.');
    assert.match(server.queue.kept[0]!.content, / with SMTP id M1/);
  });

  it('answers a client that closed its side, and gives up half a message', async () => {
    await using server = await startTestServer();
    const asks = server.connect();
    await asks.hello();
    asks.socket.end('NOOP\r\nNOO');
    assert.equal(await asks.rest(), '250 2.0.0 OK\r\n');

    const leaves = server.connect();
    await leaves.toContent();
    leaves.socket.end('Subject: x\r\n\r\n');
    assert.equal(await leaves.rest(), '');
    assert.equal(server.queue.kept.length, 0);
  });

  it('gives up the sink of a client that vanishes in the midst of a big message', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.toContent();
    client.send(`Subject: x\r\n\r\n${'y\r\n'.repeat(100_000)}`);
    while (server.queue.writes.length < 2) await nextTurn();
    client.destroy();
    while (server.queue.aborted === 0) await nextTurn();
    assert.equal(server.queue.underWay, 0);
  });

  it('a client that vanishes while its message is written leaves nothing', async () => {
    await using server = await startTestServer();
    const gate = Promise.withResolvers<void>();
    server.queue.writeGate = gate.promise;
    const client = server.connect();
    await client.toContent();
    client.send('a: b\r\n\r\n.\r\n');
    while (server.queue.underWay === 0) await nextTurn();
    client.socket.resetAndDestroy();
    while (server.submission.stats().connections > 0) await nextTurn();
    assert.equal(server.queue.aborted, 0, 'not while it is written');
    gate.resolve();
    while (server.queue.aborted === 0) await nextTurn();
    assert.equal(server.queue.kept.length, 0);
  });

  it('a client that vanishes during the commit takes nothing back', async () => {
    await using server = await startTestServer();
    const gate = Promise.withResolvers<void>();
    server.queue.gate = gate.promise;
    const client = server.connect();
    await client.toContent();
    client.send('a: b\r\n\r\n.\r\n');
    while (server.queue.writes.length === 0) await nextTurn();
    client.socket.resetAndDestroy();
    while (server.submission.stats().connections > 0) await nextTurn();
    gate.resolve();
    while (server.queue.kept.length === 0) await nextTurn();
    assert.equal(server.queue.aborted, 0);
    assert.equal(server.submission.stats().accepted, 1);
  });
});

async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
