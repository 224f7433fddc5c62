import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MINUTE, NO_FETCH, T0, at, record } from './life-cycle.fixture.ts';
import type { Effect, LifeEvent, Purpose, State } from './life-cycle-types.ts';
import { UNKNOWN, transition } from './life-cycle.ts';
import type { Discovery } from './types.ts';

function discovered(purpose: Purpose, discovery: Discovery): LifeEvent {
  return { kind: 'discovered', purpose, discovery };
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

describe('back-off', () => {
  it('the wait doubles up to an hour', () => {
    let state: State = UNKNOWN;
    let now = T0;
    const waits: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      state = transition(state, failed(), at(now)).state;
      const wait =
        (state as { backOffs: readonly { notBefore: number }[] }).backOffs[0]!.notBefore - now;
      waits.push(wait / MINUTE);
      now += wait;
    }
    assert.deepEqual(waits, [5, 10, 20, 40, 60, 60]);
  });

  it('a domain that keeps changing its id is held back too', () => {
    let state: State = UNKNOWN;
    let fetches = 0;
    for (let turn = 0; turn < 50; turn += 1) {
      const next = transition(
        state,
        discovered('first-contact', record(`id${turn}`)),
        at(T0 + turn),
      );
      state = next.state;
      if (next.effects.some((effect) => effect.kind === 'fetch')) {
        fetches += 1;
        state = transition(state, failed(`id${turn}`), at(T0 + turn)).state;
      }
    }
    assert.equal(fetches, 8);
  });

  it('an operator is not held back', () => {
    const bare = transition(UNKNOWN, failed('a'), at(T0)).state;
    const next = transition(bare, discovered('forced', record('a')), at(T0 + 1));
    assert.deepEqual(names(next.effects), ['fetch a']);
  });
});
