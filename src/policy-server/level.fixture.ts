/**
 * Levels and decisions in a few words, for tests of what MTAs are told.
 *
 * @module
 */
import { stsPolicyText } from '../mta-sts/policy.ts';
import type { StsPolicy } from '../mta-sts/types.ts';
import { evaluate } from '../tls-policy/evaluate.ts';
import { KNOBS } from '../tls-policy/evidence.fixture.ts';
import type { DecisionRecord, Evidence, PolicyKnobs } from '../tls-policy/types.ts';
import { levelOf, type LevelOptions } from './level.ts';
import type { Dialect, DomainLevel, StsFacts } from './types.ts';
import { replyText, writeReply } from './write-reply.ts';

/** The decision made of this evidence. */
export function decisionOf(evidence: Evidence, knobs: Partial<PolicyKnobs> = {}): DecisionRecord {
  const all = { ...KNOBS, ...knobs };
  return { version: 1, evidence, knobs: all, policy: evaluate(evidence, all) };
}

/** The level of the decision made of this evidence. */
export function levelFor(
  evidence: Evidence,
  knobs: Partial<PolicyKnobs> = {},
  options: LevelOptions = { mixedDane: 'secure' },
): DomainLevel {
  return levelOf(decisionOf(evidence, knobs), options);
}

/** The line that a client of the dialect gets. */
export function lineFor(dialect: Dialect, level: DomainLevel): string {
  return replyText(writeReply(dialect, level));
}

/** A policy of `d.test`. */
export function factsOf(policy: Partial<StsPolicy> = {}): StsFacts {
  const known = {
    mode: 'enforce' as const,
    mx: ['mx1.d.test'],
    maxAge: 604_800,
    extensions: [],
    ...policy,
  };
  return { policyDomain: 'd.test', policy: { text: stsPolicyText(known), ...known } };
}

/** `secure` under {@link factsOf}, with the policy's own patterns. */
export function secureLevel(policy: Partial<StsPolicy> = {}): DomainLevel {
  const sts = factsOf(policy);
  return { kind: 'secure', why: 'a test', match: sts.policy.mx, sts };
}
