import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { settle } from '../clock.fixture.ts';
import { content, dialogue, openSession, opening } from './dialogue.fixture.ts';
import type { Dialogue } from './dialogue.fixture.ts';
import type { Envelope, MessageSource, RecipientResult } from './types.ts';

const envelope: Envelope = {
  from: 'a@example.test',
  recipients: [{ address: 'b@example.test' }],
};

const MINUTE = 60_000;

function codeOf(results: readonly RecipientResult[]): string {
  const [result] = results;
  if (result === undefined) return 'none';
  return result.status === 'delivered' ? 'delivered' : `${result.status} ${result.failure.code}`;
}

/** The envelope accepted, one step short of `then`. */
function accepted(then: string): string {
  return `${opening()}
    C: *
    S: 250 ok
    C: *
    S: 250 ok
    C: DATA
    S: 354 go
    ${then}`;
}

async function until(ready: () => boolean): Promise<void> {
  while (!ready()) await turn();
}

describe('time-outs', () => {
  for (const [command, script, code] of [
    ['MAIL', `${opening()}C: *\nZ:`, 'SMTP_SESSION_SILENT'],
    ['RCPT', `${opening()}C: *\nS: 250 ok\nC: *\nZ:`, 'SMTP_TIMEOUT'],
  ] as const) {
    it(`a first reply may be wanted sooner, which says nothing of others: ${command}`, async (t) => {
      const { open, clock, server } = await openSession(t, script);
      const sent = open.send(envelope, content('x'), { firstReplyMs: 1_000 });
      await server.done;
      await settle();
      await clock.advance(command === 'MAIL' ? 1_000 : 5 * MINUTE);
      assert.equal(codeOf(await sent), `deferred ${code}`);
      assert.equal(open.usable, false);
    });
  }

  const waits: readonly (readonly [string, string, number])[] = [
    ['MAIL', `${opening()}C: *\nZ:`, 5],
    ['RCPT', `${opening()}C: *\nS: 250 ok\nC: *\nZ:`, 5],
    ['DATA', `${opening()}C: *\nS: 250 ok\nC: *\nS: 250 ok\nC: DATA\nZ:`, 2],
  ];
  for (const [command, script, minutes] of waits) {
    it(`SMTP-4.5.3.2-1: ${command} is waited for ${minutes} minutes`, async (t) => {
      const { open, clock, server } = await openSession(t, script);
      let code: string | undefined;
      const sent = open.send(envelope, content('x')).then((results) => {
        code = codeOf(results);
      });
      await server.done;
      await settle();
      await clock.advance(minutes * MINUTE - 1);
      assert.equal(code, undefined);
      await clock.advance(1);
      await sent;
      assert.equal(code, 'deferred SMTP_TIMEOUT');
      assert.equal(open.usable, false);
      assert.equal(clock.waiting, 0);
    });
  }

  it('SMTP-4.5.3.2-1: the final reply is waited for 10 minutes, and may be missing for a delivered message', async (t) => {
    const { open, clock, server } = await openSession(t, accepted('C: x\nC: .\nZ:'));
    const sent = open.send(envelope, content('x'));
    await server.done;
    await settle();
    await clock.advance(10 * MINUTE);
    const results = await sent;
    assert.equal(codeOf(results), 'deferred SMTP_FINAL_REPLY_MISSING');
    assert.match(JSON.stringify(results), /waited 600 s.*may arrive twice/);
  });

  it('SMTP-4.5.3.2-1: a server that takes no more content is waited for 3 minutes a block', async (t) => {
    const { open, clock, stalled, sent } = await stall(t);
    await until(stalled);
    await clock.advance(3 * MINUTE);
    assert.equal(codeOf(await sent), 'deferred SMTP_TIMEOUT');
    assert.equal(open.usable, false);
  });

  it('back-pressure: content is not pulled faster than the server takes it', async (t) => {
    const { open, stalled, pulled, sent } = await stall(t);
    await until(stalled);
    const before = pulled();
    for (let round = 0; round < 20; round += 1) await turn();
    assert.equal(pulled(), before);
    assert.ok(before < 500);
    open.destroy();
    assert.equal(codeOf(await sent), 'deferred SMTP_ABORTED');
  });

  it('a reply that drips is bounded as a whole', async (t) => {
    const drip = 'S\\: 2\nC: never';
    const { open, clock, server } = await openSession(t, `${opening()}C: *\n${drip}`);
    const sent = open.send(envelope, content('x'));
    await until(() => server.received.length === 2);
    for (let minute = 0; minute < 5; minute += 1) await clock.advance(MINUTE);
    assert.equal(codeOf(await sent), 'deferred SMTP_TIMEOUT');
  });
});

