/**
 * The times in the life of a policy: when it holds, when it is refreshed, and what a clock that
 * jumped does to it.
 *
 * @module
 */
import { withinLongest } from './back-off.ts';
import type { Bare, Context, Held, Purpose, State } from './life-cycle-types.ts';

/** A clock may be this far behind another node's before it counts as gone back, milliseconds. */
export const CLOCK_TOLERANCE_MS = 300_000;

/** The policy in force, if there is one: up to and including max_age after the fetch (RFC 8461 §5.1). */
export function inForce(state: State, now: number): Held | undefined {
  return state.kind === 'held' && now <= state.expiresAt ? state : undefined;
}

/**
 * When a policy fetched now is fetched again: after the set interval, but half-way through its life
 * at the latest, so that whoever blocks HTTPS for its last hours comes too late. A life too short for
 * that ends without a refresh.
 */
export function refreshTime(expiresAt: number, context: Context): number {
  const { now, settings, random } = context;
  const jitter = random();
  const regular = settings.refreshMs + (2 * jitter - 1) * settings.refreshJitterMs;
  const halfLife = (expiresAt - now) * (0.4 + 0.2 * jitter);
  const wait = Math.max(Math.min(regular, halfLife), settings.recheckMs);
  return Math.min(now + Math.round(wait), expiresAt + 1);
}

/**
 * Does the lack of a policy still stand? Not on a clock that went back behind it: it would stand
 * for as long as the clock was ahead, and the domain's mail would go unprotected all that time.
 */
export function stillBare(state: Bare, now: number): boolean {
  return state.since <= now && now < state.until;
}

/** Which question a caller's look-up raises, if any. Only a state that is not in force makes it wait. */
export function wanted(state: State, context: Omit<Context, 'random'>): Purpose | undefined {
  const { now, settings } = context;
  if (state.kind === 'bare') return stillBare(state, now) ? undefined : 'first-contact';
  if (state.kind === 'unknown' || now > state.expiresAt) return 'first-contact';
  // Unused for long, it was left out of the refresh; in use again, it catches up.
  const overdue = now - state.fetchedAt > settings.refreshMs + settings.refreshJitterMs;
  if (overdue && now - state.triedAt >= settings.retryMaxMs) return 'refresh';
  return now - state.checkedAt >= settings.recheckMs ? 'id-check' : undefined;
}

/** May a policy that excludes every live MX host be renewed now? Not twice within the retry time. */
export function mayRenew(state: Held, context: Omit<Context, 'random'>): boolean {
  return context.now - state.triedAt >= context.settings.retryMs;
}

/** Could the clock have gone back since this was written? Cheap, for the caller's path. */
export function isFromTheFuture(state: Held, now: number): boolean {
  return state.fetchedAt > now + CLOCK_TOLERANCE_MS;
}

/**
 * The state on a clock that may have gone back. A fetch in the future is taken to be now: that
 * shortens the life of the policy and never lengthens it, so no jump makes one immortal.
 */
export function rebased(state: State, context: Context): State {
  switch (state.kind) {
    case 'unknown':
      return state;
    case 'bare':
      return rebasedBare(state, context);
    case 'held':
      break;
  }
  return isFromTheFuture(state, context.now) ? rebasedHeld(state, context) : state;
}

function rebasedBare(state: Bare, context: Context): Bare {
  const { now, settings } = context;
  if (state.since <= now) return state;
  // No policy protects meanwhile, so a wait that cannot be of today is dropped, not shortened.
  const latest = now + settings.retryMaxMs;
  const backOffs = state.backOffs.filter((backOff) => backOff.notBefore <= latest);
  return { ...state, since: now, until: now, backOffs };
}

function rebasedHeld(state: Held, context: Context): Held {
  const { now, settings, random } = context;
  const expiresAt = Math.min(state.expiresAt, now + (state.expiresAt - state.fetchedAt));
  return {
    ...state,
    fetchedAt: now,
    expiresAt,
    // Spread: after a jump every policy comes here at the same moment.
    refreshAt: Math.min(now + Math.round(random() * settings.refreshMs), expiresAt + 1),
    checkedAt: Math.min(state.checkedAt, now),
    triedAt: Math.min(state.triedAt, now),
    backOffs: withinLongest(state.backOffs, now, settings),
  };
}
