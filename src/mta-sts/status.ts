/**
 * From what is known of a domain to what callers are told.
 *
 * @module
 */
import type { CacheEntry } from './memory-cache.ts';
import type { Held, State } from './life-cycle-types.ts';
import { stillBare } from './life-times.ts';
import type { ActivePolicy, PolicyEntry, StsStatus } from './types.ts';

/** The policy for callers; undefined for a stored text that cannot be read. */
export function activeOf(
  domain: string,
  held: Held,
  source: 'fetched' | 'cache',
): ActivePolicy | undefined {
  const policy = held.policy.parsed();
  if (policy === undefined) return undefined;
  const failure = held.fetchFailure ?? held.recordFailure;
  return {
    policyDomain: domain,
    policy,
    id: held.id,
    source,
    fetchedAt: held.fetchedAt,
    expiresAt: held.expiresAt,
    ...(failure === undefined ? {} : { refreshFailure: failure }),
  };
}

/** What is known right now; undefined where nothing is, or where it has to be asked anew. */
export function statusOf(domain: string, state: State, now: number): StsStatus | undefined {
  switch (state.kind) {
    case 'unknown':
      return undefined;
    case 'bare':
      return stillBare(state, now) ? noneOf(state) : undefined;
    case 'held':
      break;
  }
  if (now > state.expiresAt) return undefined;
  const active = activeOf(domain, state, 'cache');
  return active === undefined ? damagedOf(domain, state) : { kind: 'policy', active };
}

/** A policy is in force and nobody can read which: the mail waits. */
function damagedOf(domain: string, held: Held): StsStatus {
  const until = new Date(held.expiresAt).toISOString();
  const detail = `the stored policy of ${domain} (mode ${held.policy.mode}, until ${until}) cannot be read`;
  return { kind: 'none', failure: { code: 'STORE_ROW_DAMAGED', detail } };
}

/** The answer at the end of an attempt: `served` is the policy that it fetched. */
export function answerOf(
  domain: string,
  found: { readonly served: Held | undefined; readonly state: State },
  now: number,
): StsStatus {
  const { served, state } = found;
  const fresh = served === undefined ? undefined : activeOf(domain, served, 'fetched');
  if (fresh !== undefined) return { kind: 'policy', active: fresh };
  const known = statusOf(domain, state, now);
  if (known !== undefined) return known;
  if (state.kind === 'bare') return noneOf(state);
  const detail = `nothing is known of ${domain} any more`;
  return { kind: 'none', failure: { code: 'STS_POLICY_DROPPED', detail } };
}

function noneOf(state: Extract<State, { readonly kind: 'bare' }>): StsStatus {
  const { failure, recordId } = state;
  return { kind: 'none', failure, ...(recordId === undefined ? {} : { recordId }) };
}

/** The answer while a first contact is still under way. */
export function pendingOf(domain: string, budgetMs: number): StsStatus {
  const detail = `the policy of ${domain} was not there within ${budgetMs} ms`;
  return { kind: 'none', failure: { code: 'STS_FIRST_CONTACT_PENDING', detail } };
}

/** A line of the list. */
export function entryOf(
  domain: string,
  entry: Pick<CacheEntry, 'state' | 'lastUsedAt'>,
): PolicyEntry | undefined {
  const active = activeOf(domain, entry.state, 'cache');
  if (active === undefined) return undefined;
  return {
    active,
    lastUsedAt: entry.lastUsedAt,
    nextRefreshAt: entry.state.refreshAt,
    failuresInARow: entry.state.failures,
  };
}
