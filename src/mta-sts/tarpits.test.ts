import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../clock.fixture.ts';
import type { Rig } from './fake-network.fixture.ts';
import { kindsOf, rig } from './fake-network.fixture.ts';
import { DAY, HOUR, MINUTE, NO_FETCH, T0, held, at, record } from './life-cycle.fixture.ts';
import { UNKNOWN, transition } from './life-cycle.ts';
import type { StsStatus } from './types.ts';

function short(status: StsStatus | undefined): string {
  if (status === undefined) return 'unknown';
  if (status.kind === 'none') return status.failure.code;
  return `${status.active.policy.mode} ${status.active.id}`;
}

/** A network on which every domain that begins with `t` has a record and a host that never answers. */
async function withTarpits(test: (under: Rig) => Promise<void>): Promise<void> {
  const under = rig();
  const { network, clock } = under;
  const plain = { ...network };
  network.discover = async (domain, how) =>
    domain.startsWith('t') ? record('x') : await plain.discover(domain, how);
  network.fetch = async (domain, how) => {
    if (!domain.startsWith('t')) return await plain.fetch(domain, how);
    await clock.sleep(MINUTE, how.signal).catch(() => undefined);
    return { ok: false, failure: NO_FETCH };
  };
  under.policies.start();
  await settle();
  try {
    await test(under);
  } finally {
    await under.policies.close();
  }
}

/** One tarpit each second of a minute; `name` says whose. */
function flood({ policies }: Rig, from: number, name: (n: number) => string): void {
  for (let n = from; n < from + 60; n += 1) void policies.lookup(name(n), { budgetMs: 5_000 });
}

describe('a flood of policy hosts that never answer', () => {
  it('I9: of one owner does not delay the first contact of others', async () => {
    await withTarpits(async (under) => {
      const { policies, network, clock } = under;
      flood(under, 0, (n) => `t${n}.evil.test`);
      await settle();
      network.publish('fresh.test', 'f', 'enforce');
      const asked = policies.lookup('fresh.test', { budgetMs: 5_000 });
      await clock.advance(1);
      assert.equal(short(await asked), 'enforce f');
    });
  });

  it('I9, STS-10.2-2: of as many owners never stops the daily refresh', async () => {
    await withTarpits(async (under) => {
      const { policies, network, clock } = under;
      network.publish('victim.test', 'v', 'enforce', 86_400);
      await policies.lookup('victim.test');
      for (let minute = 0; minute < 3 * 60; minute += 1) {
        flood(under, minute * 60, (n) => `t${n}.evil${n}.test`);
        await clock.advance(MINUTE);
        if (minute === 5) clock.jumpTo(T0 + DAY - HOUR);
      }
      assert.equal(short(policies.peek('victim.test')), 'enforce v');
      assert.equal(network.fetched.filter((name) => name === 'victim.test').length, 2);
      assert.equal(policies.stats().refreshBacklog, 0);
    });
  });

  it('who finds no slot in time is told that the contact is under way, and asked soon again', async () => {
    await withTarpits(async (under) => {
      const { policies, network, clock, events } = under;
      flood(under, 0, (n) => `t${n}.evil${n}.test`);
      await clock.advance(1_000);
      flood(under, 60, (n) => `t${n}.evil${n}.test`);
      await settle();
      network.publish('fresh.test', 'f', 'enforce');
      const asked = policies.lookup('fresh.test', { budgetMs: 6_000 });
      await clock.advance(5_000);
      assert.equal(short(await asked), 'STS_FIRST_CONTACT_PENDING');
      assert.deepEqual(network.fetched, []);
      assert.ok(!kindsOf(events).includes('policy-fetched'));
      await clock.advance(2 * MINUTE);
      assert.equal(short(await policies.lookup('fresh.test')), 'enforce f');
    });
  });

  it('a slow host that is called off is held back like any that failed', async () => {
    await withTarpits(async (under) => {
      const { policies, clock } = under;
      flood(under, 0, (n) => `t${n}.evil${n}.test`);
      await clock.advance(5_001);
      const codes = Array.from({ length: 26 }, (_, n) =>
        short(policies.peek(`t${n}.evil${n}.test`)),
      );
      assert.equal(codes.filter((code) => code === 'HTTP_TIMEOUT').length, 14);
    });
  });
});

describe('a fetch that could not be begun', () => {
  const event = {
    kind: 'put-off',
    failure: { code: 'STS_FIRST_CONTACT_PENDING', detail: 'no slot' },
  } as const;

  it('leaves a policy in force as it is', () => {
    const state = held('enforce', 86_400, T0);
    assert.deepEqual(transition(state, event, at(T0 + HOUR)), { state, effects: [] });
  });

  it('is no failure of the domain: half a minute later it is tried again', () => {
    const { state, effects } = transition(UNKNOWN, event, at(T0));
    assert.deepEqual(effects, []);
    assert.equal(state.kind === 'bare' && state.until, T0 + 30_000);
    const again = { kind: 'discovered', purpose: 'first-contact', discovery: record('a') } as const;
    assert.deepEqual(transition(state, again, at(T0 + 30_000)).effects, [
      { kind: 'fetch', id: 'a' },
    ]);
    const expired = transition(held('enforce', 86_400, T0), event, at(T0 + 2 * DAY));
    assert.equal(expired.state.kind, 'bare');
  });
});
