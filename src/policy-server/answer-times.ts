/**
 * How long an answer is good, and how long it may still be given once it is not.
 *
 * @module
 */
import type { DecisionRecord } from '../tls-policy/types.ts';
import type { DomainLevel } from './types.ts';

/** Milliseconds since the Unix epoch. */
export interface AnswerTimes {
  /** Until then it is given without a thought. */
  readonly freshUntil: number;
  /** Until then it is given at once, and renewed behind. */
  readonly staleUntil: number;
}

/**
 * The times of an answer. It is never given after what must end: an expired policy (RFC 8461 §5.1),
 * an override past its day. What only says that something could not be found out is never given
 * late: DNS trouble must not hold mail up for longer than it lasts, and a policy on its way must
 * not be waited for in vain.
 */
export function answerTimes(
  record: DecisionRecord,
  level: DomainLevel,
  maxStaleMs: number,
): AnswerTimes {
  const freshUntil = record.policy.expiresAt;
  const passing = level.kind === 'temp' || isUndeliverable(record, level);
  if (passing || isProvisional(record)) return { freshUntil, staleUntil: freshUntil };
  const { sts, override } = record.evidence;
  const policyEnd = sts?.kind === 'policy' ? sts.active.expiresAt : Number.POSITIVE_INFINITY;
  const overrideEnd = override?.until ?? Number.POSITIVE_INFINITY;
  const staleUntil = Math.min(freshUntil + maxStaleMs, policyEnd, overrideEnd);
  return { freshUntil, staleUntil: Math.max(freshUntil, staleUntil) };
}

/**
 * That a domain takes no mail, or that nobody can reach it, anybody can forge where DNS is not
 * signed: it is asked anew.
 */
function isUndeliverable({ policy: { outcome } }: DecisionRecord, level: DomainLevel): boolean {
  return outcome === 'fail' || (outcome === 'defer' && level.kind !== 'secure');
}

/** "No policy" for want of an answer: the first contact is under way, DNS or the database is silent. */
function isProvisional({ evidence: { sts } }: DecisionRecord): boolean {
  if (sts?.kind !== 'none') return false;
  const { code } = sts.failure;
  return (
    code === 'STS_FIRST_CONTACT_PENDING' || code.startsWith('DNS_') || code.startsWith('STORE_')
  );
}
