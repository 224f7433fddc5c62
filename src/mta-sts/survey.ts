/**
 * A walk over the policy cache that keeps nobody waiting: how old is what is kept, and what of it
 * is in trouble?
 *
 * @module
 */
import type { CacheEntry } from './memory-cache.ts';
import type { StsSurvey } from './types.ts';

/** What the walk needs. */
export interface SurveyOptions {
  readonly entries: Iterable<readonly [string, CacheEntry]>;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** A policy not used for this long is let go: its age is nobody's concern. */
  readonly unusedAfterMs: number;
  /** Lets others run; called every few thousand entries. */
  readonly pause: () => Promise<void>;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A refresh comes after a day or a little more: what is older than these was missed once, often, for long. */
const AGE_BOUNDS: readonly number[] = [DAY, 36 * HOUR, 3 * DAY, 7 * DAY, Number.POSITIVE_INFINITY];

/** A million entries in one go would hold up answers for tens of milliseconds. */
const STEP = 2_000;

/** Walks over all entries. */
export async function survey(options: SurveyOptions): Promise<StsSurvey> {
  const { now, unusedAfterMs, pause } = options;
  const counts = AGE_BOUNDS.map(() => 0);
  let oldestAgeMs = 0;
  let expiringSoon = 0;
  let refreshFailing = 0;
  let recordMissing = 0;
  let seen = 0;
  for (const [, { state, lastUsedAt }] of options.entries) {
    seen += 1;
    if (seen % STEP === 0) await pause();
    if (now > state.expiresAt || now - lastUsedAt > unusedAfterMs) continue;
    const age = Math.max(0, now - state.fetchedAt);
    oldestAgeMs = Math.max(oldestAgeMs, age);
    for (const [index, bound] of AGE_BOUNDS.entries()) {
      if (age <= bound) counts[index]! += 1;
    }
    if (state.failures > 0) refreshFailing += 1;
    if (state.policy.mode === 'none') continue;
    // A policy of a few hours is always about to run out: what counts is that it was not renewed.
    if (state.failures > 0 && state.expiresAt - now < DAY) expiringSoon += 1;
    if (state.recordFailure !== undefined) recordMissing += 1;
  }
  const ages = AGE_BOUNDS.map((atMostMs, index) => ({ atMostMs, count: counts[index]! }));
  return { ages, oldestAgeMs, expiringSoon, refreshFailing, recordMissing };
}
