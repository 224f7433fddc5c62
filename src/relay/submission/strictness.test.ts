import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startTestServer } from './submission.fixture.ts';

describe('what a client may not do', () => {
  it('talks before the greeting: 554, then the end', async () => {
    await using server = await startTestServer({ trustedNetworks: [] });
    const client = server.connect();
    client.send('EHLO early.test\r\n');
    assert.equal(await client.rest(), '554 5.5.0 You spoke before you were greeted\r\n');
    assert.deepEqual(server.counted.refused, ['protocol']);
  });

  it('a client that is not trusted is greeted after a moment', async () => {
    await using server = await startTestServer({ trustedNetworks: [] });
    const client = server.connect();
    while (server.clock.waiting === 0) await server.clock.advance(0);
    await server.clock.advance(100);
    assert.match(await client.reply(), /^220 /);
  });

  for (const [name, text] of [
    ['EHLO', 'EHLO x\r\nMAIL FROM:<a@b.test>\r\n'],
    ['HELO', 'HELO x\r\nRSET\r\n'],
    ['AUTH', 'AUTH PLAIN\r\nAGE=\r\n'],
  ] as const) {
    it(`goes on before the reply to ${name}: 554, then the end`, async () => {
      await using server = await startTestServer();
      const client = server.connect();
      await client.reply();
      client.send(text);
      assert.equal(
        await client.rest(),
        '554 5.5.0 You went on before the reply to this command\r\n',
      );
    });
  }

  it('sends content before 354: 554, then the end', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.hello();
    await client.ask('MAIL FROM:<a@b.test>');
    await client.ask('RCPT TO:<c@d.test>');
    client.send('DATA\r\nSubject: x\r\n\r\n.\r\n');
    assert.match(await client.rest(), /^554 5\.5\.0 [^\n]*\r\n$/);
    assert.equal(server.queue.kept.length, 0);
  });

  it('ends a command with a bare LF, or has a bare CR in it: 500 5.5.2', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.hello();
    for (const text of ['NOOP\n', 'NO\rOP\r\n', 'NOOP\r\r\n', 'RCPT TO:<a@b.test>\nDATA\n']) {
      client.send(text);
      assert.match(await client.reply(), /^500 5\.5\.2 Lines end with CR LF/, text);
    }
    assert.match(await client.reply(), /^500 5\.5\.2 /);
    assert.match(await client.ask('NOOP'), /^250 /);
  });

  it('sends a line that is too long: 500 5.5.2, and the next one counts', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.hello();
    assert.match(await client.ask(`NOOP ${'x'.repeat(2_041)}`), /^250 /);
    assert.match(await client.ask(`NOOP ${'x'.repeat(2_042)}`), /^500 5\.5\.2 Line too long/);
    assert.match(await client.ask(`NOOP ${'x'.repeat(100_000)}`), /^500 5\.5\.2 Line too long/);
    assert.match(await client.ask('NOOP'), /^250 /);
  });

  it('sends octets that are no UTF-8: 500 5.5.2', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.hello();
    client.send(Buffer.from('MAIL FROM:<\xff@b.test> SMTPUTF8\r\n', 'latin1'));
    assert.match(await client.reply(), /^500 5\.5\.2 That is not UTF-8/);
  });

  for (const [name, end] of [
    ['LF . LF', '\n.\n'],
    ['CR . CR', '\r.\r'],
    ['LF . CR LF', '\n.\r\n'],
    ['CR LF . LF', '\r\n.\n'],
    ['CR LF . CR', '\r\n.\r'],
    ['CR . CR LF', '\r.\r\n'],
    ['LF . CR', '\n.\r'],
    ['CR . LF', '\r.\n'],
  ] as const) {
    it(`hides a second message behind ${name}: 550 5.6.0, the end, nothing kept`, async () => {
      await using server = await startTestServer();
      for (const size of [1, 3, 1_000]) {
        const client = server.connect();
        await client.toContent();
        const text = `Subject: x\r\n\r\nbody${end}MAIL FROM:<admin@b.test>\r\nRCPT TO:<c@d.test>\r\n`;
        for (let at = 0; at < text.length; at += size) client.send(text.slice(at, at + size));
        assert.match(await client.rest(), /^550 5\.6\.0 A lone CR or LF beside a dot[^\n]*\r\n$/);
      }
      assert.equal(server.queue.kept.length, 0);
      assert.deepEqual(new Set(server.counted.refused), new Set(['content']));
    });
  }

  for (const [name, body] of [
    ['a bare LF', 'one\ntwo\r\n'],
    ['a bare CR', 'one\rtwo\r\n'],
    ['CR CR LF', 'one\r\r\n'],
    ['a bare LF behind a line too long', `${'x'.repeat(999)}\r\none\ntwo\r\n`],
  ] as const) {
    it(`has ${name} in a content: 550 5.6.0 at its end, and what may be hidden behind is not heard`, async () => {
      await using server = await startTestServer();
      const client = server.connect();
      await client.toContent();
      client.send(`Subject: x\r\n\r\n${body}.\r\nMAIL FROM:<evil@b.test>\r\n`);
      assert.match(await client.rest(), /^550 5\.6\.0 The message has a CR or LF[^\n]*\r\n$/);
      assert.equal(server.queue.underWay, 0);
    });
  }

  it('has a line of more than 998 octets: 550 5.6.0', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.toContent();
    assert.match(await client.ask(`Subject: x\r\n\r\n${'x'.repeat(998)}\r\n.`), /^250 /);
    await client.ask('MAIL FROM:<a@b.test>');
    await client.ask('RCPT TO:<c@d.test>');
    await client.ask('DATA');
    const reply = await client.ask(`Subject: x\r\n\r\n${'x'.repeat(999)}\r\n.`);
    assert.match(reply, /^550 5\.6\.0 The message has a line of more than 998 octets/);
  });

  it('sends more than it may: 552 5.3.4 at MAIL and at the end of the content', async () => {
    await using server = await startTestServer({ maxMessageBytes: 1_000 });
    const client = server.connect();
    await client.hello();
    assert.match(await client.ask('MAIL FROM:<a@b.test> SIZE=1001'), /^552 5\.3\.4 /);
    await client.ask('MAIL FROM:<a@b.test> SIZE=1000');
    await client.ask('RCPT TO:<c@d.test>');
    await client.ask('DATA');
    assert.match(await client.ask(`Subject: x\r\n\r\n${'y\r\n'.repeat(500)}.`), /^552 5\.3\.4 /);
    assert.equal(server.queue.kept.length, 0);
    assert.deepEqual(server.counted.refused, ['too-big', 'too-big']);
  });

  it('never stops sending: 552 5.3.4 and the end', async () => {
    await using server = await startTestServer({ maxMessageBytes: 100_000 });
    const client = server.connect();
    await client.toContent();
    client.send('y\r\n'.repeat(300_000));
    assert.match(await client.rest(), /^552 5\.3\.4 /);
    assert.equal(server.queue.underWay, 0);
  });

  it('sends a message that went round: 554 5.4.6', async () => {
    await using server = await startTestServer({ maxHops: 10 });
    const client = server.connect();
    await client.toContent();
    const hop = 'Received: from a\r\n by b; today\r\n';
    assert.match(await client.ask(`${hop.repeat(11)}\r\nx\r\n.`), /^554 5\.4\.6 /);
    await client.ask('MAIL FROM:<a@b.test>');
    await client.ask('RCPT TO:<c@d.test>');
    await client.ask('DATA');
    assert.match(await client.ask(`${hop.repeat(10)}\r\n${hop}.`), /^250 /);
    assert.deepEqual(server.counted.refused, ['loop']);
  });

  it('sends for strangers: 550 5.7.1 at each recipient', async () => {
    await using server = await startTestServer({ trustedNetworks: ['10.0.0.0/8'] });
    const client = server.connect();
    while (server.clock.waiting === 0) await server.clock.advance(0);
    await server.clock.advance(100);
    await client.hello();
    assert.match(await client.ask('MAIL FROM:<a@b.test>'), /^250 /);
    assert.match(await client.ask('RCPT TO:<c@d.test>'), /^550 5\.7\.1 Relaying denied/);
    assert.match(await client.ask('RCPT TO:<postmaster>'), /^550 5\.7\.1 /);
    assert.match(await client.ask('DATA'), /^554 5\.5\.1 /);
    assert.deepEqual(server.counted.refused, ['not-allowed', 'not-allowed', 'protocol']);
  });
});

