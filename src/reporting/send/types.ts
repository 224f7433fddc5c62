/**
 * The words of sending reports.
 *
 * @module
 */
import type { Outcome } from '../../failure.ts';
import type { ReportTargetTable } from '../../store/outbox-tables.ts';
import type { ReportSubject, SendResult, SubjectTally, UtcDay } from '../types.ts';

/** What becomes of a target. */
export type TargetState = ReportTargetTable['state'];

/** What was counted. */
export interface TallyReader {
  subjects(day: UtcDay): Promise<readonly ReportSubject[]>;
  /** Sessions by domain: as many as its report can have, or more. */
  totals(day: UtcDay): Promise<ReadonlyMap<string, number>>;
  /** Without policies where nothing was counted. */
  read(subject: ReportSubject): Promise<SubjectTally>;
}

/** Posts a packed report to an HTTPS endpoint, once, now. */
export type PostReport = (
  url: string,
  gzip: Uint8Array,
  signal?: AbortSignal,
) => Promise<SendResult>;

/** Signs a message with DKIM: gives it back with the signature on top. */
export interface ReportSigner {
  sign(message: Uint8Array, now: number): Promise<Uint8Array>;
}

/** The signer that is configured now, or why there is none. */
export type SignerSource = () => Outcome<ReportSigner>;

/** A target that this node has claimed, with all that an attempt needs. */
export interface ClaimedTarget {
  readonly reportId: string;
  readonly number: number;
  readonly kind: 'mailto' | 'https';
  /** The address, or the URL. */
  readonly target: string;
  readonly place: string;
  readonly day: UtcDay;
  readonly domain: string;
  readonly submitter: string;
  readonly organization: string;
  readonly fileName: string;
  readonly content: Uint8Array;
  /** Attempts before this one. */
  readonly attempts: number;
  /** Of the first attempt; 0 if that is still to come. */
  readonly firstAt: number;
}

/** Numbers about sending; optional, and never in the way of it. */
export interface ReportSendMetrics {
  /** A domain of a day was dealt with; `late`: sessions were counted after its report was made. */
  subject(state: 'made' | 'no-record' | 'skipped' | 'nothing' | 'given-up' | 'late'): void;
  /** An attempt, or the end of a target without one. */
  target(kind: 'mailto' | 'https', state: TargetState): void;
}

/** The sender in numbers since its start. */
export interface ReportSenderNumbers {
  readonly subjects: Readonly<Record<Parameters<ReportSendMetrics['subject']>[0], number>>;
  /** Ends of targets; `waiting`: attempts that failed and are repeated. */
  readonly targets: Readonly<Record<TargetState, number>>;
  /** Attempts under way. */
  readonly inFlight: number;
  /** Results that could not be written down yet. */
  readonly unsettled: number;
  readonly storeUp: boolean;
  /** This node makes the reports. */
  readonly isLeader: boolean;
}