/** A server that stops reading in the middle of endless content. */
async function stall(t: Parameters<typeof openSession>[0]): Promise<
  Dialogue & {
    readonly open: Awaited<ReturnType<typeof openSession>>['open'];
    readonly stalled: () => boolean;
    readonly pulled: () => number;
    readonly sent: Promise<readonly RecipientResult[]>;
  }
> {
  let count = 0;
  const endless: MessageSource = {
    *[Symbol.iterator]() {
      for (;;) {
        count += 1;
        yield Buffer.alloc(65_536, 'x\r\n');
      }
    },
  };
  const started = await openSession(t, accepted('P:'));
  const sent = started.open.send(envelope, endless);
  let last = -1;
  let quiet = 0;
  const stalled = (): boolean => {
    quiet = count === last ? quiet + 1 : 0;
    last = count;
    return count > 0 && quiet > 50;
  };
  return { ...started, stalled, pulled: () => count, sent };
}

describe('lost connections', () => {
  for (const [name, end] of [
    ['closed', 'X:'],
    ['reset', 'R:'],
  ] as const) {
    it(`${name} before the final dot: tried again, no doubt about it`, async (t) => {
      const { open, server } = await openSession(t, accepted(`C: x\n${end}`));
      const results = await open.send(envelope, {
        async *[Symbol.asyncIterator]() {
          yield Buffer.from('x\r\n');
          await server.done;
          await settle();
          yield Buffer.from('y\r\n');
          yield Buffer.from('z\r\n');
        },
      });
      assert.equal(codeOf(results), 'deferred SMTP_CONNECTION_LOST');
      assert.doesNotMatch(server.raw().toString(), /\r\n\.\r\n/);
    });

    it(`${name} after the final dot: tried again, perhaps twice`, async (t) => {
      const { open } = await openSession(t, accepted(`C: x\nC: .\n${end}`));
      assert.equal(
        codeOf(await open.send(envelope, content('x'))),
        'deferred SMTP_FINAL_REPLY_MISSING',
      );
    });

    it(`${name} after MAIL`, async (t) => {
      const { open } = await openSession(t, `${opening()}C: *\n${end}`);
      assert.equal(
        codeOf(await open.send(envelope, content('x'))),
        'deferred SMTP_CONNECTION_LOST',
      );
    });
  }

  it('a reply that came with the end of the connection counts', async (t) => {
    const { open } = await openSession(t, accepted('C: x\nC: .\nS: 250 ok\nX:'));
    assert.equal(codeOf(await open.send(envelope, content('x'))), 'delivered');
    await until(() => !open.usable);
  });

  it('a reply in the middle of the content ends the transfer and is believed', async (t) => {
    for (const [reply, expected] of [
      ['552 5.3.4 too large', 'failed SMTP_MESSAGE_REFUSED'],
      ['421 4.3.0 out of disk', 'deferred SMTP_SERVER_CLOSING'],
      ['250 ok already', 'deferred SMTP_REPLY_UNEXPECTED'],
    ]) {
      const { open, server } = await openSession(t, accepted(`C: x\nS: ${reply}`));
      let chunks = 0;
      const results = await open.send(envelope, {
        async *[Symbol.asyncIterator]() {
          yield Buffer.from('x\r\n');
          await server.done;
          await settle();
          for (; chunks < 1000; chunks += 1) yield Buffer.from('y\r\n');
        },
      });
      assert.equal(codeOf(results), expected);
      assert.ok(chunks < 10);
      assert.equal(open.usable, false);
    }
  });
});

