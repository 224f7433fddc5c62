import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  ABSENT,
  DAY,
  FAILED,
  HOUR,
  MINUTE,
  NO_FETCH,
  T0,
  at,
  held,
  policyOf,
  record,
} from './life-cycle.fixture.ts';
import type { Effect, Held, LifeEvent, Purpose, State } from './life-cycle-types.ts';
import { UNKNOWN, transition } from './life-cycle.ts';
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

function names(effects: readonly Effect[]): string[] {
  return effects.map((effect) => {
    if (effect.kind === 'tell') return effect.event.kind;
    return effect.kind === 'fetch' ? `fetch ${effect.id}` : effect.kind;
  });
}

/** State, event, moment → kind of the next state and what follows. */
const TABLE: readonly [
  name: string,
  state: State,
  event: LifeEvent,
  now: number,
  kind: State['kind'],
  effects: readonly string[],
][] = [
  [
    'STS-5.1-3: first contact with a record fetches',
    UNKNOWN,
    discovered('first-contact', record('a')),
    T0,
    'unknown',
    ['fetch a'],
  ],
  [
    'STS-3.1-13: first contact without a record fetches nothing',
    UNKNOWN,
    discovered('first-contact', ABSENT),
    T0,
    'bare',
    [],
  ],
  [
    'STS-3.3-13: first contact without an answer fetches nothing',
    UNKNOWN,
    discovered('first-contact', FAILED),
    T0,
    'bare',
    [],
  ],
  [
    'STS-3.3-13, STS-6-1: first contact, fetch fails: no policy, and it is told',
    UNKNOWN,
    failed(),
    T0,
    'bare',
    ['fetch-failed'],
  ],
  [
    'first contact, fetch succeeds',
    UNKNOWN,
    fetched('enforce', WEEK_S),
    T0,
    'held',
    ['serve', 'save', 'policy-fetched'],
  ],
  [
    'max_age 0 serves the attempt under way and is not kept',
    UNKNOWN,
    fetched('enforce', 0),
    T0,
    'unknown',
    ['serve', 'forget', 'policy-fetched'],
  ],
  [
    'STS-3-1: the same id fetches nothing (E1)',
    held('enforce', WEEK_S, T0),
    discovered('id-check', record('a')),
    T0 + HOUR,
    'held',
    [],
  ],
  [
    'STS-3.1-7: any other id fetches (E2)',
    held('enforce', WEEK_S, T0),
    discovered('id-check', record('0')),
    T0 + HOUR,
    'held',
    ['fetch 0'],
  ],
  [
    'STS-3.1-16: the record is gone, the policy stays (E4)',
    held('enforce', WEEK_S, T0),
    discovered('id-check', ABSENT),
    T0 + HOUR,
    'held',
    ['record-vanished'],
  ],
  [
    'STS-3.3-14: DNS does not answer, the policy stays (E5)',
    held('enforce', WEEK_S, T0),
    discovered('id-check', FAILED),
    T0 + HOUR,
    'held',
    [],
  ],
  [
    'E14: no alert when the record of a policy none is gone',
    held('none', WEEK_S, T0),
    discovered('id-check', ABSENT),
    T0 + HOUR,
    'held',
    [],
  ],
  [
    'STS-10.2-2: refresh fetches although the id is the same (E7)',
    held('enforce', WEEK_S, T0),
    discovered('refresh', record('a')),
    T0 + DAY,
    'held',
    ['fetch a'],
  ],
  [
    'STS-10.2-2: refresh fetches although the record is gone',
    held('enforce', WEEK_S, T0),
    discovered('refresh', ABSENT),
    T0 + DAY,
    'held',
    ['record-vanished', 'fetch a'],
  ],
  [
    'STS-10.2-2: refresh fetches although DNS does not answer',
    held('enforce', WEEK_S, T0),
    discovered('refresh', FAILED),
    T0 + DAY,
    'held',
    ['fetch a'],
  ],
  [
    'STS-3.3-16: a refresh that fails keeps the policy and alerts (E3)',
    held('enforce', WEEK_S, T0),
    failed(),
    T0 + DAY,
    'held',
    ['save', 'refresh-failed'],
  ],
  [
    'STS-3.3-16: a refresh that fails is silent for mode none',
    held('none', WEEK_S, T0),
    failed(),
    T0 + DAY,
    'held',
    ['save'],
  ],
  [
    'STS-3.3-R5: a new id whose policy is broken keeps the old one',
    held('enforce', WEEK_S, T0),
    failed('b'),
    T0 + HOUR,
    'held',
    ['save', 'refresh-failed'],
  ],
  [
    'STS-8.3-R1: none frees at once (E13)',
    held('enforce', WEEK_S, T0),
    fetched('none', 86_400),
    T0 + DAY,
    'held',
    ['serve', 'save', 'policy-fetched', 'policy-weakened'],
  ],
  [
    'E15: enforce to testing is told',
    held('enforce', WEEK_S, T0),
    fetched('testing', 86_400),
    T0 + DAY,
    'held',
    ['serve', 'save', 'policy-fetched', 'policy-weakened'],
  ],
  [
    'testing to enforce is not',
    held('testing', WEEK_S, T0),
    fetched('enforce', 86_400),
    T0 + DAY,
    'held',
    ['serve', 'save', 'policy-fetched'],
  ],
  [
    'STS-5.1-1, STS-3.2-8: in force at exactly max_age',
    held('enforce', WEEK_S, T0),
    { kind: 'time' },
    T0 + 7 * DAY,
    'held',
    [],
  ],
  [
    'STS-5.1-1, STS-3.2-8: no longer a millisecond later',
    held('enforce', WEEK_S, T0),
    { kind: 'time' },
    T0 + 7 * DAY + 1,
    'unknown',
    ['policy-expired'],
  ],
  [
    'E14: none expires silently',
    held('none', WEEK_S, T0),
    { kind: 'time' },
    T0 + 8 * DAY,
    'unknown',
    [],
  ],
  [
    'E8: expired, the same id: fetched whole',
    held('enforce', WEEK_S, T0),
    discovered('first-contact', record('a')),
    T0 + 8 * DAY,
    'held',
    ['fetch a'],
  ],
  [
    'E9: expired, the fetch fails: no policy',
    held('enforce', WEEK_S, T0),
    failed(),
    T0 + 8 * DAY,
    'bare',
    ['policy-expired', 'fetch-failed'],
  ],
  [
    'expired and the record gone: no policy',
    held('enforce', WEEK_S, T0),
    discovered('first-contact', ABSENT),
    T0 + 8 * DAY,
    'bare',
    ['policy-expired'],
  ],
  [
    'STS-5.1-5: recheck fetches a changed id',
    held('enforce', WEEK_S, T0),
    discovered('recheck', record('b')),
    T0 + 1,
    'held',
    ['fetch b'],
  ],
  [
    'recheck right after a fetch leaves an unchanged id alone',
    held('enforce', WEEK_S, T0),
    discovered('recheck', record('a')),
    T0 + MINUTE,
    'held',
    [],
  ],
  [
    'STS-5.1-R1: recheck fetches an unchanged id if the last fetch is old',
    held('enforce', WEEK_S, T0),
    discovered('recheck', record('a')),
    T0 + 5 * MINUTE,
    'held',
    ['fetch a'],
  ],
  [
    'forgotten elsewhere after our fetch',
    held('enforce', WEEK_S, T0),
    { kind: 'forgotten', at: T0 + 1 },
    T0 + 2,
    'unknown',
    [],
  ],
  [
    'forgotten elsewhere before our fetch',
    held('enforce', WEEK_S, T0),
    { kind: 'forgotten', at: T0 - 1 },
    T0 + 2,
    'held',
    [],
  ],
  [
    'a row of another node is taken',
    UNKNOWN,
    { kind: 'stored', held: held('enforce', WEEK_S, T0) },
    T0 + 1,
    'held',
    [],
  ],
  [
    'a row that has expired is not',
    UNKNOWN,
    { kind: 'stored', held: held('enforce', WEEK_S, T0) },
    T0 + 8 * DAY,
    'unknown',
    [],
  ],
];

