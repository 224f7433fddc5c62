/**
 * The decision: how may mail for a domain travel, and is this session good enough? For programs
 * that bring their own SMTP client.
 *
 * @module
 */
export type { AttemptEvent, AttemptOutcome, SecondTry } from './attempt-event.ts';
export { decisionFromJson, decisionToJson } from './decision-record.ts';
export { createEngine } from './engine.ts';
export type { DecideOptions, Engine, EngineOptions } from './engine-types.ts';
export { evaluate } from './evaluate.ts';
export { gather, type GatherDeps, type GatherOptions } from './gather.ts';
export { MAX_MX_HOSTS } from './mx-hosts.ts';
export { nextHopText, parseNextHop, policyDomainOf, type NextHop } from './next-hop.ts';
export { openSession, type OpenSessionOptions, type SessionAttempt } from './session.ts';
export type {
  DaneDemand,
  DecisionRecord,
  Evidence,
  HostEvidence,
  HostPolicy,
  MxLevel,
  PolicyKnobs,
  Requirement,
  StsDemand,
  TlsLevel,
  TlsPolicy,
  Verdict,
} from './types.ts';
export { judge, type JudgeInput } from './verdict.ts';