describe('sources', () => {
  it('a source that fails drops the connection: never an early end of the message', async (t) => {
    for (const keywords of [[], ['CHUNKING']]) {
      const script =
        keywords.length === 0
          ? accepted('C: half')
          : `${opening(...keywords)}C: *\nS: 250 ok\nC: *\nS: 250 ok\nE:`;
      const { open, server } = await openSession(t, script);
      const results = await open.send(envelope, {
        async *[Symbol.asyncIterator]() {
          yield Buffer.from('half\r\n');
          await settle();
          throw new Error('EIO: disk\r\nerror');
        },
      });
      assert.equal(codeOf(results), 'deferred SMTP_MESSAGE_SOURCE_FAILED');
      assert.doesNotMatch(JSON.stringify(results), /\\r/);
      await server.done;
      await settle();
      assert.doesNotMatch(server.raw().toString(), /\r\n\.\r\n|LAST/);
    }
  });

  it('a source that hangs does not outlive the signal', async (t) => {
    const stop = new AbortController();
    let released = false;
    const { open, clock } = await openSession(t, accepted(''), { signal: stop.signal });
    const sent = open.send(envelope, {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          setImmediate(() => stop.abort());
          return new Promise<never>(() => undefined);
        },
        return: async () => {
          released = true;
          return { done: true, value: undefined };
        },
      }),
    });
    assert.equal(codeOf(await sent), 'deferred SMTP_ABORTED');
    assert.equal(released, true);
    assert.equal(clock.waiting, 0);
  });

  it('8-bit octets that were not announced drop the connection', async (t) => {
    const { open, server } = await openSession(t, accepted('C: *'));
    const results = await open.send(envelope, content('a\r\n', 'ü\r\n'));
    assert.equal(codeOf(results), 'failed SMTP_8BITMIME_MISSING');
    await settle();
    assert.ok(!server.raw().includes(0xc3));
  });
});

describe('the verdict', () => {
  it('without one, or with a refusal, not a byte is written', async (t) => {
    for (const verdict of [undefined, { deliver: false }]) {
      const { session, server } = await dialogueWithout(t);
      if (verdict !== undefined) session.accept(verdict);
      const before = server.raw().length;
      assert.equal(
        codeOf(await session.send(envelope, content('secret'))),
        'deferred SMTP_VERDICT_MISSING',
      );
      await settle();
      assert.equal(server.raw().length, before);
    }
  });

  it('a refusal is final', async (t) => {
    const { session } = await dialogueWithout(t);
    session.accept({ deliver: false });
    assert.throws(() => session.accept({ deliver: true }));
    assert.equal(
      codeOf(await session.send(envelope, content('x'))),
      'deferred SMTP_VERDICT_MISSING',
    );
  });

  it('RT-4.2.1-3: a message refused for want of REQUIRETLS leaves the session to others', async (t) => {
    const { open, server } = await openSession(t, accepted('C: x\nC: .\nS: 250 ok'));
    const demanding = await open.send({ ...envelope, requireTls: true }, content('secret'));
    assert.equal(codeOf(demanding), 'deferred SMTP_REQUIRETLS_WITHOUT_TLS');
    assert.equal(open.usable, true);
    assert.equal(codeOf(await open.send(envelope, content('x'))), 'delivered');
    assert.doesNotMatch(server.raw().toString(), /secret/);
  });

  it('one message at a time', async (t) => {
    const { open } = await openSession(t, accepted('C: x\nC: .\nS: 250 ok'));
    const first = open.send(envelope, content('x'));
    assert.equal(open.usable, false);
    assert.equal(codeOf(await open.send(envelope, content('y'))), 'deferred SMTP_SESSION_UNUSABLE');
    assert.equal(codeOf(await first), 'delivered');
  });

  it('the transcript has no content', async (t) => {
    const lines: string[] = [];
    const { open } = await openSession(t, accepted('C: secret\nC: .\nS: 250 ok'), {
      onLine: (direction, line) => lines.push(`${direction} ${line}`),
    });
    await open.send(envelope, content('secret'));
    assert.ok(lines.includes('sent DATA') && lines.includes('received 354 go'));
    assert.doesNotMatch(lines.join('\n'), /secret/);
  });
});

async function dialogueWithout(t: Parameters<typeof openSession>[0]): Promise<{
  readonly session: Awaited<ReturnType<typeof openSession>>['open'];
  readonly server: Dialogue['server'];
}> {
  const started = await dialogue(t, `${opening()}E:`);
  return { session: await started.session(), server: started.server };
}
