import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { startFakeDns, writeReply } from './fake-dns.fixture.ts';
import type { FakeDns, Handler, Reaction } from './fake-dns.fixture.ts';
import { codeOf, deadAddress, good, resolverFor } from './resolver.fixture.ts';
import type { DnsResolver, ResolverOptions } from './resolver.ts';
import type { OpenUdp } from './udp.ts';

/** Leads what is meant for another machine to this one. */
const openHere: OpenUdp = (options) =>
  createSocket({ ...options, lookup: (_, __, found) => found(null, '127.0.0.1', 4) });

type Place = (address: string, more?: ResolverOptions) => DnsResolver;

/** A resolver here shares its sockets, one elsewhere must not: both keep the same promises. */
const PLACES: Readonly<Record<string, Place>> = {
  'on this machine': (address, more = {}) => resolverFor([address], more),
  elsewhere: (address, more = {}) =>
    resolverFor([address.replace('127.0.0.1', '192.0.2.53')], { openUdp: openHere, ...more }),
};

const evil = (name: string): Reaction => ({
  ad: true,
  answers: [{ type: 'A', name, data: '203.0.113.9' }],
});

for (const [place, resolverAt] of Object.entries(PLACES)) {
  describe(`UDP to a resolver ${place}`, () => {
    it('an answer with another identifier or question is passed over, the right one counts', async () => {
      const forge: Handler = (query) => [
        writeReply(query, { ...evil('a.test'), id: query.id ^ 1 }),
        writeReply(query, { ...evil('a.test'), question: { name: 'b.test', type: 'A' } }),
        writeReply(query, { ...evil('a.test'), question: { name: 'a.test', type: 'AAAA' } }),
        Buffer.alloc(0),
        Buffer.from('x'),
        Buffer.from([query.id >> 8, query.id & 0xff, 0x81]),
        writeReply(query, good(query)),
      ];
      await using fake = await startFakeDns(forge);
      const resolver = resolverAt(fake.address);
      const answer = await resolver.lookup('a.test', 'A');
      assert.ok(answer.kind === 'records');
      assert.deepEqual(answer.records, ['192.0.2.1']);
      resolver.close();
    });

    it('only answers to another question, silence, and octets in disorder are told apart', async () => {
      const other: Handler = (query) => ({ ...good(query), question: { name: 'b', type: 'A' } });
      assert.equal(await codeAfter(1000, resolverAt, other), 'DNS_ANSWER_MISMATCH');
      assert.equal(await codeAfter(1000, resolverAt, () => 'silence'), 'DNS_TIMEOUT');
      const cut: Handler = (query) => [writeReply(query, good(query)).subarray(0, 40)];
      assert.equal(await codeAfter(0, resolverAt, cut), 'DNS_ANSWER_MALFORMED');
    });

    it('nobody listens: every question on its way fails at once, and later ones ask again', async () => {
      const address = await deadAddress();
      const resolver = resolverAt(address);
      const names = ['a.test', 'b.test', 'c.test'];
      const answers = await Promise.all(names.map((name) => resolver.lookup(name, 'A')));
      assert.deepEqual(
        answers.map(codeOf),
        names.map(() => 'DNS_UNREACHABLE'),
      );
      assert.match(JSON.stringify(answers), /ECONNREFUSED/);
      assert.equal(codeOf(await resolver.lookup('d.test', 'A')), 'DNS_UNREACHABLE');
      resolver.close();
    });

    it('close ends every question on its way, and leaves no timer', async () => {
      await using fake = await startFakeDns(() => 'silence');
      const clock = new FakeClock();
      const resolver = resolverAt(fake.address, { clock });
      const answers = ['a.test', 'b.test'].map((name) => resolver.lookup(name, 'A'));
      await fake.arrived(2);
      resolver.close();
      assert.deepEqual((await Promise.all(answers)).map(codeOf), ['DNS_CLOSED', 'DNS_CLOSED']);
      assert.equal(clock.waiting, 0);
    });

    it('close before the socket is connected ends the question too', async () => {
      await using fake = await startFakeDns(good);
      const resolver = resolverAt(fake.address);
      const answer = resolver.lookup('a.test', 'A');
      await Promise.resolve();
      resolver.close();
      assert.equal(codeOf(await answer), 'DNS_CLOSED');
    });

    it('too many open files: the question waits for a socket', async () => {
      await using fake = await startFakeDns(good);
      const clock = new FakeClock();
      let refusals = 3;
      const openUdp: OpenUdp = (options) => {
        if (refusals === 0) return openHere(options);
        refusals -= 1;
        throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
      };
      const resolver = resolverAt(fake.address, { clock, openUdp });
      const answer = resolver.lookup('a.test', 'A');
      await clock.advance(150);
      assert.equal((await answer).kind, 'records');
      resolver.close();
    });
  });
}

async function codeAfter(ms: number, resolverAt: Place, handler: Handler): Promise<string> {
  await using fake = await startFakeDns(handler);
  const clock = new FakeClock();
  const resolver = resolverAt(fake.address, { clock, timeoutMs: 1000 });
  const answer = resolver.lookup('a.test', 'A');
  await fake.arrived(1);
  await clock.advance(ms);
  const code = codeOf(await answer);
  resolver.close();
  return code;
}

describe('UDP source ports', () => {
  const askMany = async (fake: FakeDns, resolver: DnsResolver, count: number): Promise<number> => {
    const names = Array.from({ length: count }, (_, index) => `n${index}.test`);
    const answers = await Promise.all(names.map((name) => resolver.lookup(name, 'A')));
    assert.ok(answers.every((answer) => answer.kind === 'records'));
    return new Set(fake.seen.map((query) => query.port)).size;
  };

  it('each question to another machine has one of its own', async () => {
    await using fake = await startFakeDns(good);
    const resolver = PLACES['elsewhere']!(fake.address);
    assert.ok((await askMany(fake, resolver, 20)) > 15);
    resolver.close();
  });

  it('questions on this machine share a few', async () => {
    await using fake = await startFakeDns(good);
    const resolver = resolverFor([fake.address]);
    assert.equal(await askMany(fake, resolver, 20), 1);
    assert.ok((await askMany(fake, resolver, 150)) <= 5);
    resolver.close();
  });
});
