import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { Lifetime } from './exchange.ts';
import type { Exchanged } from './exchange.ts';
import { startFakeDns, writeReply } from './fake-dns.fixture.ts';
import type { FakeDns, Handler, SeenQuery } from './fake-dns.fixture.ts';
import { writeQuery } from './query.ts';
import { good } from './resolver.fixture.ts';
import { UdpLines } from './udp-lines.ts';

/** Lines to a server that answers so, and the sockets they opened. */
async function setUp(handler: Handler): Promise<
  AsyncDisposable & {
    readonly fake: FakeDns;
    readonly clock: FakeClock;
    readonly lifetime: Lifetime;
    readonly opened: Socket[];
    ask(name: string, id?: number): Promise<Exchanged>;
  }
> {
  const fake = await startFakeDns(handler);
  const clock = new FakeClock();
  const lifetime = new Lifetime();
  const opened: Socket[] = [];
  const lines = new UdpLines({
    clock,
    lifetime,
    open: (options) => {
      const socket = createSocket(options);
      opened.push(socket);
      return socket;
    },
  });
  const upstream = { address: '127.0.0.1', port: fake.port, trusted: true };
  return {
    fake,
    clock,
    lifetime,
    opened,
    ask: async (name, id) => {
      const query = writeQuery(name, 'A');
      const octets = Buffer.from(query.octets);
      if (id !== undefined) octets.writeUInt16BE(id);
      const asked = { ...query, octets, id: id ?? query.id };
      return await lines.ask({ upstream, query: asked, timeoutMs: 1000, clock, lifetime });
    },
    [Symbol.asyncDispose]: async () => {
      lifetime.close();
      await fake.close();
    },
  };
}

/** The name in the answer, or the code of the failure. */
function said(result: Exchanged): string {
  if (!result.ok) return result.failure.code;
  return result.reply.kind === 'message' ? result.reply.message.questions[0]!.name : 'truncated';
}

describe('UdpLines', () => {
  it('answers in any order find their question', async () => {
    const held: SeenQuery[] = [];
    const server = await setUp((query) => {
      held.push(query);
      return held.length < 3
        ? 'silence'
        : held.toReversed().map((one) => writeReply(one, good(one)));
    });
    await using it = server;
    const results = await Promise.all(['a.test', 'b.test', 'c.test'].map((name) => it.ask(name)));
    assert.deepEqual(results.map(said), ['a.test', 'b.test', 'c.test']);
    assert.equal(it.opened.length, 1);
  });

  it('two questions with one identifier never share a socket', async () => {
    await using it = await setUp(good);
    const results = await Promise.all([
      it.ask('a.test', 7),
      it.ask('b.test', 7),
      it.ask('c.test', 8),
    ]);
    assert.deepEqual(results.map(said), ['a.test', 'b.test', 'c.test']);
    assert.equal(it.opened.length, 2);
    assert.equal(said(await it.ask('d.test', 7)), 'd.test');
    assert.equal(it.opened.length, 2, 'the identifier is free again');
  });

  it('an answer that comes too late does not end a later question with its identifier', async () => {
    let late: SeenQuery | undefined;
    await using it = await setUp((query) => {
      if (late !== undefined) return [writeReply(late, good(late)), writeReply(query, good(query))];
      late = query;
      return 'silence';
    });
    const first = it.ask('a.test', 7);
    await it.fake.arrived(1);
    await it.clock.advance(1000);
    assert.equal(said(await first), 'DNS_TIMEOUT');
    assert.equal(said(await it.ask('b.test', 7)), 'b.test');
    assert.equal(it.opened.length, 1);
  });

  it('one question that fails leaves the others alone', async () => {
    await using it = await setUp((query) => (query.name === 'a.test' ? 'silence' : good(query)));
    const first = it.ask('a.test');
    await it.fake.arrived(1);
    await it.clock.advance(500);
    const second = it.ask('b.test');
    assert.equal(said(await second), 'b.test');
    await it.clock.advance(500);
    assert.equal(said(await first), 'DNS_TIMEOUT');
  });

  it('an error of the socket fails all that are on their way, and the next opens another', async () => {
    await using it = await setUp((query) => (query.name === 'c.test' ? good(query) : 'silence'));
    const both = [it.ask('a.test'), it.ask('b.test')];
    await it.fake.arrived(2);
    it.opened[0]!.emit('error', Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    assert.deepEqual((await Promise.all(both)).map(said), ['DNS_UNREACHABLE', 'DNS_UNREACHABLE']);
    assert.equal(said(await it.ask('c.test')), 'c.test');
    assert.equal(it.opened.length, 2);
    it.lifetime.close();
    assert.equal(it.clock.waiting, 0);
  });

  it('a socket without questions is closed after a while, not while it is used', async () => {
    await using it = await setUp(good);
    for (const name of ['a.test', 'b.test', 'c.test']) {
      await it.ask(name);
      await it.clock.advance(9000);
    }
    assert.equal(it.opened.length, 1);
    const closed = once(it.opened[0]!, 'close');
    await it.clock.advance(1000);
    await closed;
    assert.equal(it.clock.waiting, 0);
    assert.equal(said(await it.ask('d.test')), 'd.test');
    assert.equal(it.opened.length, 2);
  });
});
