/**
 * Decisions at hand: a bounded map from next hop to decision, each for as long as its evidence holds.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Answer, RrType } from '../dns/types.ts';
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

/** Answers that a decision may stand on, on the average: two hosts have about ten. */
const MEAN_WEIGHT = 20;

/** How many answers, addresses and records a decision keeps in memory. */
function weightOf({ evidence }: DecisionRecord): number {
  return evidence.hosts.reduce(
    (sum, { a, aaaa, dane }) =>
      sum + 2 + countOf(a) + countOf(aaaa) + (dane?.tlsaAnswers ?? []).reduce(addCount, 0),
    2,
  );
}

function addCount(sum: number, answer: Answer<RrType>): number {
  return sum + countOf(answer);
}

function countOf(answer: Answer<RrType> | undefined): number {
  return answer?.kind === 'records' ? answer.records.length : 0;
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
  const budget = maxEntries * MEAN_WEIGHT;
  let weight = 0;
  const keysByDomain = new Map<string, Set<string>>();

  const drop = (key: string, record: DecisionRecord): void => {
    records.delete(key);
    weight -= weightOf(record);
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
      const own = weightOf(record);
      if (record.policy.expiresAt <= clock.now() || own > budget) return;
      for (const [oldest, kept] of records) {
        if (records.size < maxEntries && weight + own <= budget) break;
        drop(oldest, kept);
      }
      records.set(key, record);
      weight += own;
      const domain = policyDomainOf(record.policy.nextHop);
      if (domain === undefined) return;
      const keys = keysByDomain.get(domain) ?? new Set<string>();
      keysByDomain.set(domain, keys.add(key));
    },
    invalidate(policyDomain) {
      for (const key of new Set(keysByDomain.get(policyDomain))) {
        const record = records.get(key);
        if (record !== undefined) drop(key, record);
      }
    },
    clear() {
      records.clear();
      keysByDomain.clear();
      weight = 0;
    },
  };
}
