/**
 * From what each MX host must show to the one thing that may be said of the whole domain.
 *
 * @module
 */
import type { DecisionRecord } from '../tls-policy/types.ts';
import type { DomainLevel } from './types.ts';

/** The operator's choice where one level cannot say everything. */
export interface LevelOptions {
  /** What is said of a signed domain of which only some hosts have DANE, under an enforced policy. */
  readonly mixedDane: 'secure' | 'dane';
}

/** What a map may say of the domain of this decision. */
export function levelOf(record: DecisionRecord, _options: LevelOptions): DomainLevel {
  const { failure, outcome } = record.policy;
  if (outcome === 'defer' && failure !== undefined) return { kind: 'temp', failure };
  return { kind: 'none', why: 'no policy binds' };
}
