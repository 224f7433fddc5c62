import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { framed, startFakeDns, writeReply } from './fake-dns.fixture.ts';
import type { Handler, Reaction, Said, SeenQuery } from './fake-dns.fixture.ts';
import { codeOf, good, lookUp, resolverFor } from './resolver.fixture.ts';

async function codeAt(handler: Handler): Promise<string> {
  return codeOf((await lookUp(handler, 'a.test', 'A')).answer);
}

describe('resolver: response codes', () => {
  it('A14: each kind of failure has a code of its own, and none is "no record"', async () => {
    assert.equal(await codeAt(() => ({ rcode: 2 })), 'DNS_SERVFAIL');
    assert.equal(await codeAt(() => ({ rcode: 5 })), 'DNS_REFUSED');
    assert.equal(await codeAt(() => ({ rcode: 4 })), 'DNS_NOTIMP');
    assert.equal(await codeAt(() => ({ rcode: 1 })), 'DNS_FORMERR');
    assert.equal(await codeAt(() => ({ rcode: 9 })), 'DNS_RCODE');
    assert.equal(await codeAt(() => ({ rcode: 0, upperRcode: 2 })), 'DNS_RCODE');
  });

  it('BADVERS, whose upper bits stand in OPT, is answered by a question without EDNS', async () => {
    const handler: Handler = (query) => (query.edns ? { upperRcode: 1 } : good(query));
    const { answer, asked } = await lookUp(handler, 'a.test', 'A');
    assert.equal(answer.kind, 'records');
    assert.equal(asked.length, 2);
  });

  it('a server that does not know EDNS is asked once more without it', async () => {
    await using fake = await startFakeDns((query) => (query.edns ? { rcode: 1 } : good(query)));
    const resolver = resolverFor([fake.address]);
    assert.equal((await resolver.lookup('a.test', 'A')).kind, 'records');
    assert.deepEqual(
      fake.seen.map((query) => query.edns),
      [true, false],
    );
    resolver.close();
  });

  it('an error without its question counts as an answer, a denial without it does not', async () => {
    const bare =
      (rcode: number): Handler =>
      (query) => [
        Uint8Array.from([query.id >> 8, query.id & 0xff, 0x81, 0x80 | rcode, ...zeros(8)]),
      ];
    assert.equal(await codeAt(bare(5)), 'DNS_REFUSED');
    await using fake = await startFakeDns(bare(3));
    const clock = new FakeClock();
    const resolver = resolverFor([fake.address], { clock, timeoutMs: 1000 });
    const answer = resolver.lookup('a.test', 'A');
    await fake.arrived(1);
    await clock.advance(1000);
    assert.equal(codeOf(await answer), 'DNS_ANSWER_MISMATCH');
    resolver.close();
  });

  it('A14: an answer that cannot be read is malformed', async () => {
    const cut: Handler = (query) => [writeReply(query, good(query)).subarray(0, 40)];
    assert.equal(await codeAt(cut), 'DNS_ANSWER_MALFORMED');
  });
});

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

