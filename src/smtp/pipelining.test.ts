import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { settle } from '../clock.fixture.ts';
import { content, openSession, opening } from './dialogue.fixture.ts';
import type { Envelope, RecipientResult } from './types.ts';

const A = 'a@example.test';
const B = 'b@example.test';
const C = 'c@example.test';

function to(...recipients: readonly string[]): Envelope {
  return { from: A, recipients: recipients.map((address) => ({ address })) };
}

/** `b@example.test delivered`, `c@example.test failed SMTP_RCPT_REFUSED 550`. */
function say(results: readonly RecipientResult[]): readonly string[] {
  return results.map((result) => {
    const head = `${result.recipient} ${result.status}`;
    if (result.status === 'delivered') return head;
    return `${head} ${result.failure.code}${result.reply ? ` ${result.reply.code}` : ''}`;
  });
}

describe('send, pipelined (RFC 2920)', () => {
  const pipelining = opening('PIPELINING');

  it('sends the envelope as one group, and needs no RSET after a message that was taken', async (t) => {
    const { open, server } = await openSession(
      t,
      `${pipelining}
      C: MAIL FROM:<a@example.test>
      C: RCPT TO:<b@example.test>
      C: RCPT TO:<c@example.test>
      C: DATA
      S: 250 ok
      S: 550 5.1.1 no
      S: 250 ok
      S: 354 go
      C: x
      C: .
      S: 250 ok
      C: MAIL FROM:<a@example.test>
      C: RCPT TO:<b@example.test>
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 354 go
      C: y
      C: .
      S: 250 ok`,
    );
    assert.deepEqual(say(await open.send(to(B, C), content('x'))), [
      `${B} failed SMTP_RCPT_REFUSED 550`,
      `${C} delivered`,
    ]);
    assert.deepEqual(say(await open.send(to(B), content('y'))), [`${B} delivered`]);
    await server.done;
  });

  it('DATA accepted although every recipient was refused: a lone dot, no content', async (t) => {
    const { open, server } = await openSession(
      t,
      `${pipelining}
      C: *
      C: *
      C: DATA
      S: 250 ok
      S: 550 no
      S: 354 go
      C: .
      S: 554 no valid recipients
      C: QUIT
      S: 221 bye`,
    );
    const results = await open.send(to(B), {
      *[Symbol.iterator]() {
        assert.fail('the content is not touched');
        yield Buffer.alloc(0);
      },
    });
    assert.deepEqual(say(results), [`${B} failed SMTP_RCPT_REFUSED 550`]);
    assert.equal(open.usable, true);
    await open.quit();
    await server.done;
  });

  it('MAIL refused: the later replies are read and change nothing', async (t) => {
    const { open, server } = await openSession(
      t,
      `${pipelining}
      C: *
      C: *
      C: DATA
      S: 550 5.7.1 not you
      S: 250 odd
      S: 354 odder
      C: .
      S: 250 ok
      C: QUIT
      S: 221 bye`,
    );
    assert.deepEqual(say(await open.send(to(B), content('x'))), [
      `${B} failed SMTP_MAIL_REFUSED 550`,
    ]);
    await open.quit();
    await server.done;
  });

  it('DATA refused after recipients were accepted', async (t) => {
    const { open } = await openSession(
      t,
      `${pipelining}
      C: *
      C: *
      C: *
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 450 later
      S: 451 4.3.0 no room`,
    );
    assert.deepEqual(say(await open.send(to(B, C), content('x'))), [
      `${B} deferred SMTP_DATA_REFUSED 451`,
      `${C} deferred SMTP_RCPT_REFUSED 450`,
    ]);
    assert.equal(open.usable, true);
  });

  it('421 in the middle: what was decided stays, the rest waits', async (t) => {
    const { open } = await openSession(
      t,
      `${pipelining}
      C: *
      C: *
      C: *
      C: *
      C: DATA
      S: 250 ok
      S: 250 ok
      S: 550 no
      S: 421 bye
      X:`,
    );
    const results = await open.send(to(B, C, 'd@example.test'), content('x'));
    assert.deepEqual(say(results), [
      `${B} deferred SMTP_SERVER_CLOSING`,
      `${C} failed SMTP_RCPT_REFUSED 550`,
      'd@example.test deferred SMTP_SERVER_CLOSING 421',
    ]);
    assert.equal(open.usable, false);
  });

  it('a thousand recipients do not make both sides wait for each other', async (t) => {
    const count = 1000;
    const { open } = await openSession(
      t,
      [pipelining, ...Array.from({ length: count + 2 }, () => 'C: *\nS: 250 ok')]
        .join('\n')
        .replace(/S: 250 ok$/, 'S: 354 go\nC: x\nC: .\nS: 250 ok'),
    );
    const many = Array.from({ length: count }, (_, index) => `u${index}@example.test`);
    const results = await open.send(to(...many), content('x'));
    assert.equal(results.filter(({ status }) => status === 'delivered').length, count);
  });

  it('RSET refused: the session is over, the message waits', async (t) => {
    const { open } = await openSession(
      t,
      `${pipelining}
      C: *
      C: *
      C: DATA
      S: 250 ok
      S: 550 no
      S: 554 no
      C: RSET
      C: *
      C: *
      C: DATA
      S: 502 what
      S: 250 ok
      S: 250 ok
      S: 554 no`,
    );
    await open.send(to(B), content('x'));
    assert.deepEqual(say(await open.send(to(C), content('x'))), [
      `${C} deferred SMTP_MAIL_REFUSED 502`,
    ]);
  });

  it('replies nobody asked for are no answers', async (t) => {
    const { open } = await openSession(t, `${pipelining}S: 250 ok\nS: 550 no\nS: 354 go\nE:`);
    while (open.usable) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(say(await open.send(to(B), content('x'))), [
      `${B} deferred SMTP_REPLY_UNSOLICITED`,
    ]);
  });

  it('a goodbye while nothing went on is understood', async (t) => {
    const { open } = await openSession(t, `${pipelining}S: 421 4.4.2 idle for too long`);
    while (open.usable) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(say(await open.send(to(B), content('x'))), [
      `${B} deferred SMTP_SERVER_CLOSING`,
    ]);
  });
});

