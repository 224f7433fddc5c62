import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../clock.fixture.ts';
import { AnswerCache, MEAN_WEIGHT } from './cache.ts';
import { soa, startFakeDns } from './fake-dns.fixture.ts';
import type { FakeDns, Handler, SeenQuery } from './fake-dns.fixture.ts';
import { Limiter } from './limiter.ts';
import { codeOf } from './resolver.fixture.ts';
import { createResolver } from './resolver.ts';
import type { DnsResolver, ResolverOptions } from './resolver.ts';
import type { RecordsAnswer } from './types.ts';

const ttlOf =
  (ttl: number): Handler =>
  (query) => ({ answers: [{ type: 'A', name: query.name, ttl, data: '192.0.2.1' }] });

interface Setup extends AsyncDisposable {
  readonly fake: FakeDns;
  readonly clock: FakeClock;
  readonly resolver: DnsResolver;
}

async function setUp(handler: Handler, options: ResolverOptions = {}): Promise<Setup> {
  const fake = await startFakeDns(handler);
  const clock = new FakeClock();
  const resolver = createResolver({ clock, resolvers: [fake.address], attempts: 1, ...options });
  return {
    fake,
    clock,
    resolver,
    async [Symbol.asyncDispose]() {
      resolver.close();
      await fake.close();
    },
  };
}

describe('resolver: cache', () => {
  it('DANE-6698-8.2-1: G25: a TTL of 30 s is honoured to the second', async () => {
    await using it = await setUp(ttlOf(30));
    const first = await it.resolver.lookup('a.test', 'A');
    await it.clock.advance(29_999);
    assert.equal(await it.resolver.lookup('A.test.', 'A'), first);
    assert.equal(it.fake.seen.length, 1);
    await it.clock.advance(1);
    await it.resolver.lookup('a.test', 'A');
    assert.equal(it.fake.seen.length, 2);
    assert.equal(it.resolver.stats().cacheHits, 1);
  });

  it('G26: a denial is kept as long as its SOA says, and not at all without one', async () => {
    const authorities = [soa('test', 900, 60)];
    await using it = await setUp((query) =>
      query.name === 'soa.test' ? { rcode: 3, authorities } : { rcode: 3 },
    );
    for (let turn = 0; turn < 2; turn += 1) {
      assert.equal((await it.resolver.lookup('soa.test', 'A')).kind, 'nxdomain');
      assert.equal((await it.resolver.lookup('bare.test', 'A')).kind, 'nxdomain');
    }
    assert.deepEqual(it.fake.asked(), ['soa.test/A', 'bare.test/A', 'bare.test/A']);
    await it.clock.advance(60_000);
    await it.resolver.lookup('soa.test', 'A');
    assert.equal(it.fake.seen.length, 4);
  });

  it('A14: a failure is not kept, and does not replace an answer', async () => {
    await using it = await setUp(() => ({ rcode: 5 }));
    assert.equal(codeOf(await it.resolver.lookup('a.test', 'A')), 'DNS_REFUSED');
    it.fake.handler = ttlOf(60);
    assert.equal(codeOf(await it.resolver.lookup('a.test', 'A')), 'records');
    it.fake.handler = () => ({ rcode: 5 });
    assert.equal(codeOf(await it.resolver.lookup('a.test', 'A', { fresh: true })), 'DNS_REFUSED');
    assert.equal(codeOf(await it.resolver.lookup('a.test', 'A')), 'records');
  });

  it('fresh asks although there is an answer, and replaces it', async () => {
    await using it = await setUp(ttlOf(60));
    await it.resolver.lookup('a.test', 'A');
    it.fake.handler = (query) => ({
      answers: [{ type: 'A', name: query.name, ttl: 60, data: '192.0.2.2' }],
    });
    const fresh = await it.resolver.lookup('a.test', 'A', { fresh: true });
    assert.ok(fresh.kind === 'records');
    assert.deepEqual(fresh.records, ['192.0.2.2']);
    assert.equal(await it.resolver.lookup('a.test', 'A'), fresh);
    it.fake.handler = () => ({ rcode: 3 });
    await it.resolver.lookup('a.test', 'A', { fresh: true });
    assert.equal((await it.resolver.lookup('a.test', 'A')).kind, 'nxdomain');
  });

  it('types are kept apart', async () => {
    await using it = await setUp((query) =>
      query.type === 'A' ? ttlOf(60)(query) : { authorities: [soa('test', 60, 60)] },
    );
    assert.equal((await it.resolver.lookup('a.test', 'A')).kind, 'records');
    assert.equal((await it.resolver.lookup('a.test', 'AAAA')).kind, 'nodata');
  });

  it('the security of a link is asked for once and kept', async () => {
    const cname = { type: 'CNAME' as const, name: 'a.test', ttl: 300, data: 'b.test' };
    await using it = await setUp((query) =>
      query.type === 'CNAME'
        ? { ad: true, answers: [cname] }
        : { answers: [cname, { type: 'A', name: 'b.test', ttl: 20, data: '192.0.2.1' }] },
    );
    await it.resolver.lookup('a.test', 'A');
    await it.clock.advance(20_000);
    const again = await it.resolver.lookup('a.test', 'A');
    assert.ok(again.kind === 'records');
    assert.equal(again.chain[0]?.security, 'secure');
    assert.deepEqual(it.fake.asked(), ['a.test/A', 'a.test/CNAME', 'a.test/A']);
    await it.resolver.lookup('a.test', 'A', { fresh: true });
    assert.deepEqual(it.fake.asked().slice(3), ['a.test/A', 'a.test/CNAME']);
  });
});

