/**
 * The life of a domain's policy as a pure state machine. The rule behind all of it: only a policy
 * fetched over valid HTTPS replaces a valid one or extends its life; absence and failure of any
 * kind do neither (RFC 8461 §3.3, §5.1, §10.2).
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { NO_BACK_OFFS, afterFailure, blockedUntil, notBefore } from './back-off.ts';
import type {
  Bare,
  Context,
  Effect,
  Held,
  LifeEvent,
  Purpose,
  State,
  Step,
} from './life-cycle-types.ts';
import { inForce, rebased, refreshTime } from './life-times.ts';
import type { Discovery, StsMode } from './types.ts';

/** Nothing known. */
export const UNKNOWN: State = Object.freeze({ kind: 'unknown' });

/** After a DNS failure the domain is asked again soon: until then its mail goes unprotected. */
const DNS_RETRY_MS = 30_000;

/** The next state, and what has to be done. */
export function transition(before: State, event: LifeEvent, context: Context): Step {
  const state = rebased(before, context);
  switch (event.kind) {
    case 'discovered':
      return onDiscovery(state, event, context);
    case 'fetched':
      return onFetched(state, event, context);
    case 'fetch-failed':
      return onFetchFailed(state, event, context);
    case 'put-off':
      return onPutOff(state, event.failure, context);
    case 'stored':
      return onStored(state, event.held, context);
    case 'forgotten':
      return state.kind === 'held' && state.fetchedAt <= event.at ? step(UNKNOWN) : step(state);
    case 'time':
      break;
  }
  return onTime(state, before, context);
}

function step(state: State, ...effects: readonly Effect[]): Step {
  return { state, effects };
}

function onTime(state: State, before: State, context: Context): Step {
  if (state.kind === 'held' && context.now > state.expiresAt)
    return expire(state, UNKNOWN, context);
  return state === before ? step(state) : step(state, { kind: 'save' });
}

function expire(state: Held, next: State, context: Context): Step {
  const { policyDomain } = context;
  const { mode } = state.policy;
  if (mode === 'none') return step(next);
  return step(next, { kind: 'tell', event: { kind: 'policy-expired', policyDomain, mode } });
}

// ---- the record -------------------------------------------------------------------------------

function onDiscovery(
  state: State,
  event: { readonly purpose: Purpose; readonly discovery: Discovery },
  context: Context,
): Step {
  const held = inForce(state, context.now);
  if (held !== undefined) return heldDiscovery(held, event, context);
  const { discovery } = event;
  if (discovery.kind === 'record')
    return bareRecord(state, event.purpose, discovery.record.id, context);
  const bare = toBare(state, {
    failure: discovery.failure,
    recordId: undefined,
    since: context.now,
    until: context.now + (discovery.kind === 'failed' ? DNS_RETRY_MS : context.settings.recheckMs),
  });
  return state.kind === 'held' ? expire(state, bare, context) : step(bare);
}

function toBare(state: State, fields: Omit<Bare, 'kind' | 'backOffs'>): Bare {
  const backOffs = state.kind === 'unknown' ? NO_BACK_OFFS : state.backOffs;
  return { kind: 'bare', ...fields, backOffs };
}

/** A valid record and no valid policy: fetch, unless this id has just failed. */
function bareRecord(state: State, purpose: Purpose, id: string, context: Context): Step {
  const { now, settings } = context;
  const backOffs = state.kind === 'unknown' ? NO_BACK_OFFS : state.backOffs;
  const blocked = purpose === 'forced' ? undefined : blockedUntil(backOffs, id, now);
  if (blocked === undefined) return step(state, { kind: 'fetch', id });
  const failure = failureOf(state) ?? {
    code: 'STS_FETCH_HELD_BACK',
    detail: `no fetch for record id ${id} before ${new Date(blocked).toISOString()}`,
  };
  // The record is looked at again well before the fetch is: a new id may be tried at once.
  const until = Math.min(blocked, now + settings.recheckMs);
  const bare = toBare(state, { failure, recordId: id, since: now, until });
  return state.kind === 'held' ? expire(state, bare, context) : step(bare);
}

