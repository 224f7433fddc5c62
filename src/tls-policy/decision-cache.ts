/**
 * Decisions at hand: a bounded map from next hop to decision, each for as long as its evidence holds.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import { policyDomainOf } from './next-hop.ts';
import type { DecisionRecord, TlsPolicy } from './types.ts';

/** What is kept. Keys are `nextHopText`. */
export interface DecisionCache {
  readonly size: number;
  /** The record, unless it has expired. */
  get(key: string): DecisionRecord | undefined;
  /** The policy of {@link get}; the hot path of the policy server: one Map hit. */
  warm(key: string): TlsPolicy | undefined;
  /** Keeps a record; one that is already stale is not kept. The oldest goes when there is no room. */
  set(key: string, record: DecisionRecord): void;
  /** Drops every decision in which this policy domain has a part. */
  invalidate(policyDomain: string): void;
  clear(): void;
}

/** Corrections of the clock that are no jump, milliseconds. */
const CLOCK_SLACK_MS = 2_000;

/** @param maxEntries decisions kept at most */
export function createDecisionCache(options: {
  readonly clock: Clock;
  readonly maxEntries: number;
}): DecisionCache {
  const { clock, maxEntries } = options;
  const records = new Map<string, DecisionRecord>();
  const keysByDomain = new Map<string, Set<string>>();

  const drop = (key: string, record: DecisionRecord): void => {
    records.delete(key);
    const domain = policyDomainOf(record.policy.nextHop);
    if (domain === undefined) return;
    const keys = keysByDomain.get(domain);
    keys?.delete(key);
    if (keys?.size === 0) keysByDomain.delete(domain);
  };

  const get = (key: string): DecisionRecord | undefined => {
    const record = records.get(key);
    if (record === undefined) return undefined;
    const now = clock.now();
    // A decision from the future is one that a wrong clock made: it would outlive its evidence.
    if (record.policy.expiresAt > now && record.evidence.gatheredAt <= now + CLOCK_SLACK_MS) {
      return record;
    }
    drop(key, record);
    return undefined;
  };

  return {
    get size() {
      return records.size;
    },
    get,
    warm: (key) => get(key)?.policy,
    set(key, record) {
      const old = records.get(key);
      if (old !== undefined) drop(key, old);
      if (record.policy.expiresAt <= clock.now()) return;
      for (const [oldest, kept] of records) {
        if (records.size < maxEntries) break;
        drop(oldest, kept);
      }
      records.set(key, record);
      const domain = policyDomainOf(record.policy.nextHop);
      if (domain === undefined) return;
      const keys = keysByDomain.get(domain) ?? new Set<string>();
      keysByDomain.set(domain, keys.add(key));
    },
    invalidate(policyDomain) {
      for (const key of keysByDomain.get(policyDomain) ?? []) records.delete(key);
      keysByDomain.delete(policyDomain);
    },
    clear() {
      records.clear();
      keysByDomain.clear();
    },
  };
}