describe('limits', () => {
  it('too many recipients: 452 4.5.3, and the message goes to those that were taken', async () => {
    await using server = await startTestServer({ maxRecipients: 2, maxErrors: 2 });
    const client = server.connect();
    await client.hello();
    await client.ask('MAIL FROM:<a@b.test>');
    assert.match(await client.ask('RCPT TO:<1@d.test>'), /^250 /);
    assert.match(await client.ask('RCPT TO:<2@d.test>'), /^250 /);
    for (let more = 0; more < 5; more += 1) {
      assert.match(await client.ask('RCPT TO:<3@d.test>'), /^452 4\.5\.3 /);
    }
    assert.match(await client.ask('RCPT TO:<2@D.TEST>'), /^250 /);
    await client.ask('DATA');
    assert.match(await client.ask('x: y\r\n\r\n.'), /^250 /);
    assert.deepEqual(
      server.queue.kept[0]!.message.recipients.map(({ address }) => address),
      ['1@d.test', '2@d.test'],
    );
  });

  it('too many errors: 421 4.7.0', async () => {
    await using server = await startTestServer({ maxErrors: 3 });
    const client = server.connect();
    await client.hello();
    client.send('FOO\r\nFOO\r\nFOO\r\nNOOP\r\n');
    assert.match(await client.rest(), /^(?:500 [^\n]*\n){3}421 4\.7\.0 Too many errors\r\n$/);
  });

  it('too many connections: 421 4.7.0, and the next is served when one has gone', async () => {
    await using server = await startTestServer({ maxConnections: 2 });
    const first = server.connect();
    const second = server.connect();
    await first.reply();
    await second.reply();
    assert.equal(await server.connect().rest(), '421 4.7.0 Too many connections\r\n');
    assert.deepEqual(server.counted.refused, ['connections']);
    await first.ask('QUIT');
    first.destroy();
    while (server.submission.stats().connections > 1) await server.clock.advance(0);
    assert.match(await server.connect().reply(), /^220 /);
  });

  it('too many connections from one client: 421 4.7.0', async () => {
    await using server = await startTestServer({ maxConnectionsPerClient: 1 });
    await server.connect().reply();
    assert.equal(await server.connect().rest(), '421 4.7.0 Too many connections from you\r\n');
  });

  it('too many messages a minute: 451 4.7.1 until the minute is over', async () => {
    await using server = await startTestServer({ maxMessagesPerMinute: 2 });
    const client = server.connect();
    await client.hello();
    for (let message = 0; message < 2; message += 1) {
      assert.match(await client.ask('MAIL FROM:<a@b.test>'), /^250 /);
      await client.ask('RSET');
    }
    assert.match(await client.ask('MAIL FROM:<a@b.test>'), /^451 4\.7\.1 /);
    await server.clock.advance(30_000);
    assert.match(await client.ask('MAIL FROM:<a@b.test>'), /^250 /);
    assert.deepEqual(server.counted.refused, ['rate']);
  });

  it('half a command that never ends: 421 4.4.2 although octets come', async () => {
    await using server = await startTestServer({ idleTimeoutMs: 60_000 });
    const client = server.connect();
    await client.hello();
    client.send('NO');
    while (server.clock.waiting === 0) await server.clock.advance(0);
    await server.clock.advance(30_000);
    client.send('O');
    await server.clock.advance(30_000);
    assert.match(await client.rest(), /^421 4\.4\.2 /);
    assert.deepEqual(server.counted.refused, ['timeout']);
  });

  it('a content that drips: 421 4.4.2, nothing kept', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.toContent();
    client.send('Subject: x\r\n');
    while (server.clock.waiting === 0) await server.clock.advance(0);
    await server.clock.advance(299_000);
    client.send('X: y\r\n');
    await server.clock.advance(2_000);
    assert.match(await client.rest(), /^421 4\.4\.2 The message came too slowly/);
    assert.equal(server.queue.kept.length, 0);
  });

  it('a client that is silent: 421 4.4.2', async () => {
    await using server = await startTestServer({ idleTimeoutMs: 30 });
    const client = server.connect();
    await client.reply();
    assert.match(await client.rest(), /^421 4\.4\.2 Nothing came for too long\r\n$/);
  });
});