function failureOf(state: State): Failure | undefined {
  if (state.kind === 'bare' && state.recordId !== undefined) return state.failure;
  return state.kind === 'held' ? state.fetchFailure : undefined;
}

/** A valid policy is at hand: whatever the record says, it stays. */
function heldDiscovery(
  state: Held,
  event: { readonly purpose: Purpose; readonly discovery: Discovery },
  context: Context,
): Step {
  const { discovery, purpose } = event;
  const recordFailure = discovery.kind === 'record' ? undefined : discovery.failure;
  const seen: Held = { ...state, checkedAt: context.now, recordFailure };
  const told = tellVanished(state, discovery, context);
  // Without a record the policy host is still asked: the refresh does not hang on DNS (§10.2).
  const id = discovery.kind === 'record' ? discovery.record.id : state.id;
  if (!wantsFetch(state, purpose, id, context)) return step(seen, ...told);
  const blocked = isUrgent(purpose, id !== state.id)
    ? undefined
    : blockedUntil(state.backOffs, id, context.now);
  if (blocked === undefined) return step(seen, ...told, { kind: 'fetch', id });
  return step(heldBack(seen, { purpose, blocked }, context), ...told);
}

/** The fetch that was wanted may not be made yet. */
function heldBack(
  state: Held,
  why: { readonly purpose: Purpose; readonly blocked: number },
  context: Context,
): Held {
  if (why.purpose === 'refresh') {
    const next = Math.min(why.blocked, state.expiresAt + 1);
    return { ...state, refreshAt: Math.max(state.refreshAt, next) };
  }
  // Counts as a try: the next caller must not wait for DNS again to learn the same.
  const waits = why.purpose === 'mx-mismatch' || why.purpose === 'repair';
  return waits ? { ...state, triedAt: context.now } : state;
}

function wantsFetch(state: Held, purpose: Purpose, id: string, context: Context): boolean {
  const changed = id !== state.id;
  switch (purpose) {
    case 'refresh':
    case 'mx-mismatch':
    case 'repair':
    case 'forced':
      return true;
    case 'recheck':
      // §8.1: the record may be newer than the policy that was fetched under its id.
      return changed || context.now - state.triedAt >= context.settings.retryMs;
    case 'first-contact':
    case 'id-check':
      break;
  }
  return changed;
}

/** Before a message is returned a changed id is fetched, back-off or not (RFC 8461 §5.1). */
function isUrgent(purpose: Purpose, changed: boolean): boolean {
  return purpose === 'forced' || (purpose === 'recheck' && changed);
}

function tellVanished(state: Held, discovery: Discovery, context: Context): readonly Effect[] {
  if (discovery.kind !== 'absent' || state.policy.mode === 'none') return [];
  if (state.recordFailure?.code === discovery.failure.code) return [];
  const { policyDomain } = context;
  const { failure } = discovery;
  return [{ kind: 'tell', event: { kind: 'record-vanished', policyDomain, failure } }];
}

// ---- the policy -------------------------------------------------------------------------------

function onFetched(
  state: State,
  event: Extract<LifeEvent, { readonly kind: 'fetched' }>,
  context: Context,
): Step {
  const { policyDomain, now } = context;
  const { id, policy, maxAge } = event;
  const expiresAt = now + maxAge * 1_000;
  const held: Held = {
    kind: 'held',
    policy,
    id,
    // After the fetch that it takes the place of, though a clock a little ahead dated that one:
    // the table and other nodes take the later one.
    fetchedAt: state.kind === 'held' ? Math.max(now, state.fetchedAt + 1) : now,
    expiresAt,
    refreshAt: refreshTime(expiresAt, context),
    checkedAt: now,
    triedAt: now,
    failures: 0,
    fetchFailure: undefined,
    recordFailure: state.kind === 'held' ? state.recordFailure : undefined,
    backOffs: NO_BACK_OFFS,
  };
  const told: readonly Effect[] = [
    { kind: 'tell', event: { kind: 'policy-fetched', policyDomain, id, mode: policy.mode } },
    ...tellWeakened(state, policy.mode, context),
  ];
  const serve: Effect = { kind: 'serve', held };
  // max_age 0: good for the attempt under way and no other.
  if (maxAge === 0) return step(UNKNOWN, serve, { kind: 'forget', at: now }, ...told);
  return step(held, serve, { kind: 'save' }, ...told);
}

