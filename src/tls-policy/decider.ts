/**
 * Answers the one question: gathers evidence where none is at hand, decides, and keeps decisions
 * for as long as their evidence holds.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Resolver } from '../dns/types.ts';
import type { StsPolicies, StsStatus } from '../mta-sts/types.ts';
import { createDecisionCache } from './decision-cache.ts';
import type { DecideOptions, Engine } from './engine-types.ts';
import { evaluate } from './evaluate.ts';
import { gather } from './gather.ts';
import { nextHopText, policyDomainOf, type NextHop } from './next-hop.ts';
import { overrideMark, type Override, type Overrides } from './overrides.ts';
import { createSingleFlight } from './single-flight.ts';
import type { DecisionRecord, Evidence, HopDemand, PolicyKnobs } from './types.ts';

/** Decisions kept at most; each takes a few kilobytes with its evidence. */
const DEFAULT_MAX_ENTRIES = 20_000;

/** What deciding stands on. */
export interface DeciderOptions {
  readonly resolver: Resolver;
  readonly policies: Pick<StsPolicies, 'lookup' | 'peek'>;
  readonly clock: Clock;
  readonly settings: DeciderSettings;
  /** Absent: there are none. */
  readonly overrides?: Overrides | undefined;
  /** The port of a domain's MX hosts: what `warm` means. */
  readonly port: number;
  /** Default 20,000. */
  readonly maxEntries?: number;
}

/** What may change while decisions are made. */
export interface DeciderSettings {
  readonly knobs: PolicyKnobs;
  /** Longest wait for a first contact, where the caller names none. Milliseconds. */
  readonly firstContactMs: number;
}

/** The deciding part of the engine. */
export interface Decider extends Pick<Engine, 'decide' | 'warm' | 'forget'> {
  /** Decides by these settings from now on; decisions by others are dropped. */
  configure(settings: DeciderSettings): void;
  /** Waits for what is under way, and forgets everything. */
  close(): Promise<void>;
}

/** Makes one. */
export function createDecider(options: DeciderOptions): Decider {
  const { clock, policies, overrides, port } = options;
  let { settings } = options;
  const cache = createDecisionCache({
    clock,
    maxEntries: options.maxEntries ?? DEFAULT_MAX_ENTRIES,
  });
  const flight = createSingleFlight<DecisionRecord>();
  // What was being gathered when all was forgotten may rest on what is no longer so.
  let forgotten = 0;

  const make = async (
    key: string,
    nextHop: NextHop,
    how: DecideOptions,
  ): Promise<DecisionRecord> => {
    const before = forgotten;
    const { knobs, firstContactMs } = settings;
    const gathered = await gather(nextHop, options, {
      knobs,
      override: overrideFor(nextHop, overrides),
      budgetMs: how.budgetMs ?? firstContactMs,
      ...(how.fresh === true ? { fresh: true } : {}),
    });
    const { demand } = how;
    const evidence = demand === undefined ? gathered : { ...gathered, demand };
    const current = withNewerPolicy(evidence, policies);
    const record: DecisionRecord = {
      version: 1,
      evidence: current,
      knobs,
      policy: evaluate(current, knobs),
    };
    if (before === forgotten && isCurrent(record, options)) cache.set(key, record);
    return record;
  };

  const forgetAll = (): void => {
    forgotten += 1;
    cache.clear();
  };

  return {
    async decide(nextHop, how = {}) {
      const key = keyOf(nextHop, port) + demandMark(how.demand);
      const known = how.fresh === true ? undefined : cache.get(key);
      if (known !== undefined) return known;
      // Who asks after a change must not be answered by what was begun before it.
      const ground = `${forgotten} ${overrideMark(overrideFor(nextHop, overrides))}`;
      // Who waits less for a policy must not wait for those who wait longer.
      const manner = `${how.fresh === true ? 'fresh' : ''}|${how.budgetMs ?? ''}`;
      const flightKey = `${key}|${ground}|${manner}`;
      return await flight.run(flightKey, async () => await make(key, nextHop, how), how.signal);
    },
    warm: (domain) => cache.warm(domain),
    forget(policyDomain) {
      if (policyDomain === undefined) forgetAll();
      else cache.invalidate(policyDomain);
    },
    configure(next) {
      const same = JSON.stringify(next) === JSON.stringify(settings);
      settings = next;
      if (!same) forgetAll();
    },
    async close() {
      await flight.settled();
      cache.clear();
    },
  };
}

/** A domain on the usual port is its own key: that is what makes `warm` a single Map hit. */
function keyOf(nextHop: NextHop, port: number): string {
  if (nextHop.kind === 'domain' && nextHop.port === port) return nextHop.domain;
  return `${nextHopText({ ...nextHop, port: 25 })} ${nextHop.port}`;
}

/** Mail that came by a route and mail that came without do not share a decision. */
function demandMark(demand: HopDemand | undefined): string {
  if (demand === undefined) return '';
  const { kind, because, route } = demand;
  return ` ${kind} ${because} ${route}`;
}

/**
 * A policy that arrived while DNS was still being asked counts at once: who makes DNS slow must
 * not get a decision of before.
 */
function withNewerPolicy(evidence: Evidence, policies: Pick<StsPolicies, 'peek'>): Evidence {
  const domain = policyDomainOf(evidence.nextHop);
  const pinned = evidence.override?.kind === 'pin';
  if (domain === undefined || evidence.sts === undefined || pinned) return evidence;
  const now = policies.peek(domain);
  const newer = now?.kind === 'policy' && mark(now) !== mark(evidence.sts);
  return newer ? { ...evidence, sts: now } : evidence;
}

function overrideFor(nextHop: NextHop, overrides: Overrides | undefined): Override | undefined {
  const domain = policyDomainOf(nextHop);
  return domain === undefined ? undefined : overrides?.inForce(domain);
}

/**
 * Whether policy and override that the decision was made of are still those in force: they may
 * have changed while DNS was being asked, after the event that would have dropped the decision.
 */
function isCurrent(
  { evidence }: DecisionRecord,
  { policies, overrides }: Pick<DeciderOptions, 'policies' | 'overrides'>,
): boolean {
  const { nextHop, sts, override } = evidence;
  const domain = policyDomainOf(nextHop);
  if (domain === undefined) return true;
  if (overrideMark(override) !== overrideMark(overrideFor(nextHop, overrides))) return false;
  // A pinned policy is no affair of the cache's.
  if (sts === undefined || override?.kind === 'pin') return true;
  return mark(policies.peek(domain)) === mark(sts);
}

function mark(status: StsStatus | undefined): string {
  return status?.kind === 'policy' ? `${status.active.id} ${status.active.fetchedAt}` : 'none';
}
