import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../clock.fixture.ts';
import { dialogue, opening } from './dialogue.fixture.ts';

describe('connectSmtp', () => {
  it('reads the greeting, says EHLO and knows what is on offer', async (t) => {
    const { session, server } = await dialogue(
      t,
      `
      S: 220-mx.example.test ESMTP
      S: 220 welcome
      C: EHLO relay.example.test
      S: 250-mx.example.test
      S: 250-SIZE 1000
      S: 250 STARTTLS
      C: QUIT
      S: 221 bye
      E:`,
    );
    const open = await session();
    assert.equal(open.banner, 'mx.example.test ESMTP');
    assert.equal(open.address, '127.0.0.1');
    assert.equal(open.localAddress, '127.0.0.1');
    assert.equal(open.peer, undefined);
    assert.equal(open.capabilities.size, 1000);
    assert.equal(open.capabilities.startTls, true);
    assert.equal(open.usable, true);
    await open.quit();
    assert.equal(open.usable, false);
    await server.done;
  });

  const greetings: readonly (readonly [string, string])[] = [
    ['421 4.3.2 too busy', 'SMTP_SERVER_CLOSING'],
    ['554 5.7.1 go away', 'SMTP_GREETING_REFUSED'],
    ['450 later', 'SMTP_GREETING_REFUSED'],
    ['250 hello', 'SMTP_REPLY_UNEXPECTED'],
    ['SSH-2.0-OpenSSH_9.9', 'SMTP_REPLY_MALFORMED'],
  ];
  for (const [greeting, code] of greetings) {
    it(`a greeting "${greeting}" gives ${code}`, async (t) => {
      const { connected } = await dialogue(t, `S: ${greeting}\nC: QUIT`);
      const outcome = await connected;
      assert.equal(outcome.ok ? 'ok' : outcome.failure.code, code);
      assert.ok(!outcome.ok && outcome.failure.detail.includes('mx.example.test [127.0.0.1]:'));
    });
  }

  it('falls back to HELO on 5xx, and then nothing is on offer', async (t) => {
    const { session, server } = await dialogue(
      t,
      `
      S: 220 mx
      C: EHLO relay.example.test
      S: 502 what?
      C: HELO relay.example.test
      S: 250-mx
      S: 250 STARTTLS`,
    );
    assert.equal((await session()).capabilities.startTls, false);
    await server.done;
  });

  it('does not fall back to HELO on 4xx', async (t) => {
    const { connected } = await dialogue(
      t,
      `
      S: 220 mx
      C: EHLO relay.example.test
      S: 451 later
      C: QUIT
      E:`,
    );
    const outcome = await connected;
    assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'SMTP_EHLO_REFUSED');
  });

  it('refuses a server that answers what nobody asked', async (t) => {
    const { connected, server } = await dialogue(t, 'S: 220 mx\nS: 250 already\nE:');
    const outcome = await connected;
    assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'SMTP_REPLY_UNSOLICITED');
    await server.done;
  });

  it('SMTP-4.5.3.2-1: waits 5 minutes for the greeting', async (t) => {
    const { connected, clock, server } = await dialogue(t, 'Z:');
    let code: string | undefined;
    void connected.then((outcome) => {
      code = outcome.ok ? 'ok' : outcome.failure.code;
    });
    await until(() => clock.waiting > 0 && server.raw().length === 0);
    await clock.advance(5 * 60_000 - 1);
    assert.equal(code, undefined);
    await clock.advance(1);
    assert.equal(code, 'SMTP_TIMEOUT');
  });

  it('a port where nobody listens is a failure of the dial', async (t) => {
    const { connected: first, server } = await dialogue(t, 'S: 220 mx\nC: *\nS: 250 mx');
    await first;
    await server.close();
    const { connected } = await dialogue(t, '', { port: server.port });
    const outcome = await connected;
    assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'DIAL_REFUSED');
  });

  it('a signal ends the session, also while it waits', async (t) => {
    const stop = new AbortController();
    const { connected, clock } = await dialogue(t, 'Z:', { signal: stop.signal });
    await until(() => clock.waiting > 0);
    await settle();
    stop.abort();
    const outcome = await connected;
    assert.ok(!outcome.ok);
    assert.match(outcome.failure.code, /^(SMTP|DIAL)_ABORTED$/);
    assert.equal(clock.waiting, 0);
  });

  it('gives the dialogue line by line', async (t) => {
    const lines: string[] = [];
    const { session } = await dialogue(t, `${opening('SIZE')}C: QUIT\nS: 221 bye`, {
      onLine: (direction, line) => lines.push(`${direction} ${line}`),
    });
    await (await session()).quit();
    assert.deepEqual(lines, [
      'received 220 mx.example.test ESMTP',
      'sent EHLO relay.example.test',
      'received 250-mx.example.test',
      'received 250 SIZE',
      'sent QUIT',
      'received 221 bye',
    ]);
  });

  it('a name that would break out of EHLO is refused before it is said', async (t) => {
    const { connected, server } = await dialogue(t, 'S: 220 mx\nC: QUIT\nE:', {
      heloName: 'a\r\nMAIL FROM:<x@example.test>',
    });
    const outcome = await connected;
    assert.equal(outcome.ok ? 'ok' : outcome.failure.code, 'SMTP_COMMAND_INVALID');
    await server.done;
  });
});

async function until(ready: () => boolean): Promise<void> {
  while (!ready()) await settle();
}