describe('resolver: forged answers', () => {
  it('an answer with another identifier or question is passed over, the right one after it counts', async () => {
    const forge: Handler = (query) => {
      const evil: Reaction = {
        ...good(query),
        answers: [{ type: 'A', name: 'a.test', data: '203.0.113.9' }],
      };
      return [
        writeReply(query, { ...evil, id: query.id ^ 1 }),
        writeReply(query, { ...evil, question: { name: 'b.test', type: 'A' } }),
        writeReply(query, { ...evil, question: { name: 'a.test', type: 'AAAA' } }),
        Buffer.from('x'),
        writeReply(query, good(query)),
      ];
    };
    await using fake = await startFakeDns(forge);
    const resolver = resolverFor([fake.address]);
    const answer = await resolver.lookup('a.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.deepEqual(answer.records, ['192.0.2.1']);
    resolver.close();
  });

  it('A14: if only such answers come, the look-up fails with a code of its own', async () => {
    const other: Handler = (query) => ({ ...good(query), question: { name: 'b.test', type: 'A' } });
    await using fake = await startFakeDns(other);
    const clock = new FakeClock();
    const resolver = resolverFor([fake.address], { clock, timeoutMs: 1000 });
    const answer = resolver.lookup('a.test', 'A');
    await fake.arrived(1);
    await clock.advance(1000);
    assert.equal(codeOf(await answer), 'DNS_ANSWER_MISMATCH');
    resolver.close();
  });

  it('an answer from another address does not reach the socket', async () => {
    const stranger = createSocket('udp4');
    const { promise: sent, resolve } = Promise.withResolvers<void>();
    await using fake = await startFakeDns((query) => {
      stranger.send(writeReply(query, good(query)), query.port, '127.0.0.1', () => resolve());
      return 'silence';
    });
    const clock = new FakeClock();
    const resolver = resolverFor([fake.address], { clock, timeoutMs: 1000 });
    const answer = resolver.lookup('a.test', 'A');
    await sent;
    await clock.advance(1000);
    assert.equal(codeOf(await answer), 'DNS_TIMEOUT');
    stranger.close();
    resolver.close();
  });
});

describe('resolver: TCP', () => {
  const overTcp =
    (say: (query: SeenQuery) => Said): Handler =>
    (query) =>
      query.transport === 'udp' ? { tc: true } : say(query);

  it('A17: a truncated answer is asked for again over TCP', async () => {
    await using fake = await startFakeDns(overTcp((query) => framed(query, good(query), 70_000)));
    const resolver = resolverFor([fake.address]);
    assert.equal((await resolver.lookup('a.test', 'A')).kind, 'records');
    assert.deepEqual(
      fake.seen.map((query) => query.transport),
      ['udp', 'tcp'],
    );
    assert.equal(resolver.stats().tcpSent, 1);
    resolver.close();
  });

  it('A17: what is left of a truncated answer is not used', async () => {
    await using fake = await startFakeDns((query) =>
      query.transport === 'udp' ? { ...good(query), tc: true } : 'close',
    );
    const resolver = resolverFor([fake.address]);
    assert.equal(codeOf(await resolver.lookup('a.test', 'A')), 'DNS_TCP_CLOSED');
    resolver.close();
  });

  it('A17: the answer may come in pieces of any size', async () => {
    for (const size of [1, 2, 3, 7]) {
      await using fake = await startFakeDns(overTcp((query) => framed(query, good(query), size)));
      const resolver = resolverFor([fake.address]);
      assert.equal((await resolver.lookup('a.test', 'A')).kind, 'records', `${size}`);
      resolver.close();
    }
  });

  it('A17: an answer of nearly 64 KiB is read', async () => {
    const large = (query: SeenQuery): Reaction => ({
      answers: Array.from({ length: 230 }, (_, index) => ({
        type: 'TXT' as const,
        name: query.name,
        ttl: 60,
        data: ['x'.repeat(250), String(index)],
      })),
    });
    await using fake = await startFakeDns(overTcp((query) => framed(query, large(query), 5000)));
    const resolver = resolverFor([fake.address]);
    const answer = await resolver.lookup('a.test', 'TXT');
    assert.ok(answer.kind === 'records');
    assert.equal(answer.records.length, 230);
    resolver.close();
  });

  it('a connection that closes early, a wrong and a truncated answer over TCP are failures', async () => {
    assert.equal(await codeAt(overTcp(() => 'close')), 'DNS_TCP_CLOSED');
    const wrong = overTcp((query) => framed(query, { ...good(query), id: query.id ^ 1 }, 500));
    assert.equal(await codeAt(wrong), 'DNS_ANSWER_MISMATCH');
    const again = overTcp((query) => framed(query, { ...good(query), tc: true }, 500));
    assert.equal(await codeAt(again), 'DNS_ANSWER_TRUNCATED');
  });

  it('silence over TCP is a time-out', async () => {
    await using fake = await startFakeDns(overTcp(() => 'silence'));
    const clock = new FakeClock();
    const resolver = resolverFor([fake.address], { clock, timeoutMs: 1000 });
    const answer = resolver.lookup('a.test', 'A');
    await fake.arrived(2);
    await clock.advance(1000);
    assert.equal(codeOf(await answer), 'DNS_TIMEOUT');
    resolver.close();
  });
});

describe('resolver: sockets', () => {
  it('too many open files: the question waits for one', async () => {
    await using fake = await startFakeDns(good);
    const clock = new FakeClock();
    let refusals = 3;
    const resolver = resolverFor([fake.address], {
      clock,
      openUdp(options) {
        if (refusals === 0) return createSocket(options);
        refusals -= 1;
        throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
      },
    });
    const answer = resolver.lookup('a.test', 'A');
    await clock.advance(150);
    assert.equal((await answer).kind, 'records');
    resolver.close();
  });

  it('too many open files for the whole time is a failure that says so', async () => {
    const clock = new FakeClock();
    const resolver = resolverFor(['127.0.0.1:53'], {
      clock,
      totalMs: 200,
      openUdp() {
        throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
      },
    });
    const answer = resolver.lookup('a.test', 'A');
    await clock.advance(200);
    assert.equal(codeOf(await answer), 'DNS_SOCKETS');
    assert.equal(resolver.upstreams[0]?.down, false);
    resolver.close();
  });

  it('close ends what is under way', async () => {
    await using fake = await startFakeDns(() => 'silence');
    const clock = new FakeClock();
    const resolver = resolverFor([fake.address], { clock });
    const answer = resolver.lookup('a.test', 'A');
    await fake.arrived(1);
    resolver.close();
    assert.equal(codeOf(await answer), 'DNS_CLOSED');
    assert.equal(codeOf(await resolver.lookup('b.test', 'A')), 'DNS_CLOSED');
    assert.equal(clock.waiting, 0);
  });
});
