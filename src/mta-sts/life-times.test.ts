import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY, HOUR, MINUTE, T0, at, held } from './life-cycle.fixture.ts';
import type { Held } from './life-cycle-types.ts';
import { UNKNOWN } from './life-cycle.ts';
import { rebased, refreshTime, wanted } from './life-times.ts';

const WEEK_S = 7 * 86_400;

describe('times', () => {
  it('STS-3.3-15: refresh about daily, spread, and half-way through a short life (E11, E12, E20)', () => {
    const time = (maxAge: number, random: number): number =>
      (refreshTime(T0 + maxAge * 1_000, { ...at(T0), random: () => random }) - T0) / HOUR;
    assert.equal(time(31_557_600, 0), 21);
    assert.equal(time(31_557_600, 0.5), 24);
    assert.ok(time(31_557_600, 0.999) <= 27);
    assert.equal(time(86_400, 0.5), 12);
    assert.equal(time(3_600, 0.5), 0.5);
    assert.equal(Math.round(time(1, 0.5) * HOUR), 1_001);
  });

  it('what a look-up asks for', () => {
    const state = held('enforce', 365 * 86_400, T0);
    assert.equal(wanted(UNKNOWN, at(T0)), 'first-contact');
    assert.equal(wanted(state, at(T0 + 5 * MINUTE - 1)), undefined);
    assert.equal(wanted(state, at(T0 + 5 * MINUTE)), 'id-check');
    assert.equal(wanted(state, at(T0 + 40 * DAY)), 'refresh');
    assert.equal(wanted(state, at(T0 + 366 * DAY)), 'first-contact');
  });

  it('E18: a clock that goes back shortens a life and never makes one immortal', () => {
    const state = held('enforce', WEEK_S, T0);
    const back = rebased(state, at(T0 - 365 * DAY)) as Held;
    assert.equal(back.expiresAt, T0 - 365 * DAY + 7 * DAY);
    assert.ok(back.refreshAt <= T0 - 364 * DAY);
    assert.equal(rebased(state, at(T0 - MINUTE)), state);
  });
});
