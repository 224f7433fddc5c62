/**
 * Short ways to write policies, states and answers in tests.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { NO_BACK_OFFS } from './back-off.ts';
import type { Context, Held } from './life-cycle-types.ts';
import { freshPolicy } from './shared-policy.ts';
import type { Discovery, StsMode, StsPolicy } from './types.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Where the tests' time begins. */
export const T0: number = Date.UTC(2026, 0, 1);

/** A policy as it would be parsed from the text it carries. */
export function policyOf(mode: StsMode, maxAge: number, mx = ['mx1.d.test']): StsPolicy {
  const patterns = mode === 'none' ? [] : mx;
  const lines = ['version: STSv1', `mode: ${mode}`, ...patterns.map((name) => `mx: ${name}`)];
  const text = `${[...lines, `max_age: ${maxAge}`].join('\r\n')}\r\n`;
  return { mode, mx: patterns, maxAge, extensions: [], text };
}

/** The record was found. */
export function record(id: string): Discovery {
  return { kind: 'record', record: { id, extensions: [] }, text: `v=STSv1; id=${id};` };
}

export const NO_RECORD: Failure = { code: 'STS_RECORD_NONE', detail: 'no record' };
export const NO_ANSWER: Failure = { code: 'DNS_SERVFAIL', detail: 'no answer' };
export const NO_FETCH: Failure = {
  code: 'STS_POLICY_INVALID',
  detail: 'no policy',
  resultType: 'sts-policy-invalid',
};

export const ABSENT: Discovery = { kind: 'absent', failure: NO_RECORD };
export const FAILED: Discovery = { kind: 'failed', failure: NO_ANSWER };

/** The settings of the architecture. */
export const SETTINGS = {
  firstContactMs: 5_000,
  firstContactRelayMs: 15_000,
  recheckMs: 5 * MINUTE,
  refreshMs: DAY,
  refreshJitterMs: 3 * HOUR,
  retryMs: 5 * MINUTE,
  retryMaxMs: HOUR,
  unusedAfterMs: 30 * DAY,
  maxEntries: 1_000,
  requireTextPlain: true,
} as const;

/** The context at `now`, in the middle of the jitter. */
export function at(now: number): Context {
  return { policyDomain: 'd.test', now, settings: SETTINGS, random: () => 0.5 };
}

/** A policy fetched at `fetchedAt` under id `a`. */
export function held(mode: StsMode, maxAge: number, fetchedAt: number): Held {
  const expiresAt = fetchedAt + maxAge * 1_000;
  return {
    kind: 'held',
    policy: freshPolicy(policyOf(mode, maxAge)),
    id: 'a',
    fetchedAt,
    expiresAt,
    refreshAt: Math.min(fetchedAt + DAY, expiresAt + 1),
    checkedAt: fetchedAt,
    triedAt: fetchedAt,
    failures: 0,
    fetchFailure: undefined,
    recordFailure: undefined,
    backOffs: NO_BACK_OFFS,
  };
}
