import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { startTestServer } from './submission.fixture.ts';

/** What clients say, whole and in splinters. */
const piece = fc.constantFrom(
  'EHLO x\r\n',
  'HELO x\r\n',
  'MAIL FROM:<a@b.test>\r\n',
  'MAIL FROM:<> SIZE=10\r\n',
  'RCPT TO:<c@d.test>\r\n',
  'DATA\r\n',
  'RSET\r\n',
  'Subject: x\r\n\r\n',
  '\r\n.\r\n',
  '.\r\n',
  '..',
  '\n',
  '\r',
  'x',
  'AUTH PLAIN\r\n',
  'STARTTLS\r\n',
  'NOOP\r\n',
  'BDAT 3\r\n',
  '\0',
  '\u00e9',
);

describe('fuzz: a hostile client', () => {
  it('fuzz: whatever comes, every reply is well formed, and what is queued is clean', async () => {
    await using server = await startTestServer({ maxErrors: 1_000 });
    const script = fc.array(fc.array(piece, { minLength: 1, maxLength: 6 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(script, fc.boolean(), async (packets, isInContent) => {
        const client = server.connect();
        if (isInContent) await client.toContent();
        else await client.reply();
        for (const packet of packets) {
          client.send(packet.join(''));
          await server.clock.advance(0);
        }
        client.socket.end();
        const heard = await client.rest();
        assert.match(heard, /^(?:\d{3}[ -][^\r\n]*\r\n)*$/);
        client.destroy();
      }),
      { numRuns: 150 },
    );
    while (server.submission.stats().connections > 0) await server.clock.advance(0);
    assert.ok(server.queue.kept.length > 0);
    for (const { content } of server.queue.kept) assert.doesNotMatch(content, /\r(?!\n)|(?<!\r)\n/);
    assert.equal(server.queue.underWay, 0);
    assert.deepEqual(
      server.lines.filter(({ level }) => level === 'error'),
      [],
    );
  });
});
