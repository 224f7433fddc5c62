import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startTestServer } from './submission.fixture.ts';

describe('a content that is refused', () => {
  for (const [name, body] of [
    ['in a line', 'one\0two\r\n'],
    ['before a dot', '\0.\r\n'],
    ['behind a dot', '.\0\r\n'],
    ['in a line too long', `${'x'.repeat(2_000)}\0\r\n`],
  ] as const) {
    it(`has NUL ${name} of a content: 550 5.6.0, and the session goes on`, async () => {
      await using server = await startTestServer();
      for (const size of [1, 10_000]) {
        const client = server.connect();
        await client.toContent();
        const text = `Subject: x\r\n\r\n${body}.\r\n`;
        for (let at = 0; at < text.length; at += size) client.send(text.slice(at, at + size));
        assert.match(await client.reply(), /^550 5\.6\.0 The message has NUL/);
        assert.match(await client.ask('MAIL FROM:<a@b.test>'), /^250 /);
      }
      assert.equal(server.queue.underWay, 0);
      assert.equal(server.queue.kept.length, 0);
    });
  }

  it('has NUL behind a content: the content is taken', async () => {
    await using server = await startTestServer();
    const client = server.connect();
    await client.toContent();
    client.send('Subject: x\r\n\r\nbody\r\n.\r\nNO\0OP\r\n');
    assert.match(await client.reply(), /^250 /);
    assert.match(await client.reply(), /^500 /);
  });

  it('a long content that is refused in its midst is heard to its end: nothing of it is a command', async () => {
    await using server = await startTestServer();
    const filler = `${'f'.repeat(70)}\r\n`.repeat(3_000);
    const commands = 'MAIL FROM:<evil@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n';
    const loop = 'Received: from a\r\n by b; today\r\n'.repeat(60);
    const looping = server.connect();
    await looping.toContent();
    looping.send(`${loop}\r\n${filler}${commands}.\r\nNOOP\r\n`);
    assert.match(await looping.reply(), /^554 5\.4\.6 /);
    assert.match(await looping.reply(), /^250 2\.0\.0 OK/);
    server.queue.breaks = true;
    const broken = server.connect();
    await broken.toContent();
    broken.send(`Subject: x\r\n\r\n${filler}${commands}.\r\nNOOP\r\n`);
    assert.match(await broken.reply(), /^451 4\.3\.0 /);
    assert.match(await broken.reply(), /^250 2\.0\.0 OK/);
    assert.equal(server.queue.kept.length, 0);
    assert.equal(server.queue.underWay, 0);
  });
});