const STRENGTH: Readonly<Record<StsMode, number>> = { none: 0, testing: 1, enforce: 2 };

function tellWeakened(state: State, to: StsMode, context: Context): readonly Effect[] {
  const from = inForce(state, context.now)?.policy.mode;
  if (from === undefined || STRENGTH[to] >= STRENGTH[from]) return [];
  const { policyDomain } = context;
  return [{ kind: 'tell', event: { kind: 'policy-weakened', policyDomain, from, to } }];
}

function onFetchFailed(
  state: State,
  event: { readonly id: string; readonly failure: Failure },
  context: Context,
): Step {
  const { now, settings } = context;
  const { id, failure } = event;
  const known = state.kind === 'unknown' ? NO_BACK_OFFS : state.backOffs;
  const backOffs = afterFailure(known, id, now, settings);
  const held = inForce(state, now);
  if (held !== undefined) return heldFetchFailed(held, { failure, backOffs, id }, context);
  const until = Math.min(notBefore(backOffs, id, now), now + settings.recheckMs);
  const bare: Bare = { kind: 'bare', failure, recordId: id, since: now, until, backOffs };
  const next = state.kind === 'held' ? expire(state, bare, context) : step(bare);
  const { policyDomain } = context;
  const told: Effect = { kind: 'tell', event: { kind: 'fetch-failed', policyDomain, failure } };
  return step(next.state, ...next.effects, told);
}

/** The old policy stays as it is, to its own end. */
function heldFetchFailed(
  state: Held,
  failed: Pick<Held, 'backOffs' | 'id'> & { readonly failure: Failure },
  context: Context,
): Step {
  const { policyDomain, now } = context;
  const { failure, backOffs } = failed;
  const failures = state.failures + 1;
  // A failed try for another id leaves the daily refresh of this one where it was.
  const retryAt = failed.id === state.id || state.refreshAt <= now;
  const next = Math.min(notBefore(backOffs, failed.id, now), state.expiresAt + 1);
  const held: Held = {
    ...state,
    failures,
    fetchFailure: failure,
    triedAt: now,
    refreshAt: retryAt ? next : state.refreshAt,
    backOffs,
  };
  const save: Effect = { kind: 'save' };
  if (state.policy.mode === 'none') return step(held, save);
  const { expiresAt } = state;
  return step(held, save, {
    kind: 'tell',
    event: { kind: 'refresh-failed', policyDomain, failure, expiresAt, inARow: failures },
  });
}

/** A policy in force stays; without one the domain is asked again soon, and no back-off begins. */
function onPutOff(state: State, failure: Failure, context: Context): Step {
  const { now } = context;
  if (inForce(state, now) !== undefined) return step(state);
  const until = now + DNS_RETRY_MS;
  const bare = toBare(state, { failure, recordId: undefined, since: now, until });
  return state.kind === 'held' ? expire(state, bare, context) : step(bare);
}

// ---- the table --------------------------------------------------------------------------------

/** A row counts as what it is: the result of a fetch by us or by another node. The newer fetch wins. */
function onStored(state: State, row: Held, context: Context): Step {
  const stored = rebased(row, context);
  if (stored.kind !== 'held' || context.now > stored.expiresAt) return step(state);
  if (state.kind !== 'held' || stored.fetchedAt > state.fetchedAt) return step(stored);
  if (stored.fetchedAt < state.fetchedAt) return step(state);
  // The same fetch: take over how another node's refreshes have gone since.
  const { refreshAt, failures, fetchFailure } = stored;
  return step({ ...state, refreshAt, failures, fetchFailure });
}
