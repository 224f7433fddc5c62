/**
 * The seams of reporting: what its parts expect of each other.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import type { PolicyResult, ReceivedReport } from '../tlsrpt/report.ts';
import type { SessionResult } from '../tlsrpt/session-result.ts';

/** A UTC day as days since 1970-01-01: `Math.floor(ms / 86_400_000)`. */
export type UtcDay = number;

/** Counts sessions. */
export interface Tally {
  /** Counts in memory; never throws, never waits. */
  count(result: SessionResult): void;
  /** Resolves when all that was counted before is in the store. */
  flush(): Promise<void>;
  stats(): TallyNumbers;
  /** Flushes and stops. */
  close(): Promise<void>;
}

/** The tally in numbers. */
export interface TallyNumbers {
  /** Counted since the start. */
  readonly sessions: number;
  /** Different keys that wait to be written. */
  readonly waiting: number;
  /** Sessions whose failure details were cut because a day had too many kinds; totals stay right. */
  readonly cutDetails: number;
  readonly storeUp: boolean;
  /** Sessions in no total: the store was away for so long that memory was full, or refused them. */
  readonly lostSessions?: number;
}

/**
 * Whom a report is about. `recipient`: all sessions for a recipient domain, whatever the policy;
 * goes to the record of that domain. `mx-host`: the DANE sessions with one TLSA base domain, for
 * all recipient domains together; goes to the record of the host (RFC 8460 §1.1).
 */
export type ReportScope = 'recipient' | 'mx-host';

/** A report that may have to be made. */
export interface ReportSubject {
  readonly day: UtcDay;
  readonly scope: ReportScope;
  /** A-labels. */
  readonly domain: string;
}

/** What was counted for a subject; policies in a fixed order, details of each by falling count. */
export interface SubjectTally extends ReportSubject {
  readonly policies: readonly PolicyResult[];
}

/** A message that the reporting sends: a report, an alert. */
export interface OutgoingMail {
  /** `MAIL FROM`; '' is the null reverse-path. */
  readonly reversePath: string;
  readonly to: string;
  /** With CRLF, header and body, signed if it is to be. */
  readonly content: Uint8Array;
  /** `report`: STS and DANE are ignored, never counted (RFC 8460 §3, §5.3). `alert`: as any mail. */
  readonly kind: 'report' | 'alert';
}

/** What came of sending once. `later`: may be tried again. */
export type SendResult =
  | { readonly kind: 'accepted'; readonly text: string }
  | {
      readonly kind: 'later' | 'refused';
      readonly failure: Failure;
      readonly retryAfterMs?: number;
    };

/** Sends a message once, now, and tells what came of it. */
export type SendMail = (mail: OutgoingMail, signal?: AbortSignal) => Promise<SendResult>;

/** How sure we are of who sent a report. Only `verified` raises alerts. */
export type Authenticity =
  /** A valid DKIM signature of the reporter's organisational domain. */
  | {
      readonly kind: 'verified';
      readonly domain: string;
      readonly selector: string;
      readonly notes: readonly string[];
    }
  /** A valid signature, of somebody else. */
  | { readonly kind: 'unaligned'; readonly domain: string; readonly notes: readonly string[] }
  /** No signature is valid, or the only one has `l=` (RFC 8460 §3). */
  | { readonly kind: 'broken'; readonly notes: readonly string[] }
  | { readonly kind: 'unsigned'; readonly notes: readonly string[] }
  /** The key could not be looked up now. */
  | { readonly kind: 'temporary'; readonly notes: readonly string[] }
  /** Came by HTTPS or as a bare file: nothing says who sent it. */
  | { readonly kind: 'unauthenticated'; readonly notes: readonly string[] };

/** The way a report came in. */
export type IntakeWay = 'https' | 'smtp' | 'maildir' | 'file';

/** One report, understood, on its way into the archive. */
export interface IncomingReport {
  /** As it came: gzip, zip or JSON. */
  readonly raw: Uint8Array;
  readonly report: ReceivedReport;
  /** Codes of the deviations, each once. */
  readonly deviations: readonly string[];
  readonly way: IntakeWay;
  readonly authenticity: Authenticity;
  /** Milliseconds since the Unix epoch. */
  readonly receivedAt: number;
  /** What the mail or the file name said: kept, for a later reading of the same octets. */
  readonly hints?: {
    readonly headerDomain?: string;
    readonly fileName?: string;
    readonly headerSubmitter?: string;
  };
}

/** What the archive did with a report. */
export type ArchiveResult =
  /** Stored and counted. */
  | { readonly kind: 'stored'; readonly id: string }
  /** The same report was there already; nothing changed. */
  | { readonly kind: 'duplicate'; readonly id: string }
  /** Same sender and report-id, other content: stored, not counted, shown. */
  | { readonly kind: 'conflict'; readonly id: string; readonly of: string }
  /** Takes the place of one that was less sure: both visible, this one counted. */
  | { readonly kind: 'replaced'; readonly id: string; readonly of: string }
  /** Stored, shown, not counted: its authenticity is not enough. */
  | { readonly kind: 'not-counted'; readonly id: string }
  /** About domains that are not ours: counted in the metrics, not stored. */
  | { readonly kind: 'unknown-domain'; readonly domains: readonly string[] }
  /** The sender has had its share for today: not stored. */
  | { readonly kind: 'over-quota' };
