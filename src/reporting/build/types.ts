/**
 * What a report is made with.
 *
 * @module
 */
import type { ReportSendSettings } from '../../config/reporting-types.ts';

/** Who reports, and how much is told: a part of the settings. */
export type SenderIdentity = Pick<
  ReportSendSettings,
  'organization' | 'contact' | 'omitSendingIp' | 'report'
>;

/** What a report holds at most (RFC 8460 §5.2: receivers take 10 MB or so). */
export interface ReportLimits {
  readonly policies: number;
  /** Kinds of failures, of all policies together. */
  readonly details: number;
}

/** What did not fit in. */
export interface ReportCut {
  readonly policies: number;
  readonly details: number;
}
