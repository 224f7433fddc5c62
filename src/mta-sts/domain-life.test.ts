import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../clock.fixture.ts';
import { silentLog } from '../log/log.ts';
import { createDomainLife, type DomainLife } from './domain-life.ts';
import { DAY, HOUR, MINUTE, SETTINGS, T0, held } from './life-cycle.fixture.ts';
import type { Held } from './life-cycle-types.ts';
import { createMemoryCache, type MemoryCache } from './memory-cache.ts';
import { createPolicyKeeper } from './policy-keeper.ts';
import { type PolicyRow, rowOf, tombstoneOf } from './policy-table.ts';
import { createRefreshSchedule } from './refresh-schedule.ts';

interface Lives {
  readonly life: DomainLife;
  readonly cache: MemoryCache;
  readonly clock: FakeClock;
  readonly changed: string[];
}

function lives(maxEntries = 10): Lives {
  const clock = new FakeClock(T0);
  const cache = createMemoryCache({ maxEntries, maxBare: 10, unusedAfterMs: DAY });
  const changed: string[] = [];
  const life = createDomainLife({
    cache,
    schedule: createRefreshSchedule(),
    keeper: createPolicyKeeper({
      store: undefined,
      clock,
      log: silentLog,
      rowFor: () => assert.fail('nothing is written'),
    }),
    clock,
    log: silentLog,
    settings: SETTINGS,
    random: () => 0.5,
    tell: () => undefined,
    changed: (domain) => changed.push(domain),
  });
  return { life, cache, clock, changed };
}

const WEEK_S = 604_800;

function row(domain: string, state: Held = held('enforce', WEEK_S, T0)): PolicyRow {
  return rowOf(domain, state, { lastUsedAt: state.fetchedAt, now: state.fetchedAt });
}

describe('rows of the table', () => {
  it('STS-5.1-1: one that has expired is not taken, to the millisecond', () => {
    const { life, cache, clock } = lives();
    clock.jumpTo(T0 + 7 * DAY + 1);
    assert.equal(life.adopt(row('d.test')), true);
    assert.equal(cache.size, 0);
    assert.equal(cache.state('d.test').kind, 'unknown');
    clock.jumpTo(T0 + 7 * DAY);
    assert.equal(life.adopt(row('d.test')), true);
    assert.equal(cache.size, 1);
  });

  it('a guest takes over what is newer', () => {
    const { life, cache, clock } = lives(1);
    life.adopt(row('first.test'));
    assert.equal(life.adopt(row('d.test')), false);
    clock.jumpTo(T0 + HOUR);
    const newer = { ...held('testing', WEEK_S, T0 + HOUR), id: 'b' };
    assert.equal(life.adopt(row('d.test', newer)), false);
    const state = cache.state('d.test');
    assert.equal(state.kind === 'held' && state.id, 'b');
    assert.equal(cache.entry('d.test'), undefined);
  });
});

describe('decisions made before', () => {
  it('E13: a policy of another node is news, and so is an order to forget', () => {
    const { life, clock, changed } = lives();
    life.adopt(row('d.test'));
    assert.deepEqual(changed, ['d.test']);
    life.adopt(row('d.test'));
    assert.deepEqual(changed, ['d.test']);
    clock.jumpTo(T0 + HOUR);
    life.adopt(row('d.test', { ...held('testing', WEEK_S, T0 + HOUR), id: 'b' }));
    assert.deepEqual(changed, ['d.test', 'd.test']);
    clock.jumpTo(T0 + 2 * HOUR);
    life.adopt(tombstoneOf('d.test', { at: clock.now(), now: clock.now() }));
    life.adopt(tombstoneOf('never.test', { at: clock.now(), now: clock.now() }));
    assert.deepEqual(changed, ['d.test', 'd.test', 'd.test']);
  });

  it('E13: also where memory has no room for it', () => {
    const { life, changed } = lives(1);
    life.adopt(row('first.test'));
    life.adopt(row('d.test'));
    assert.deepEqual(changed, ['first.test', 'd.test']);
  });

  it('E18: a clock that went back shortens lives, and that is news too', () => {
    const { life, cache, clock, changed } = lives();
    life.adopt(row('d.test'));
    clock.jumpTo(T0 - 365 * DAY);
    life.rebaseAll();
    assert.equal(cache.entry('d.test')?.state.expiresAt, clock.now() + 7 * DAY);
    assert.deepEqual(changed, ['d.test', 'd.test']);
  });

  it('a look that finds nothing new is no news', () => {
    const { life, clock, changed } = lives();
    life.adopt(row('d.test'));
    clock.jumpTo(T0 + 5 * MINUTE);
    const failure = { code: 'DNS_TIMEOUT', detail: '' } as const;
    const discovery = { kind: 'failed', failure } as const;
    life.apply('d.test', { kind: 'discovered', purpose: 'id-check', discovery });
    life.apply('none.test', { kind: 'discovered', purpose: 'first-contact', discovery });
    assert.deepEqual(changed, ['d.test']);
  });
});