describe('AnswerCache', () => {
  const answer = (name: string, ttl = 60): RecordsAnswer<'A'> => ({
    kind: 'records',
    name,
    type: 'A',
    records: ['192.0.2.1'],
    finalName: name,
    chain: [],
    security: 'insecure',
    ttl,
    receivedAt: 1_000_000,
    upstream: '127.0.0.1#53',
  });

  it('holds no more than its limit; what was not used longest goes first', () => {
    const cache = new AnswerCache(2);
    cache.put(answer('a'));
    cache.put(answer('b'));
    assert.ok(cache.get('a', 'A', 1_000_000));
    cache.put(answer('c'));
    assert.equal(cache.size, 2);
    assert.ok(cache.get('a', 'A', 1_000_000));
    assert.equal(cache.get('b', 'A', 1_000_000), undefined);
  });

  it('a clock that went back does not make an answer live longer', () => {
    const cache = new AnswerCache(2);
    cache.put(answer('a'));
    assert.equal(cache.get('a', 'A', 999_999), undefined);
    assert.equal(cache.size, 0);
  });

  it('is bounded in memory too: large answers push small ones out, and an immense one is not kept', () => {
    const cache = new AnswerCache(10);
    const large = (name: string, count: number): RecordsAnswer<'TXT'> => ({
      ...answer(name),
      type: 'TXT',
      kind: 'records',
      records: Array.from({ length: count }, () => 'x'.repeat(250)),
    });
    for (const name of ['a', 'b', 'c', 'd']) cache.put(large(name, 10));
    assert.ok(cache.size < 4);
    assert.ok(cache.weight <= 10 * MEAN_WEIGHT);
    assert.notEqual(cache.get('d', 'TXT', 1_000_000), undefined);
    cache.put(large('e', 1000));
    assert.equal(cache.get('e', 'TXT', 1_000_000), undefined);
  });

  it('keeps nothing with a TTL of 0 or a limit of 0', () => {
    const cache = new AnswerCache(2);
    cache.put(answer('a'));
    cache.put(answer('a', 0));
    assert.equal(cache.size, 0);
    const none = new AnswerCache(0);
    none.put(answer('a'));
    assert.equal(none.size, 0);
  });
});

