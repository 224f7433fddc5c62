/**
 * What one session says about one policy: the unit that is counted (RFC 8460 §4.2).
 *
 * @module
 */
import type { FailureDetail, ReportPolicy } from './report.ts';

/** One session held to one policy; a session under two policies (STS and DANE) makes two of these. */
export interface SessionResult {
  /** Milliseconds since the Unix epoch: the UTC day of the session is the day of the report. */
  readonly at: number;
  /** The next-hop domain whose mail was to be delivered, A-labels. */
  readonly recipientDomain: string;
  readonly policy: ReportPolicy;
  /** The session failed the policy if there is at least one; delivered or not (`testing`) makes no difference. */
  readonly failures: readonly Omit<FailureDetail, 'count'>[];
  /** How many such sessions; 1 where absent. */
  readonly sessions?: number;
}
