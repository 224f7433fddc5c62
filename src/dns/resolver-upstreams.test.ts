import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import type { Log } from '../log/log.ts';
import { silentLog } from '../log/log.ts';
import { startFakeDns } from './fake-dns.fixture.ts';
import { codeOf, deadAddress, good, resolverFor } from './resolver.fixture.ts';
import { createResolver } from './resolver.ts';

function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  return { ...silentLog, lines, warn: (_fields, message) => void lines.push(message) };
}

describe('resolver: several upstreams', () => {
  it('I6: where nobody listens is noticed at once, and the second is asked', async () => {
    await using fake = await startFakeDns(good);
    const resolver = resolverFor([await deadAddress(), fake.address]);
    const answer = await resolver.lookup('a.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.equal(answer.upstream, `127.0.0.1#${fake.port}`);
    resolver.close();
  });

  it('I6: a silent one is left for the next after its time, and asked last for a while', async () => {
    await using silent = await startFakeDns(() => 'silence');
    await using fake = await startFakeDns(good);
    const clock = new FakeClock();
    const options = { clock, timeoutMs: 1000 };
    const resolver = resolverFor([silent.address, fake.address], options);
    const first = resolver.lookup('a.test', 'A');
    await silent.arrived(1);
    await clock.advance(1000);
    assert.equal((await first).kind, 'records');
    assert.deepEqual(
      resolver.upstreams.map((upstream) => upstream.down),
      [true, false],
    );
    await resolver.lookup('b.test', 'A');
    assert.equal(silent.seen.length, 1);
    await clock.advance(30_000);
    silent.handler = good;
    await resolver.lookup('c.test', 'A');
    assert.equal(silent.seen.length, 2);
    resolver.close();
  });

  it('SERVFAIL and REFUSED of one are made good by another', async () => {
    await using broken = await startFakeDns(() => ({ rcode: 2 }));
    await using refusing = await startFakeDns(() => ({ rcode: 5 }));
    await using fake = await startFakeDns(good);
    const resolver = resolverFor([broken.address, refusing.address, fake.address]);
    assert.equal((await resolver.lookup('a.test', 'A')).kind, 'records');
    resolver.close();
  });

  it('DANE-7672-2.1.1-1: a plain SERVFAIL that hides bogus is found out before another is asked', async () => {
    await using strict = await startFakeDns((query) =>
      query.packet.flag_cd === true ? good(query) : { rcode: 2 },
    );
    await using lax = await startFakeDns(good);
    const resolver = resolverFor([strict.address, lax.address]);
    assert.equal(codeOf(await resolver.lookup('a.test', 'A')), 'DNS_BOGUS');
    assert.equal(lax.seen.length, 0);
    resolver.close();
  });

  it('DANE-7672-2.1.1-1: bogus is final: a resolver that does not validate is not tried after it', async () => {
    await using strict = await startFakeDns(() => ({ rcode: 2, ede: [{ code: 6 }] }));
    await using lax = await startFakeDns(good);
    const resolver = resolverFor([strict.address, lax.address]);
    assert.equal(codeOf(await resolver.lookup('a.test', 'A')), 'DNS_BOGUS');
    assert.equal(lax.seen.length, 0);
    resolver.close();
  });

  it('silent ones are asked as often as configured; the failure says the most telling', async () => {
    await using silent = await startFakeDns(() => 'silence');
    await using broken = await startFakeDns(() => ({ rcode: 5 }));
    const clock = new FakeClock();
    const options = { clock, timeoutMs: 1000, attempts: 3 };
    const resolver = resolverFor([silent.address, broken.address], options);
    const answer = resolver.lookup('a.test', 'A');
    for (let round = 1; round <= 3; round += 1) {
      await silent.arrived(round);
      await clock.advance(1000);
    }
    assert.equal(codeOf(await answer), 'DNS_REFUSED');
    assert.equal(broken.seen.length, 1);
    assert.equal(resolver.stats().timeouts, 3);
    resolver.close();
  });

  it('A14: a look-up ends when its whole time is over', async () => {
    await using silent = await startFakeDns(() => 'silence');
    const clock = new FakeClock();
    const options = { clock, timeoutMs: 1000, attempts: 50, totalMs: 2500 };
    const resolver = resolverFor([silent.address], options);
    const start = clock.now();
    const answer = resolver.lookup('a.test', 'A');
    for (const [round, wait] of [1000, 1000, 500].entries()) {
      await silent.arrived(round + 1);
      await clock.advance(wait);
    }
    assert.equal(codeOf(await answer), 'DNS_TIMEOUT');
    assert.equal(clock.now() - start, 2500);
    assert.equal(silent.seen.length, 3);
    resolver.close();
  });

  it('IPv6 upstreams are asked', async () => {
    await using fake = await startFakeDns(good, { host: '::1' });
    const resolver = resolverFor([fake.address]);
    const answer = await resolver.lookup('a.test', 'A');
    assert.ok(answer.kind === 'records');
    assert.equal(answer.security, 'secure');
    resolver.close();
  });
});

describe('resolver: whose AD bit counts', () => {
  it('DANE-6698-8.3-1, DANE-7672-2.1.1-1: G23: an upstream off this machine is not trusted unasked, and that is logged', () => {
    const log = recordingLog();
    const resolver = resolverFor(['192.0.2.53', '[2001:db8::53]:5353'], { log });
    assert.deepEqual(
      resolver.upstreams.map(({ trusted, used }) => [trusted, used]),
      [
        [false, true],
        [false, true],
      ],
    );
    assert.match(log.lines.join('\n'), /192\.0\.2\.53#53 .*DANE is off/);
    resolver.close();
    const trusting = resolverFor(['192.0.2.53'], { trusted: true });
    assert.equal(trusting.upstreams[0]?.trusted, true);
    trusting.close();
  });

  it('DANE-7672-2.1.1-1: where one is trusted, the others are not asked: silencing it must not turn DANE off', async () => {
    const log = recordingLog();
    const resolver = resolverFor([await deadAddress(), '192.0.2.53'], { log });
    assert.equal(codeOf(await resolver.lookup('a.test', 'A')), 'DNS_UNREACHABLE');
    assert.deepEqual(
      resolver.upstreams.map((upstream) => upstream.used),
      [true, false],
    );
    assert.match(log.lines.join('\n'), /192\.0\.2\.53#53 is not asked/);
    resolver.close();
  });

  it('what is no address is no upstream', () => {
    for (const text of ['localhost', '192.0.2.1:0', '192.0.2.1:99999', '[::1', '', '1.2.3']) {
      assert.throws(() => createResolver({ resolvers: [text] }), RangeError, text);
    }
  });
});
