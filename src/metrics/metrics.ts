/**
 * The numbers that are watched, in the Prometheus text format. No label ever holds a domain
 * name: strangers choose those, and each would be a series of its own.
 *
 * @module
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { answerCounter } from './answer-counter.ts';
import { type BuildInfo, processNumbers } from './process-numbers.ts';
import { relayMetrics } from './relay.ts';
import { reportingMetrics } from './reporting.ts';
import type {
  DecisionOutcome,
  DnsFailureClass,
  FetchOutcome,
  Metrics,
  PolicyEvent,
  ReloadOutcome,
  SelfTestState,
} from './types.ts';
import {
  answerGauges,
  overrideGauge,
  policyGauges,
  resolverNumbers,
  surveyGauges,
} from './watched.ts';

export type {
  DecisionOutcome,
  DnsFailureClass,
  FetchOutcome,
  Metrics,
  PolicyNumbers,
  SelfTestState,
} from './types.ts';

const FETCH_OUTCOMES: readonly FetchOutcome[] = [
  'ok',
  'fetch-error',
  'webpki-invalid',
  'policy-invalid',
];
const DNS_CLASSES: readonly DnsFailureClass[] = [
  'timeout',
  'servfail',
  'bogus',
  'malformed',
  'other',
];
const DECISION_OUTCOMES: readonly DecisionOutcome[] = ['deliver', 'defer', 'fail'];
const POLICY_EVENTS: readonly PolicyEvent[] = [
  'weakened',
  'record-vanished',
  'no-mx-matches',
  'expired',
  'refresh-failed',
  'first-fetch-failed',
];
const RELOAD_OUTCOMES: readonly ReloadOutcome[] = ['ok', 'refused'];
const SELF_TEST_STATES: readonly SelfTestState[] = [
  'untested',
  'validating',
  'not-validating',
  'unreachable',
];

/** From an answer out of memory to a first contact that waited its whole time, in seconds. */
const LATENCY_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 15];

/** Metrics with a registry of their own: two engines in one process do not mix. */
export function createMetrics(build: BuildInfo = { version: 'unknown' }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counters = eventCounters(registers);
  const { latency, answerLatency } = histograms(registers);
  const connections = new Gauge({
    name: 'smtp_sts_connections_open',
    help: 'Connections of MTAs that are open.',
    registers,
  });
  const setSelfTest = selfTestGauge(registers);
  processNumbers(registers, build);
  return {
    registry,
    fetchEnded: (outcome) => counters.fetches.inc({ outcome }),
    dnsFailed: (kind) => counters.dnsFailures.inc({ class: kind }),
    decided: (outcome, tookMs) => {
      counters.decisions.inc({ outcome });
      latency.observe(tookMs / 1_000);
    },
    answered: answerCounter(registers),
    answerTook: (ms) => answerLatency.observe(ms / 1_000),
    connections: (open) => connections.set(open),
    policyEvent: (event) => counters.policyEvents.inc({ event }),
    selfTest: setSelfTest,
    reloaded: (outcome) => counters.reloads.inc({ outcome }),
    surveyed: surveyGauges(registers),
    watchPolicies: policyGauges(registers),
    watchAnswers: answerGauges(registers),
    watchResolver: resolverNumbers(registers),
    watchOverrides: overrideGauge(registers),
    relay: relayMetrics(registers),
    reporting: reportingMetrics(registers),
    text: async () => await registry.metrics(),
    contentType: registry.contentType,
  };
}

interface EventCounters {
  readonly fetches: Counter<'outcome'>;
  readonly dnsFailures: Counter<'class'>;
  readonly decisions: Counter<'outcome'>;
  readonly policyEvents: Counter<'event'>;
  readonly reloads: Counter<'outcome'>;
}

function eventCounters(registers: Registry[]): EventCounters {
  const counter = <L extends string>(
    name: string,
    help: string,
    label: { readonly name: L; readonly values: readonly string[] },
  ): Counter<L> => {
    const it = new Counter<L>({ name, help, labelNames: [label.name], registers });
    // A series that appears only with its first event hides that event from `rate()`.
    for (const value of label.values) it.inc({ [label.name]: value } as Record<L, string>, 0);
    return it;
  };
  return {
    fetches: counter('smtp_sts_policy_fetches_total', 'Policy fetches over HTTPS by outcome.', {
      name: 'outcome',
      values: FETCH_OUTCOMES,
    }),
    dnsFailures: counter(
      'smtp_sts_dns_failures_total',
      'DNS questions without an answer that could be believed, by class.',
      { name: 'class', values: DNS_CLASSES },
    ),
    decisions: counter('smtp_sts_decisions_total', 'Decisions by outcome.', {
      name: 'outcome',
      values: DECISION_OUTCOMES,
    }),
    policyEvents: counter(
      'smtp_sts_policy_events_total',
      'What happened to cached policies that somebody should look at.',
      { name: 'event', values: POLICY_EVENTS },
    ),
    reloads: counter('smtp_sts_config_reloads_total', 'Reloads of the configuration by outcome.', {
      name: 'outcome',
      values: RELOAD_OUTCOMES,
    }),
  };
}

function histograms(registers: Registry[]): {
  readonly latency: Histogram;
  readonly answerLatency: Histogram;
} {
  const histogram = (name: string, help: string): Histogram =>
    new Histogram({ name, help, buckets: LATENCY_BUCKETS, registers });
  return {
    latency: histogram('smtp_sts_decision_duration_seconds', 'From question to decision.'),
    answerLatency: histogram(
      'smtp_sts_answer_duration_seconds',
      'From the request of an MTA to the answer, where the answer was not at hand.',
    ),
  };
}

function selfTestGauge(registers: Registry[]): (found: SelfTestState) => void {
  const gauge = new Gauge({
    name: 'smtp_sts_resolver_self_test',
    help: '1 for the state that the self-test of the resolver found, 0 for the others.',
    labelNames: ['state'],
    registers,
  });
  const set = (found: SelfTestState): void => {
    for (const state of SELF_TEST_STATES) gauge.set({ state }, state === found ? 1 : 0);
  };
  set('untested');
  return set;
}