describe('send by BDAT (RFC 3030)', () => {
  const chunking = opening('CHUNKING', 'PIPELINING', '8BITMIME');

  it('counts octets, doubles no dots, and says nothing of DATA', async (t) => {
    const { open, server } = await openSession(
      t,
      `${chunking}
      C: MAIL FROM:<a@example.test> BODY=8BITMIME
      C: RCPT TO:<b@example.test>
      S: 250 ok
      S: 250 ok
      C: BDAT 8 LAST
      C: .a
      C: .b
      S: 250 ok`,
    );
    assert.deepEqual(say(await open.send(to(B), content('.a\n.', 'b'))), [`${B} delivered`]);
    await server.done;
  });

  it('a large message goes in bounded chunks, each one answered', async (t) => {
    const line = `${'x'.repeat(98)}\r\n`;
    const perChunk = 262_144;
    const total = 4 * perChunk;
    const { open, server } = await openSession(
      t,
      `${chunking}
      C: *
      C: *
      S: 250 ok
      S: 250 ok
      C: *`,
    );
    const sent = open.send(to(B), [Buffer.from(line.repeat(total / 100 + 1))]);
    await server.done;
    const octets = Number(/^BDAT (\d+)$/.exec(server.received.at(-1)!)?.[1]);
    assert.ok(octets > 0 && octets <= perChunk, server.received.at(-1));
    open.destroy();
    assert.deepEqual(say(await sent), [`${B} deferred SMTP_ABORTED`]);
  });

  it('a chunk refused in the middle ends the message, not the session', async (t) => {
    const { open, server } = await openSession(
      t,
      `${chunking}
      C: *
      C: *
      S: 250 ok
      S: 250 ok
      C: BDAT 262144
      C: *
      S: 552 5.3.4 too large
      C: QUIT
      S: 221 bye`,
    );
    const results = await open.send(to(B), [
      Buffer.from(`${'x'.repeat(262_142)}\r\n`),
      Buffer.from('more'),
    ]);
    assert.deepEqual(say(results), [`${B} failed SMTP_MESSAGE_REFUSED 552`]);
    await open.quit();
    await server.done;
  });

  it('an empty message is BDAT 0 LAST', async (t) => {
    const { open, server } = await openSession(
      t,
      `${chunking}
      C: *
      C: *
      S: 250 ok
      S: 250 ok
      C: BDAT 0 LAST
      S: 250 ok`,
    );
    assert.deepEqual(say(await open.send(to(B), [])), [`${B} delivered`]);
    await server.done;
  });
});

describe('send', () => {
  const replies = fc.constantFrom(
    '250 ok',
    '250-a\nS: 250 b',
    '354 go',
    '421 bye',
    '451 4.3.0 later',
    '550 5.1.1 no',
    '250 ok\nS: 250 twice',
    'nonsense',
    '250-never ends',
  );

  it('fuzz: whatever a server says, every recipient has a fate, and delivered means it was said', async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<readonly string[]>(
          [],
          ['PIPELINING'],
          ['CHUNKING'],
          ['PIPELINING', 'CHUNKING'],
        ),
        fc.array(replies, { minLength: 6, maxLength: 6 }),
        async (keywords, said) => {
          const turns = said.map((reply) => `C: *\nS: ${reply}`).join('\n');
          const { open, server, clock } = await openSession(
            t,
            `${opening(...keywords)}${turns}\nX:`,
          );
          const wait = { over: false };
          const sent = open.send(to(B, C), content('x')).finally(() => {
            wait.over = true;
          });
          // Replies over loopback come within a few turns; who still waits then waits for the clock.
          for (let round = 0; !wait.over; round += 1) {
            await settle();
            if (round > 20) await clock.advance(10 * 60_000);
          }
          const results = await sent;
          open.destroy();
          await server.close();
          assert.deepEqual(
            results.map(({ recipient }) => recipient),
            [B, C],
          );
          for (const result of results) {
            if (result.status === 'delivered') assert.equal(result.reply.code, 250);
            else
              assert.ok(result.failure.detail.includes('mx.example.test'), result.failure.detail);
          }
          if (said.every((reply) => !reply.startsWith('250'))) {
            assert.ok(results.every(({ status }) => status !== 'delivered'));
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
