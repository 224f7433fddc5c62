/**
 * `smtp-sts/dns`: a stub resolver that says whether DNSSEC vouches for what it answers.
 *
 * @module
 */
export { normalizeName, toUnicode } from './name.ts';
export type { NameOptions } from './name.ts';
export { recordText } from './record-text.ts';
export { createResolver } from './resolver.ts';
export type { DnsResolver, ResolverOptions, ResolverStats, UpstreamState } from './resolver.ts';
export { runSelfTest } from './self-test.ts';
export type {
  SelfTestNames,
  SelfTestOptions,
  SelfTestOutcome,
  SelfTestResult,
  SelfTestStep,
} from './self-test.ts';
export type {
  Answer,
  CnameLink,
  EmptyAnswer,
  ExtendedError,
  FailedAnswer,
  LookupOptions,
  Mx,
  RecordOf,
  RecordsAnswer,
  Resolver,
  RrType,
  Security,
  Tlsa,
} from './types.ts';
export { parseUpstream, upstreamText } from './upstream.ts';
export type { Upstream } from './upstream.ts';
export type { Failure, Outcome } from '../failure.ts';
export { systemClock, type Clock } from '../clock.ts';
