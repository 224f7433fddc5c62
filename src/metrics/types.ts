/**
 * What is counted, as types. Every label has a closed set of values.
 *
 * @module
 */
import type { Registry } from 'prom-client';
import type { RelayMetrics } from './relay-types.ts';
import type { ReportingMetrics } from './reporting-types.ts';

/** How a policy fetch ended; the classes follow the RFC 8460 result types. */
export type FetchOutcome = 'ok' | 'fetch-error' | 'webpki-invalid' | 'policy-invalid';

/** How a DNS question failed. */
export type DnsFailureClass = 'timeout' | 'servfail' | 'bogus' | 'malformed' | 'other';

/** How a decision came out. */
export type DecisionOutcome = 'deliver' | 'defer' | 'fail';

/** What the resolver's self-test says. */
export type SelfTestState = 'untested' | 'validating' | 'not-validating' | 'unreachable';

/** The dialects of the policy server. */
export type AnswerDialect = 'postfix' | 'postfix-tlsrpt' | 'sendmail' | 'exim' | 'requiretls';

/** What an MTA was told: the level of the domain. */
export type AnswerKind =
  | 'none'
  | 'encrypt'
  | 'dane'
  | 'dane-only'
  | 'secure'
  | 'temp'
  /** A `.parent` key, an address literal, nonsense: NOTFOUND without a look-up. */
  | 'no-domain';

/** Where an answer came from. */
export type AnswerSource =
  /** It was at hand and good. */
  | 'hit'
  /** It was at hand but old: given at once, renewed behind. */
  | 'stale'
  /** It had to be found out. */
  | 'cold';

/** What happened to a cached policy that somebody should look at. */
export type PolicyEvent =
  | 'weakened'
  | 'record-vanished'
  | 'no-mx-matches'
  | 'expired'
  /** A policy in force could not be renewed. */
  | 'refresh-failed'
  /** A domain announces a policy that could not be had at first contact. */
  | 'first-fetch-failed';

/** How a reload of the configuration ended. */
export type ReloadOutcome = 'ok' | 'refused';

/** The policy cache in numbers. */
export interface PolicyNumbers {
  readonly enforced: number;
  readonly testing: number;
  readonly none: number;
  readonly fetchesUnderWay: number;
  readonly refreshBacklog: number;
  readonly storeUp: boolean;
}

/** What a walk over the policy cache found. */
export interface CacheSurvey {
  /** Milliseconds since the successful fetch of the policy that waits longest for its next one. */
  readonly oldestAgeMs: number;
  /** Milliseconds since the last successful fetch: how many policies are at most so old. */
  readonly ages: readonly { readonly atMostMs: number; readonly count: number }[];
  /** Policies in use that could not be renewed and run out within a day. */
  readonly expiringSoon: number;
  /** Policies whose last refresh failed. */
  readonly refreshFailing: number;
  /** Policies in mode enforce or testing whose TXT record is gone, broken or unanswered. */
  readonly recordMissing: number;
}

/** The resolver in numbers. They only grow, but for the last two. */
export interface ResolverNumbers {
  readonly lookups: number;
  readonly cacheHits: number;
  readonly timeouts: number;
  readonly running: number;
  readonly waiting: number;
}

/** The answers at hand. */
export interface AnswerNumbers {
  /** Policy domains whose answers are kept. */
  readonly kept: number;
  /** Answers are computed and counted, but withheld. */
  readonly dryRun: boolean;
}

/** What the product counts. */
export interface Metrics {
  readonly registry: Registry;
  fetchEnded(outcome: FetchOutcome): void;
  dnsFailed(kind: DnsFailureClass): void;
  /** @param tookMs milliseconds from question to answer */
  decided(outcome: DecisionOutcome, tookMs: number): void;
  /** One answer to an MTA. Costs a few nanoseconds: it is on the hot path. */
  answered(dialect: AnswerDialect, kind: AnswerKind, source: AnswerSource): void;
  /**
   * Milliseconds from request to answer. Only for answers that had to wait: the clock would cost
   * more than an answer that is at hand.
   */
  answerTook(ms: number): void;
  /** Connections of MTAs that are open now. */
  connections(open: number): void;
  policyEvent(event: PolicyEvent): void;
  selfTest(state: SelfTestState): void;
  reloaded(outcome: ReloadOutcome): void;
  /** What the last walk over the policy cache found. */
  surveyed(survey: CacheSurvey): void;
  /** Called at each scrape for the numbers of the policy cache. */
  watchPolicies(read: () => PolicyNumbers): void;
  /** Called at each scrape for the numbers of the answers. */
  watchAnswers(read: () => AnswerNumbers): void;
  /** Called at each scrape for the numbers of the resolver. */
  watchResolver(read: () => ResolverNumbers): void;
  /** Called at each scrape: overrides in force, by kind. */
  watchOverrides(read: () => Readonly<Record<string, number>>): void;
  /** The numbers of the relay. */
  readonly relay: RelayMetrics;
  /** The numbers of TLS reporting. */
  readonly reporting: ReportingMetrics;
  /** The page of a scrape. */
  text(): Promise<string>;
  /** Its media type. */
  readonly contentType: string;
}
