import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../clock.fixture.ts';
import { silentLog } from '../log/log.ts';
import { openStore } from '../store/open-store.ts';
import { createDomainLife } from './domain-life.ts';
import { rig } from './fake-network.fixture.ts';
import {
  ABSENT,
  DAY,
  HOUR,
  MINUTE,
  NO_FETCH,
  SETTINGS,
  T0,
  at,
  record,
} from './life-cycle.fixture.ts';
import type { Bare } from './life-cycle-types.ts';
import { UNKNOWN, transition } from './life-cycle.ts';
import { createMemoryCache } from './memory-cache.ts';
import { createPolicyKeeper } from './policy-keeper.ts';
import { createRefreshSchedule } from './refresh-schedule.ts';
import type { StsStatus } from './types.ts';

const BROKEN = { ok: false, failure: NO_FETCH } as const;

function short(status: StsStatus | undefined): string {
  if (status === undefined) return 'unknown';
  if (status.kind === 'none') return status.failure.code;
  return `${status.active.policy.mode} ${status.active.id}`;
}

describe('no policy, and a clock that goes back', () => {
  for (const back of [MINUTE, HOUR, 365 * DAY]) {
    it(`STS-5.1-3: ${back / MINUTE} min back: a domain without a record is asked anew`, async () => {
      const { policies, network, clock } = rig();
      clock.jumpTo(T0 + back);
      assert.equal(short(await policies.lookup('d.test')), 'STS_RECORD_NONE');
      clock.jumpTo(T0);
      network.publish('d.test', 'a', 'enforce');
      assert.equal(policies.peek('d.test'), undefined);
      assert.equal(short(await policies.lookup('d.test')), 'enforce a');
      await policies.close();
    });
  }

  it('a fetch that failed in the future holds nobody back longer than the longest back-off', async () => {
    const { policies, network, clock } = rig();
    clock.jumpTo(T0 + 365 * DAY);
    network.change('d.test', { discovery: record('a'), fetch: BROKEN });
    await policies.lookup('d.test');
    clock.jumpTo(T0);
    network.publish('d.test', 'a', 'enforce');
    assert.equal(short(await policies.lookup('d.test')), 'enforce a');
    await policies.close();
  });

  it('the background work lets go of what was learned in the future', () => {
    const clock = new FakeClock(T0 + 365 * DAY);
    const cache = createMemoryCache({ maxEntries: 10, maxBare: 10, unusedAfterMs: DAY });
    const schedule = createRefreshSchedule();
    const keeper = createPolicyKeeper({
      store: undefined,
      clock,
      log: silentLog,
      rowFor: () => assert.fail('nothing is written'),
    });
    const deaf = { tell: () => undefined, changed: () => undefined };
    const rest = { settings: SETTINGS, random: () => 0.5, log: silentLog, ...deaf };
    const life = createDomainLife({ cache, schedule, keeper, clock, ...rest });
    const event = { kind: 'discovered', purpose: 'first-contact', discovery: ABSENT } as const;
    life.apply('d.test', event);
    clock.jumpTo(T0);
    life.apply('now.test', event);
    life.rebaseAll();
    const untils = [...cache.bareEntries()].map(([domain, bare]) => [domain, bare.until - T0]);
    assert.deepEqual(untils, [
      ['now.test', 5 * MINUTE],
      ['d.test', 0],
    ]);
  });

  it('E18: the time that passes meanwhile does not make it begin again', () => {
    let reading = T0 + DAY;
    let looks = 0;
    const clock = Object.assign(new FakeClock(), {
      now: () => {
        looks += 1;
        assert.ok(looks < 100, 'it goes on for ever');
        return reading++;
      },
    });
    const cache = createMemoryCache({ maxEntries: 10, maxBare: 10, unusedAfterMs: DAY });
    const schedule = createRefreshSchedule();
    const rowFor = (): never => assert.fail('nothing is written');
    const keeper = createPolicyKeeper({ store: undefined, clock, log: silentLog, rowFor });
    const deaf = { tell: () => undefined, changed: () => undefined, log: silentLog };
    const rest = { settings: SETTINGS, random: () => 0.5, ...deaf };
    const life = createDomainLife({ cache, schedule, keeper, clock, ...rest });
    life.apply('d.test', { kind: 'discovered', purpose: 'first-contact', discovery: ABSENT });
    reading = T0;
    life.rebaseAll();
    assert.ok([...cache.bareEntries()].every(([, { since }]) => since < T0 + DAY));
  });

  it('back-offs from the future are dropped, those that could be of today are kept', () => {
    const failed = transition(
      UNKNOWN,
      { kind: 'fetch-failed', id: 'a', failure: NO_FETCH },
      at(T0 + DAY),
    ).state as Bare;
    const event = { kind: 'discovered', purpose: 'first-contact', discovery: record('a') } as const;
    const names = (now: number): string[] =>
      transition(failed, event, at(now)).effects.map((effect) => effect.kind);
    assert.deepEqual(names(T0), ['fetch']);
    assert.deepEqual(names(T0 + DAY - 2 * MINUTE), []);
    const again = transition(failed, event, at(T0 + DAY - 2 * MINUTE)).state as Bare;
    assert.ok(again.until <= T0 + DAY + 3 * MINUTE);
  });
});

describe('a policy, and a clock that goes back', () => {
  it('E18: while the database holds the background work up: its life is shortened all the same', async () => {
    const inner = await openStore('sqlite::memory:');
    let gate = Promise.resolve();
    const db = inner.db.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        await gate;
        return result;
      },
    });
    const { policies, network, clock } = rig({ store: { ...inner, db } });
    policies.start();
    network.publish('d.test', 'a', 'enforce');
    const fetched = await policies.lookup('d.test');
    assert.ok(fetched.kind === 'policy');
    await settle();
    const held = Promise.withResolvers<void>();
    gate = held.promise;
    await clock.advance(MINUTE);
    clock.setTo(T0 - DAY);
    await clock.advance(3_000);
    const status = policies.peek('d.test');
    assert.ok(status?.kind === 'policy');
    assert.ok(status.active.expiresAt <= fetched.active.expiresAt - DAY + 3_000);
    gate = Promise.resolve();
    held.resolve();
    await policies.close();
    await inner.close();
  });
});