describe('life cycle', () => {
  for (const [name, state, event, now, kind, effects] of TABLE) {
    it(name, () => {
      const next = transition(state, event, at(now));
      assert.equal(next.state.kind, kind);
      assert.deepEqual(names(next.effects), effects);
    });
  }

  it('STS-10.2-R1: nothing but a fetch moves the end of a policy (E10)', () => {
    const before = held('enforce', WEEK_S, T0);
    const events = [
      discovered('refresh', record('a')),
      discovered('id-check', ABSENT),
      failed(),
      failed('b'),
    ];
    for (const event of events) {
      const { state } = transition(before, event, at(T0 + DAY));
      assert.equal((state as Held).expiresAt, before.expiresAt);
      assert.equal((state as Held).policy, before.policy);
    }
    const renewed = transition(before, fetched('enforce', WEEK_S), at(T0 + DAY)).state as Held;
    assert.equal(renewed.expiresAt, T0 + DAY + 7 * DAY);
  });

  it('STS-3.3-9: after a failure the same id waits five minutes, another one does not (B17)', () => {
    const bare = transition(UNKNOWN, failed('a'), at(T0)).state;
    const again = (id: string, now: number): string[] =>
      names(transition(bare, discovered('first-contact', record(id)), at(now)).effects);
    assert.deepEqual(again('a', T0 + 5 * MINUTE - 1_000), []);
    assert.deepEqual(again('b', T0 + MINUTE), ['fetch b']);
    assert.deepEqual(again('a', T0 + 5 * MINUTE), ['fetch a']);
    const old = transition(held('enforce', WEEK_S, T0 - DAY), failed('b'), at(T0)).state;
    const check = transition(old, discovered('id-check', record('b')), at(T0 + 4 * MINUTE));
    assert.deepEqual(names(check.effects), []);
  });

  it('STS-10.2-2: a failed fetch of another id leaves the daily refresh where it was', () => {
    const before = held('enforce', WEEK_S, T0);
    const after = (id: string, now: number): number =>
      (transition(before, failed(id), at(now)).state as Held).refreshAt - T0;
    assert.equal(after('b', T0 + HOUR), DAY);
    assert.equal(after('a', T0 + HOUR), HOUR + 5 * MINUTE);
    assert.equal(after('b', T0 + DAY), DAY + 5 * MINUTE);
  });

  it('STS-10.2-3: failures in a row are counted, and a success ends the count', () => {
    let state: State = held('enforce', WEEK_S, T0);
    for (const day of [1, 2, 3]) state = transition(state, failed(), at(T0 + day * DAY)).state;
    assert.equal((state as Held).failures, 3);
    assert.equal((state as Held).fetchFailure, NO_FETCH);
    state = transition(state, fetched('enforce', WEEK_S), at(T0 + 4 * DAY)).state;
    assert.equal((state as Held).failures, 0);
    assert.equal((state as Held).fetchFailure, undefined);
  });

  it('a record that stays away is told once', () => {
    const first = transition(
      held('enforce', WEEK_S, T0),
      discovered('id-check', ABSENT),
      at(T0 + HOUR),
    );
    const second = transition(first.state, discovered('id-check', ABSENT), at(T0 + 2 * HOUR));
    assert.deepEqual(names(second.effects), []);
    const back = transition(second.state, discovered('id-check', record('a')), at(T0 + 3 * HOUR));
    assert.equal((back.state as Held).recordFailure, undefined);
  });
});