describe('when the queue cannot', () => {
  for (const [code, reply] of [
    ['QUEUE_FULL_DISK', '452 4.3.1'],
    ['QUEUE_STORE_DOWN', '451 4.3.0'],
  ] as const) {
    it(`${code} becomes ${reply}`, async () => {
      await using server = await startTestServer();
      server.queue.failWith = code;
      const client = server.connect();
      await client.toContent();
      assert.equal((await client.ask('a: b\r\n\r\n.')).slice(0, 9), reply);
      server.queue.failWith = undefined;
      assert.match(await client.ask('MAIL FROM:<a@b.test>'), /^250 /);
      assert.deepEqual(server.counted.refused, ['queue']);
      assert.equal(server.queue.underWay, 0);
    });
  }

  it('a write that breaks becomes 451 4.3.0, and the sink is given up', async () => {
    await using server = await startTestServer();
    server.queue.breaks = true;
    const client = server.connect();
    await client.toContent();
    assert.match(await client.ask('a: b\r\n\r\n.'), /^451 4\.3\.0 /);
    assert.equal(server.queue.underWay, 0);
  });

  it('250 is not said before the commit has ended', async () => {
    await using server = await startTestServer();
    const gate = Promise.withResolvers<void>();
    server.queue.gate = gate.promise;
    const client = server.connect();
    await client.toContent();
    client.send('a: b\r\n\r\n.\r\nNOOP\r\n');
    let isSaid = false;
    const reply = client.reply().then((text) => {
      isSaid = true;
      return text;
    });
    await server.clock.advance(1_000);
    assert.equal(isSaid, false);
    gate.resolve();
    assert.match(await reply, /^250 2\.0\.0 queued/);
    assert.match(await client.reply(), /^250 2\.0\.0 OK/);
  });
});

describe('when the service stops', () => {
  it('idle clients are told 421 4.3.2, a message under way is taken first', async () => {
    await using server = await startTestServer();
    const idle = server.connect();
    await idle.hello();
    const busy = server.connect();
    await busy.toContent();
    busy.send('a: b\r\n\r\n');
    const closed = server.submission.close({ graceMs: 10_000 });
    assert.match(await idle.rest(), /^421 4\.3\.2 /);
    assert.match(await busy.ask('.'), /^250 /);
    assert.match(await busy.rest(), /^421 4\.3\.2 /);
    busy.destroy();
    idle.destroy();
    await closed;
    assert.equal(server.queue.kept.length, 1);
  });

  it('who is not done in time is cut off, and nothing of it is kept', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.toContent();
    client.send('a: b\r\n');
    const closed = server.submission.close({ graceMs: 1_000 });
    await server.clock.advance(1_000);
    await closed;
    assert.equal(server.queue.kept.length, 0);
  });
});
