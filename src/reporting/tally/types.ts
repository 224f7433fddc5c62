/**
 * What the parts of the tally tell each other.
 *
 * @module
 */
import type { PolicyType } from '../../tlsrpt/report.ts';

/** What the tally tells the metrics. */
export interface TallyMetrics {
  /** Sessions were counted under a policy. */
  sessionsCounted(policy: PolicyType, outcome: 'success' | 'failure', sessions: number): void;
  /** A batch was written, or could not be. */
  tallyWritten(outcome: 'written' | 'failed'): void;
}

/** A row of `tally_count` to be added. */
export interface CountRow {
  readonly day: number;
  readonly recipient: string;
  /** Digest. */
  readonly policy: string;
  readonly tlsaBaseDomain: string;
  readonly successes: number;
  readonly failures: number;
}

/** A row of `tally_failure` to be added. */
export interface FailureRow {
  readonly day: number;
  readonly recipient: string;
  readonly policy: string;
  readonly detail: string;
  readonly sessions: number;
}

/** A row of `tally_policy` that must be there. */
export interface PolicyRow {
  readonly digest: string;
  readonly type: PolicyType;
  readonly domain: string;
  readonly strings: string;
  readonly mxHosts: string;
  readonly day: number;
}

/** A row of `tally_detail` that must be there. */
export interface DetailRow {
  readonly digest: string;
  readonly detail: string;
  readonly day: number;
}

/** What is written in one transaction. It never changes once made: it may have to be written again. */
export interface Batch {
  /** All in the order of their keys. */
  readonly policies: readonly PolicyRow[];
  readonly details: readonly DetailRow[];
  readonly counts: readonly CountRow[];
  readonly failures: readonly FailureRow[];
}
