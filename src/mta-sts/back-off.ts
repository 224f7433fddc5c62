/**
 * After a failed fetch, no other for the same record id for five minutes and more (RFC 8461 §3.3).
 *
 * @module
 */

/** A failed fetch that is remembered. */
export interface BackOff {
  /** The record id it was for; a domain's first failure under another id counts anew. */
  readonly id: string;
  /** Failures in a row under this id. */
  readonly failures: number;
  /** Milliseconds since the Unix epoch; until then the id is not tried. */
  readonly notBefore: number;
}

/** How long to hold back. */
export interface BackOffSettings {
  readonly retryMs: number;
  readonly retryMaxMs: number;
}

/** No failures; one object for all, because nearly every domain has none. */
export const NO_BACK_OFFS: readonly BackOff[] = Object.freeze([]);

/**
 * A domain that keeps changing its id could have itself fetched without end. So many ids are
 * remembered; while all of them wait, a further one waits too.
 */
const MAX_IDS = 8;

/** Until when `id` must not be fetched; undefined if it may be now. */
export function blockedUntil(
  backOffs: readonly BackOff[],
  id: string,
  now: number,
): number | undefined {
  const own = backOffs.find((backOff) => backOff.id === id);
  if (own !== undefined) return own.notBefore > now ? own.notBefore : undefined;
  const waiting = backOffs.filter((backOff) => backOff.notBefore > now);
  if (waiting.length < MAX_IDS) return undefined;
  return Math.min(...waiting.map((backOff) => backOff.notBefore));
}

/** The list after a failed fetch of `id`; the wait doubles with each failure up to the longest. */
export function afterFailure(
  backOffs: readonly BackOff[],
  id: string,
  now: number,
  settings: BackOffSettings,
): readonly BackOff[] {
  const own = backOffs.find((backOff) => backOff.id === id);
  const failures = (own?.failures ?? 0) + 1;
  const wait = Math.min(settings.retryMs * 2 ** Math.min(failures - 1, 30), settings.retryMaxMs);
  const others = backOffs
    .filter((backOff) => backOff.id !== id)
    // Kept past its time, so that the next failure of a dead host waits longer.
    .filter((backOff) => backOff.notBefore + settings.retryMaxMs > now)
    .toSorted((a, b) => b.notBefore - a.notBefore)
    .slice(0, MAX_IDS - 1);
  return [...others, { id, failures, notBefore: now + wait }];
}

/** When `id` may be tried again, or now. */
export function notBefore(backOffs: readonly BackOff[], id: string, now: number): number {
  return blockedUntil(backOffs, id, now) ?? now;
}

/** After the clock went back, no wait may be longer than the longest. */
export function withinLongest(
  backOffs: readonly BackOff[],
  now: number,
  settings: BackOffSettings,
): readonly BackOff[] {
  const latest = now + settings.retryMaxMs;
  if (backOffs.every((backOff) => backOff.notBefore <= latest)) return backOffs;
  return backOffs.map((backOff) => ({
    ...backOff,
    notBefore: Math.min(backOff.notBefore, latest),
  }));
}
