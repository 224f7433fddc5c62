/**
 * What the reports of others say, summed up.
 *
 * @module
 */
import type { UtcDay } from '../types.ts';
import type { Meaning } from './meaning.ts';
import type { ReportedType } from './meanings.ts';

/** Sessions. */
export interface Sessions {
  readonly successes: number;
  readonly failures: number;
}

/** Sessions, and the reports that tell of them. */
export interface Counts extends Sessions {
  readonly reports: number;
}

/** A failure kind: what failed, where and in which way. */
export interface FailureKind {
  readonly domain: string;
  readonly type: ReportedType;
  /** As written, where the type is `unknown`; else ''. */
  readonly rawType: string;
  /** '' where no report names the host. */
  readonly mxHost: string;
  /** Failed sessions in the range. */
  readonly sessions: number;
  /** The first day ever, the last day in the range. */
  readonly firstDay: UtcDay;
  readonly lastDay: UtcDay;
  /** By falling number of sessions. */
  readonly senders: readonly Share[];
  /** Reason codes as written; '' stands for none. */
  readonly reasons: readonly Share[];
  /** Of whatever domain: it may speak of DOMAIN. */
  readonly meaning: Meaning;
}

/** A part of something. */
export interface Share {
  readonly name: string;
  readonly sessions: number;
}

/** A reporter. */
export interface SenderCounts extends Counts {
  readonly sender: string;
  /** Reports whose sender DKIM proves. */
  readonly verifiedReports: number;
  /** The newest day that it has reported. */
  readonly lastDay: UtcDay;
}

/** Reports that are kept and not part of the sums. */
export interface NotCounted {
  /** Nothing proves who sent them. */
  readonly unproven: number;
  /** Another one of the same sender and report-id says otherwise. */
  readonly conflicts: number;
  /** One that is more surely the sender's counts in their place. */
  readonly replaced: number;
}

/** The whole. All days and months are UTC. */
export interface Summary {
  /** When it was made, milliseconds since the Unix epoch. */
  readonly at: number;
  /** Both are part of the range. */
  readonly firstDay: UtcDay;
  readonly lastDay: UtcDay;
  /** Absent: all. */
  readonly domain?: string;
  readonly total: Counts;
  /** Each day of the range, those without reports too. */
  readonly days: readonly (Counts & { readonly day: UtcDay })[];
  /** `2026-12`. */
  readonly months: readonly (Counts & { readonly month: string })[];
  readonly domains: readonly (Counts & {
    readonly domain: string;
    readonly months: readonly (Counts & { readonly month: string })[];
  })[];
  /** By policy type; sessions under two policies are in both. */
  readonly policyTypes: readonly (Sessions & {
    readonly type: 'tlsa' | 'sts' | 'no-policy-found' | 'other';
  })[];
  /** By falling number of sessions. */
  readonly failures: readonly FailureKind[];
  readonly failuresByType: readonly Share[];
  readonly failuresByHost: readonly Share[];
  readonly failuresBySender: readonly Share[];
  readonly failuresByReason: readonly Share[];
  /** Failed sessions in `failures`, which may be fewer or more than in `total`: senders itemise badly. */
  readonly itemised: number;
  readonly senders: readonly SenderCounts[];
  readonly notCounted: NotCounted;
  /** Senders whose reports are in none of the sums above, because they are not to be believed. */
  readonly ignored: readonly SenderCounts[];
}
