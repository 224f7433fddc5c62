/**
 * Why mail for a domain travels as it does: the decision, every DNS answer behind it, and, if
 * asked for, what the hosts really show.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import type { Answer, Resolver, RrType } from '../dns/types.ts';
import type { Log } from '../log/log.ts';
import type { ActivePolicy } from '../mta-sts/types.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import { createEngine } from '../tls-policy/engine.ts';
import type { Engine } from '../tls-policy/engine-types.ts';
import { type NextHop, policyDomainOf } from '../tls-policy/next-hop.ts';
import type { Overrides } from '../tls-policy/overrides.ts';
import type { DecisionRecord } from '../tls-policy/types.ts';
import { type HostProbe, probeHosts } from './probe.ts';
import { recordAnswers } from './recording-resolver.ts';
import { type Status, statusAfterProbes, statusOf } from './status.ts';

/** What is to be explained, and on what ground. */
export interface ExplainOptions {
  readonly nextHop: NextHop;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly resolver: Resolver;
  /** Whose cached policy counts; it is read and never written. */
  readonly store?: Store;
  /** What operators have decided; absent: nothing. */
  readonly overrides?: Overrides;
  /** Connect to the hosts and see. */
  readonly connect: boolean;
  readonly signal?: AbortSignal;
}

/** The explanation. */
export interface Explanation {
  readonly status: Status;
  readonly record: DecisionRecord;
  /** Every DNS answer, in the order of the questions. */
  readonly answers: readonly Answer<RrType>[];
  /** The cached policy that was renewed for this explanation; absent where there was none. */
  readonly cachedBefore?: Pick<ActivePolicy, 'id' | 'fetchedAt'>;
  /** Absent unless asked for. */
  readonly probes?: readonly HostProbe[];
}

/**
 * Explains a next hop. A cached policy is renewed first, as the daily refresh would, so that what
 * is shown is what the domain publishes now; where that fails, the cached one holds and says why.
 */
export async function explain(options: ExplainOptions): Promise<Explanation> {
  const recording = recordAnswers(options.resolver);
  await using scratch = await scratchStore(options);
  const engine = createEngine({
    config: options.config,
    clock: options.clock,
    log: options.log,
    resolver: recording.resolver,
    ...(options.overrides === undefined ? {} : { overrides: options.overrides }),
    ...(scratch.store === undefined ? {} : { store: scratch.store }),
  });
  try {
    const { record, ...before } = await currentDecision(engine, options);
    if (!options.connect) {
      return { status: statusOf(record), record, ...before, answers: recording.answers() };
    }
    const { config, clock, signal } = options;
    const probes = await probeHosts({
      policy: record.policy,
      config,
      ca: engine.ca,
      clock,
      ...(signal === undefined ? {} : { signal }),
    });
    const status = statusAfterProbes(record, probes);
    return { status, record, ...before, answers: recording.answers(), probes };
  } finally {
    await engine.close();
  }
}

type Current = Pick<Explanation, 'record' | 'cachedBefore'>;

async function currentDecision(engine: Engine, options: ExplainOptions): Promise<Current> {
  const { nextHop, config, signal } = options;
  const decide = {
    budgetMs: config.policyFetch.timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  };
  const first = await engine.decide(nextHop, decide);
  const { sts } = first.evidence;
  if (sts?.kind !== 'policy' || sts.active.source !== 'cache') return { record: first };
  await engine.policies.refresh(sts.active.policyDomain, signal === undefined ? {} : { signal });
  const record = await engine.decide(nextHop, { ...decide, fresh: true });
  return renewed(record, sts.active) ?? { record };
}

/** What came from the policy host within this explanation is not "from the cache". */
function renewed(record: DecisionRecord, before: ActivePolicy): Current | undefined {
  const { sts } = record.evidence;
  if (sts?.kind !== 'policy' || sts.active.source !== 'cache') return undefined;
  if (sts.active.fetchedAt === before.fetchedAt) return undefined;
  const active: ActivePolicy = { ...sts.active, source: 'fetched' };
  const evidence = { ...record.evidence, sts: { kind: 'policy', active } as const };
  return {
    record: { ...record, evidence },
    cachedBefore: { id: before.id, fetchedAt: before.fetchedAt },
  };
}

/** A database in memory that holds the one cached policy, so that explaining leaves no trace. */
async function scratchStore({
  nextHop,
  store,
}: ExplainOptions): Promise<AsyncDisposable & { readonly store?: Store }> {
  const policyDomain = policyDomainOf(nextHop);
  if (store === undefined || policyDomain === undefined) return { [Symbol.asyncDispose]: nothing };
  const row = await store.db
    .selectFrom('sts_policy')
    .selectAll()
    .where('policy_domain', '=', policyDomain)
    .executeTakeFirst();
  if (row === undefined) return { [Symbol.asyncDispose]: nothing };
  const scratch = await openStore('sqlite::memory:');
  await scratch.db.insertInto('sts_policy').values(row).execute();
  return { store: scratch, [Symbol.asyncDispose]: async () => await scratch.close() };
}

async function nothing(): Promise<void> {
  await Promise.resolve();
}
