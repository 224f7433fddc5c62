import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FakeClock } from '../clock.fixture.ts';
import { startFakeDns, writeReply } from './fake-dns.fixture.ts';
import type { Handler, Reaction, SeenQuery } from './fake-dns.fixture.ts';
import { isNormalName } from './name.ts';
import { cname } from './resolver.fixture.ts';
import { createResolver } from './resolver.ts';
import { frame } from './tcp.ts';
import type { Answer } from './types.ts';

const START = Date.UTC(2026, 0, 1);

function mail(query: SeenQuery): Reaction {
  return {
    ad: true,
    answers: [
      cname(query.name, 'b.test'),
      { type: 'MX', name: 'b.test', ttl: 60, data: { preference: 10, exchange: 'mx.b.test' } },
    ],
  };
}

/** Octets changed at places; those past the end make the message shorter or longer. */
interface Damage {
  readonly changes: readonly (readonly [at: number, value: number])[];
  readonly cut: number;
}

const DAMAGE: fc.Arbitrary<Damage> = fc.record({
  changes: fc.array(fc.tuple(fc.nat(90), fc.nat(255)), { maxLength: 4 }),
  cut: fc.oneof(fc.constant(0), fc.nat(80)),
});

function damaged(octets: Buffer, { changes, cut }: Damage): Buffer {
  const copy = Buffer.from(octets);
  for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
  return copy.subarray(0, Math.max(1, copy.length - cut));
}

/** Asks a server that answers so, letting time pass until there is an answer. */
async function outcome(handler: Handler): Promise<Answer<'MX'>> {
  await using fake = await startFakeDns(handler);
  const clock = new FakeClock(START);
  const resolver = createResolver({ clock, resolvers: [fake.address], attempts: 1, totalMs: 5000 });
  const got: Answer<'MX'>[] = [];
  const done = resolver.lookup('a.test', 'MX').then((result) => got.push(result));
  await fake.arrived(1);
  while (got.length === 0) {
    assert.ok(clock.now() - START < 60_000, 'it hangs');
    await clock.advance(500);
  }
  await done;
  resolver.close();
  assert.equal(clock.waiting, 0);
  return got[0]!;
}

/** Whatever comes, what is believed can be used as it is. */
function assertUsable(answer: Answer<'MX'>): void {
  for (const link of answer.chain) assert.ok(isNormalName(link.to) && isNormalName(link.from));
  if (answer.kind !== 'records') return;
  assert.ok(answer.ttl >= 0 && answer.ttl <= 86_400);
  for (const { exchange } of answer.records) assert.ok(exchange === '' || isNormalName(exchange));
}

describe('resolver: nonsense from the network', () => {
  it('fuzz: damaged answers over UDP end in an answer or a failure, in time', async () => {
    await fc.assert(
      fc.asyncProperty(DAMAGE, async (damage) => {
        const handler: Handler = (query) => [damaged(writeReply(query, mail(query)), damage)];
        assertUsable(await outcome(handler));
      }),
      { numRuns: 60 },
    );
  });

  it('fuzz: damaged answers over TCP, with any length before them, do too', async () => {
    const length = fc.option(fc.nat(0xffff), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(DAMAGE, length, async (damage, claimed) => {
        const handler: Handler = (query) => {
          if (query.transport === 'udp') return { tc: true };
          const whole = frame(damaged(writeReply(query, mail(query)), damage));
          if (claimed !== undefined) whole.writeUInt16BE(claimed);
          return [whole];
        };
        assertUsable(await outcome(handler));
      }),
      { numRuns: 60 },
    );
  });
});