describe('resolver: many at once', () => {
  it('equal questions at the same time are asked once', async () => {
    await using it = await setUp(ttlOf(0));
    const answers = await Promise.all([
      it.resolver.lookup('a.test', 'A'),
      it.resolver.lookup('A.TEST', 'A'),
      it.resolver.lookup('a.test.', 'A', { fresh: true }),
    ]);
    assert.equal(it.fake.seen.length, 1);
    assert.equal(answers[0], answers[1]);
    assert.equal(it.resolver.stats().shared, 2);
    await it.resolver.lookup('a.test', 'A');
    assert.equal(it.fake.seen.length, 2);
  });

  it('one who stops waiting does not stop the others', async () => {
    const held: SeenQuery[] = [];
    await using it = await setUp((query) => {
      held.push(query);
      return 'silence';
    });
    const abort = new AbortController();
    const leaving = it.resolver.lookup('a.test', 'A', { signal: abort.signal });
    const staying = it.resolver.lookup('a.test', 'A');
    await it.fake.arrived(1);
    abort.abort();
    assert.equal(codeOf(await leaving), 'DNS_ABORTED');
    assert.equal(it.resolver.stats().running, 1);
    await it.clock.advance(3000);
    assert.equal(codeOf(await staying), 'DNS_TIMEOUT');
  });

  it('who has stopped already does not ask', async () => {
    await using it = await setUp(ttlOf(60));
    const answer = await it.resolver.lookup('a.test', 'A', { signal: AbortSignal.abort() });
    assert.equal(codeOf(answer), 'DNS_ABORTED');
    assert.equal(it.fake.seen.length, 0);
  });

  it('no more than so many run, no more than so many wait', async () => {
    await using it = await setUp(() => 'silence', {
      concurrency: 2,
      maxWaiting: 1,
      timeoutMs: 1000,
    });
    const answers = ['a', 'b', 'c', 'd'].map((name) => it.resolver.lookup(`${name}.test`, 'A'));
    assert.equal(codeOf(await answers[3]!), 'DNS_OVERLOADED');
    await it.fake.arrived(2);
    assert.deepEqual([it.resolver.stats().running, it.resolver.stats().waiting], [2, 1]);
    await it.clock.advance(1000);
    await it.fake.arrived(3);
    await it.clock.advance(1000);
    assert.deepEqual((await Promise.all(answers.slice(0, 3))).map(codeOf), [
      'DNS_TIMEOUT',
      'DNS_TIMEOUT',
      'DNS_TIMEOUT',
    ]);
    assert.deepEqual(it.resolver.stats().failures, { DNS_OVERLOADED: 1, DNS_TIMEOUT: 3 });
  });

  it('a chain with questions of its own needs no second turn', async () => {
    const cname = { type: 'CNAME' as const, name: 'a.test', ttl: 300, data: 'b.test' };
    await using it = await setUp(
      (query) => ({
        ad: query.type === 'CNAME',
        answers:
          query.type === 'CNAME'
            ? [cname]
            : [cname, { type: 'A', name: 'b.test', ttl: 20, data: '192.0.2.1' }],
      }),
      { concurrency: 1 },
    );
    assert.equal((await it.resolver.lookup('a.test', 'A')).kind, 'records');
  });

  it('a flood of different names is answered and leaves no timer and no entry too many', async () => {
    await using it = await setUp(ttlOf(60), { concurrency: 50, cacheEntries: 100 });
    const names = Array.from({ length: 500 }, (_, index) => `n${index}.test`);
    const answers = await Promise.all(names.map((name) => it.resolver.lookup(name, 'A')));
    assert.ok(answers.every((answer) => answer.kind === 'records'));
    assert.equal(it.resolver.stats().cached, 100);
    await it.clock.advance(10_000);
    assert.equal(it.clock.waiting, 0, 'nor a socket');
  });
});

describe('Limiter', () => {
  it('first come, first served', async () => {
    const limiter = new Limiter(1, 10);
    const order: number[] = [];
    const task = (number: number) => async (): Promise<void> => {
      order.push(number);
      await settle();
    };
    await Promise.all([limiter.run(task(1)), limiter.run(task(2)), limiter.run(task(3))]);
    assert.deepEqual(order, [1, 2, 3]);
    assert.equal(limiter.running, 0);
  });

  it('a task that throws gives its turn on', async () => {
    const limiter = new Limiter(1, 10);
    const failing = limiter.run(() => Promise.reject(new Error('a bug')));
    const next = limiter.run(() => Promise.resolve('ran'));
    await assert.rejects(failing!, /a bug/);
    assert.equal(await next, 'ran');
  });
});
