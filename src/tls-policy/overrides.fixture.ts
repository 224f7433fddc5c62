/**
 * Overrides for tests.
 *
 * @module
 */
import { NOW } from './evidence.fixture.ts';
import { isInForce, type Override, type OverrideKind, type Overrides } from './overrides.ts';

/** A month after {@link NOW}. */
export const UNTIL = Date.UTC(2026, 1, 1);

/** A policy that names the first MX host alone. */
export const PINNED = 'version: STSv1\nmode: enforce\nmx: mx1.example.test\nmax_age: 86400\n';

/** An override for `example.test` that holds for a month. */
export function override(kind: OverrideKind, policyDomain = 'example.test'): Override {
  const terms = {
    policyDomain,
    reason: 'a partner moves',
    until: UNTIL,
    addedAt: NOW - 1000,
    addedBy: 'root',
  };
  return kind === 'pin' ? { ...terms, kind, policyText: PINNED } : { ...terms, kind };
}

/** Overrides that a test sets by hand. */
export interface FakeOverrides extends Overrides {
  readonly now: Map<string, Override>;
}

/** None until the test says so; `clock` tells which are over. */
export function fakeOverrides(clock: { now(): number }): FakeOverrides {
  const now = new Map<string, Override>();
  return {
    now,
    inForce(policyDomain) {
      const found = now.get(policyDomain);
      return found !== undefined && isInForce(found, clock.now()) ? found : undefined;
    },
  };
}
