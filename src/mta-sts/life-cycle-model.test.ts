import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  ABSENT,
  DAY,
  FAILED,
  HOUR,
  MINUTE,
  NO_FETCH,
  SETTINGS,
  T0,
  at,
  held,
  policyOf,
  record,
} from './life-cycle.fixture.ts';
import type { LifeEvent, Purpose, State } from './life-cycle-types.ts';
import { UNKNOWN, transition } from './life-cycle.ts';
import { inForce } from './life-times.ts';
import { freshPolicy } from './shared-policy.ts';
import type { Discovery, StsMode } from './types.ts';

const WEEK_S = 7 * 86_400;

function discovered(purpose: Purpose, discovery: Discovery): LifeEvent {
  return { kind: 'discovered', purpose, discovery };
}

function fetched(mode: StsMode, maxAge: number, id = 'a'): LifeEvent {
  return { kind: 'fetched', id, policy: freshPolicy(policyOf(mode, maxAge)), maxAge };
}

function failed(id = 'a'): LifeEvent {
  return { kind: 'fetch-failed', id, failure: NO_FETCH };
}

type Move =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'discover'; readonly purpose: Purpose; readonly discovery: Discovery }
  | { readonly kind: 'fail'; readonly id: string }
  | { readonly kind: 'fetch'; readonly id: string; readonly mode: StsMode; readonly maxAge: number }
  | { readonly kind: 'time' };

const anyId = fc.constantFrom('a', 'b', 'c');
const anyPurpose = fc.constantFrom<Purpose>(
  'first-contact',
  'id-check',
  'refresh',
  'mx-mismatch',
  'recheck',
  'forced',
);
const anyMode = fc.constantFrom<StsMode>('enforce', 'testing', 'none');
const harmless: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constant('wait' as const),
    ms: fc.constantFrom(1, MINUTE, 5 * MINUTE, HOUR, DAY),
  }),
  fc.record({
    kind: fc.constant('discover' as const),
    purpose: anyPurpose,
    discovery: fc.oneof(anyId.map(record), fc.constantFrom(ABSENT, FAILED)),
  }),
  fc.record({ kind: fc.constant('fail' as const), id: anyId }),
  fc.constant({ kind: 'time' as const }),
);
const anyMove: fc.Arbitrary<Move> = fc.oneof(
  harmless,
  fc.record({
    kind: fc.constant('fetch' as const),
    id: anyId,
    mode: anyMode,
    maxAge: fc.constantFrom(0, 1, 600, 86_400, WEEK_S),
  }),
);

function eventOf(move: Exclude<Move, { readonly kind: 'wait' }>): LifeEvent {
  switch (move.kind) {
    case 'discover':
      return discovered(move.purpose, move.discovery);
    case 'fail':
      return failed(move.id);
    case 'fetch':
      return fetched(move.mode, move.maxAge, move.id);
    case 'time':
      break;
  }
  return { kind: 'time' };
}

describe('model', () => {
  it('STS-3.1-16, STS-3.3-14, STS-10.2-R1: fuzz: no absence or failure replaces, drops or extends a valid policy', () => {
    fc.assert(
      fc.property(anyMode, fc.array(harmless, { maxLength: 40 }), (mode, moves) => {
        const start = held(mode, WEEK_S, T0);
        let state: State = start;
        let now = T0;
        for (const move of moves) {
          if (move.kind === 'wait') now += move.ms;
          else state = transition(state, eventOf(move), at(now)).state;
          const valid = now <= start.expiresAt;
          const found = inForce(state, now);
          assert.equal(found !== undefined, valid);
          if (found !== undefined) {
            assert.equal(found.policy, start.policy);
            assert.equal(found.expiresAt, start.expiresAt);
            assert.equal(found.id, start.id);
            assert.ok(found.refreshAt <= found.expiresAt + 1);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('fuzz: the policy in force is always that of the last fetch, for its max_age from then on', () => {
    fc.assert(
      fc.property(fc.array(anyMove, { maxLength: 40 }), (moves) => {
        let state: State = UNKNOWN;
        let now = T0;
        let last:
          { readonly mode: StsMode; readonly until: number; readonly id: string } | undefined;
        for (const move of moves) {
          if (move.kind === 'wait') {
            now += move.ms;
          } else {
            state = transition(state, eventOf(move), at(now)).state;
          }
          if (move.kind === 'fetch') {
            const until = move.maxAge === 0 ? now - 1 : now + move.maxAge * 1_000;
            last = { mode: move.mode, until, id: move.id };
          }
          const found = inForce(state, now);
          const expected = last !== undefined && now <= last.until ? last : undefined;
          assert.equal(found?.policy.mode, expected?.mode);
          assert.equal(found?.expiresAt, expected?.until);
          assert.equal(found?.id, expected?.id);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('STS-3.3-9: fuzz: two fetches of one id with a failure between are five minutes apart', () => {
    const purposes = fc.constantFrom<Purpose>(
      'first-contact',
      'id-check',
      'refresh',
      'mx-mismatch',
    );
    const tries = fc.array(
      fc.tuple(anyId, purposes, fc.constantFrom(1, MINUTE, 3 * MINUTE, HOUR)),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(fc.boolean(), tries, (cached, moves) => {
        let state: State = cached ? held('enforce', WEEK_S, T0) : UNKNOWN;
        let now = T0;
        const lastFailure = new Map<string, number>();
        for (const [id, purpose, wait] of moves) {
          now += wait;
          const next = transition(state, discovered(purpose, record(id)), at(now));
          state = next.state;
          if (!next.effects.some((effect) => effect.kind === 'fetch')) continue;
          const before = lastFailure.get(id);
          assert.ok(before === undefined || now - before >= SETTINGS.retryMs);
          lastFailure.set(id, now);
          state = transition(state, failed(id), at(now)).state;
        }
      }),
      { numRuns: 400 },
    );
  });

  it('fuzz: however the clock jumps, no failure lets a policy outlive max_age', () => {
    const jumps = fc.array(fc.integer({ min: -400, max: 400 }), { maxLength: 20 });
    fc.assert(
      fc.property(jumps, (days) => {
        let state: State = held('enforce', WEEK_S, T0);
        let now = T0;
        for (const day of days) {
          now += day * DAY;
          const before = state.kind === 'held' ? state.expiresAt : 0;
          state = transition(state, discovered('id-check', FAILED), at(now)).state;
          if (state.kind !== 'held') return;
          assert.ok(state.expiresAt <= before);
          assert.ok(state.expiresAt - now <= WEEK_S * 1_000 + 5 * MINUTE);
        }
      }),
      { numRuns: 300 },
    );
  });
});
