import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { ask } from './ask.ts';
import type { AskDeps } from './ask.ts';
import { Lifetime } from './exchange.ts';
import { startFakeDns } from './fake-dns.fixture.ts';
import type { FakeDns, SeenQuery, Reaction } from './fake-dns.fixture.ts';
import { resolve } from './resolve.ts';
import type { RrType } from './types.ts';
import { UpstreamHealth } from './upstream.ts';
import type { Upstream } from './upstream.ts';

/** Loopback is always trusted; here it stands for a resolver elsewhere. */
function untrusted(fake: FakeDns): Upstream {
  return { address: '127.0.0.1', port: fake.port, trusted: false };
}

function depsFor(upstreams: readonly Upstream[], warned: Upstream[] = []): AskDeps {
  return {
    upstreams,
    health: new UpstreamHealth(),
    timeoutMs: 1000,
    attempts: 1,
    clock: new FakeClock(),
    lifetime: new Lifetime(),
    counters: { udp: 0, tcp: 0, timeouts: 0 },
    onUntrustedAd: (upstream) => void warned.push(upstream),
  };
}

function signed(query: SeenQuery): Reaction {
  const answers =
    query.type === 'A'
      ? [
          { type: 'CNAME' as const, name: query.name, data: 'end.test', ttl: 60 },
          { type: 'A' as const, name: 'end.test', data: '192.0.2.1', ttl: 60 },
        ]
      : [];
  return { ad: true, answers };
}

describe('ask', () => {
  it('DANE-7672-2.1.1-1, DANE-6698-8.3-1: G23: AD from an upstream that is not trusted is not believed, and is told', async () => {
    await using fake = await startFakeDns(signed);
    const warned: Upstream[] = [];
    const upstream = untrusted(fake);
    const deps = depsFor([upstream], warned);
    const deadline = deps.clock.now() + 5000;
    const response = await ask({ name: 'a.test', type: 'A', deadline }, deps);
    assert.ok(response.ok);
    assert.equal(response.message.header.authentic, true);
    assert.equal(response.authentic, false);
    assert.deepEqual(warned, [upstream]);
    const believed = await ask(
      { name: 'a.test', type: 'A', deadline },
      depsFor([{ ...upstream, trusted: true }]),
    );
    assert.ok(believed.ok);
    assert.equal(believed.authentic, true);
  });

  it('DANE-7672-2.1.1-3: from such an upstream everything is insecure, and no link is asked about', async () => {
    await using fake = await startFakeDns(signed);
    const deps = depsFor([untrusted(fake)]);
    const deadline = deps.clock.now() + 5000;
    const answer = await resolve('a.test', 'A', {
      ask: (name: string, type: RrType) => ask({ name, type, deadline }, deps),
      cnameOf: () => assert.fail('nobody would believe it'),
      anyTrusted: false,
      maxTtl: 600,
      now: () => deps.clock.now(),
    });
    assert.ok(answer.kind === 'records');
    assert.equal(answer.security, 'insecure');
    assert.equal(answer.chain[0]?.security, 'insecure');
    assert.equal(fake.seen.length, 1);
  });

  it('SERVFAIL of an upstream that is not trusted is not looked into: its word proves nothing', async () => {
    await using fake = await startFakeDns(() => ({ rcode: 2 }));
    const deps = depsFor([untrusted(fake)]);
    const asked = { name: 'a.test', type: 'A', deadline: deps.clock.now() + 5000 } as const;
    const response = await ask(asked, deps);
    assert.ok(!response.ok);
    assert.equal(response.failure.code, 'DNS_SERVFAIL');
    assert.equal(fake.seen.length, 1);
  });

  it('without any upstream the failure says so', async () => {
    const deps = depsFor([]);
    const response = await ask({ name: 'a.test', type: 'A', deadline: deps.clock.now() + 1 }, deps);
    assert.ok(!response.ok);
    assert.equal(response.failure.code, 'DNS_UNREACHABLE');
  });
});
