/**
 * The numbers that are watched, in the Prometheus text format. No label ever holds a domain
 * name: strangers choose those, and each would be a series of its own.
 *
 * @module
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** How a policy fetch ended; the classes follow the RFC 8460 result types. */
export type FetchOutcome = 'ok' | 'fetch-error' | 'webpki-invalid' | 'policy-invalid';

/** How a DNS question failed. */
export type DnsFailureClass = 'timeout' | 'servfail' | 'bogus' | 'malformed' | 'other';

/** How a decision came out. */
export type DecisionOutcome = 'deliver' | 'defer' | 'fail';

/** What the resolver's self-test says. */
export type SelfTestState = 'untested' | 'validating' | 'not-validating' | 'unreachable';

/** The policy cache in numbers. */
export interface PolicyNumbers {
  readonly enforced: number;
  readonly testing: number;
  readonly none: number;
  readonly fetchesUnderWay: number;
  readonly refreshBacklog: number;
  readonly storeUp: boolean;
}

/** What the product counts. */
export interface Metrics {
  readonly registry: Registry;
  fetchEnded(outcome: FetchOutcome): void;
  dnsFailed(kind: DnsFailureClass): void;
  /** @param tookMs milliseconds from question to answer */
  decided(outcome: DecisionOutcome, tookMs: number): void;
  selfTest(state: SelfTestState): void;
  /** Called at each scrape for the numbers of the policy cache. */
  watchPolicies(read: () => PolicyNumbers): void;
  /** The page of a scrape. */
  text(): Promise<string>;
  /** Its media type. */
  readonly contentType: string;
}

const SELF_TEST_STATES: readonly SelfTestState[] = [
  'untested',
  'validating',
  'not-validating',
  'unreachable',
];

/** From an answer out of memory to a first contact that waited its whole time, in seconds. */
const LATENCY_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 15];

/** Metrics with a registry of their own: two engines in one process do not mix. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const fetches = new Counter({
    name: 'smtp_sts_policy_fetches_total',
    help: 'Policy fetches over HTTPS by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const dnsFailures = new Counter({
    name: 'smtp_sts_dns_failures_total',
    help: 'DNS questions without an answer that could be believed, by class.',
    labelNames: ['class'],
    registers,
  });
  const decisions = new Counter({
    name: 'smtp_sts_decisions_total',
    help: 'Decisions by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const latency = new Histogram({
    name: 'smtp_sts_decision_duration_seconds',
    help: 'From question to decision.',
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const selfTest = new Gauge({
    name: 'smtp_sts_resolver_self_test',
    help: '1 for the state that the self-test of the resolver found, 0 for the others.',
    labelNames: ['state'],
    registers,
  });
  const setSelfTest = (found: SelfTestState): void => {
    for (const state of SELF_TEST_STATES) selfTest.set({ state }, state === found ? 1 : 0);
  };
  const policies = policyGauges(registers);
  startAtZero(fetches, dnsFailures, decisions);
  setSelfTest('untested');
  return {
    registry,
    fetchEnded: (outcome) => fetches.inc({ outcome }),
    dnsFailed: (kind) => dnsFailures.inc({ class: kind }),
    decided: (outcome, tookMs) => {
      decisions.inc({ outcome });
      latency.observe(tookMs / 1_000);
    },
    selfTest: setSelfTest,
    watchPolicies: (read) => policies.watch(read),
    text: async () => {
      policies.update();
      return await registry.metrics();
    },
    contentType: registry.contentType,
  };
}

/** A series that appears only with its first event hides that event from `rate()`. */
function startAtZero(
  fetches: Counter<'outcome'>,
  dnsFailures: Counter<'class'>,
  decisions: Counter<'outcome'>,
): void {
  const ends: FetchOutcome[] = ['ok', 'fetch-error', 'webpki-invalid', 'policy-invalid'];
  for (const outcome of ends) fetches.inc({ outcome }, 0);
  const classes: DnsFailureClass[] = ['timeout', 'servfail', 'bogus', 'malformed', 'other'];
  for (const kind of classes) dnsFailures.inc({ class: kind }, 0);
  const outcomes: DecisionOutcome[] = ['deliver', 'defer', 'fail'];
  for (const outcome of outcomes) decisions.inc({ outcome }, 0);
}

interface PolicyGauges {
  watch(read: () => PolicyNumbers): void;
  update(): void;
}

function policyGauges(registers: Registry[]): PolicyGauges {
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  const cached = new Gauge({
    name: 'smtp_sts_policies',
    help: 'Cached policies by mode.',
    labelNames: ['mode'],
    registers,
  });
  const underWay = gauge('smtp_sts_policy_fetches_under_way', 'Policy fetches under way.');
  const backlog = gauge(
    'smtp_sts_refresh_backlog',
    'Cached policies whose time for a refresh has passed.',
  );
  const storeUp = gauge('smtp_sts_store_up', '1 while the database answers.');
  let read: (() => PolicyNumbers) | undefined;
  return {
    watch: (reader) => {
      read = reader;
    },
    update: () => {
      const numbers = read?.();
      if (numbers === undefined) return;
      cached.set({ mode: 'enforce' }, numbers.enforced);
      cached.set({ mode: 'testing' }, numbers.testing);
      cached.set({ mode: 'none' }, numbers.none);
      underWay.set(numbers.fetchesUnderWay);
      backlog.set(numbers.refreshBacklog);
      storeUp.set(numbers.storeUp ? 1 : 0);
    },
  };
}
