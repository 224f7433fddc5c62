/**
 * Taking reports in: the seam between the ways in and what understands and keeps them.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import type { Failure, Problem } from '../../failure.ts';
import type { ReceivedReport } from '../../tlsrpt/report.ts';
import type { ArchiveResult, Authenticity, IntakeWay } from '../types.ts';

/** A report as it was understood; `report` is absent exactly where a problem of severity `error` is there. */
export interface UnderstoodReport {
  readonly report?: ReceivedReport;
  readonly problems: readonly Problem[];
  readonly deviations: readonly ErrorCode[];
}

/** What became of one report of a message or file. */
export interface TakenReport {
  readonly reading: UnderstoodReport;
  readonly authenticity: Authenticity;
  /** Absent where it could not be read, or was refused as `failure` says. */
  readonly result?: ArchiveResult;
  /** Why it was not taken, where it was not. */
  readonly failure?: Failure;
}

/** What became of a message or file. */
export type IntakeResult =
  /** At least one report was there; each is told of. */
  | { readonly kind: 'reports'; readonly results: readonly TakenReport[] }
  /** Something else: a bounce, a newsletter. Whoever keeps it leaves it where it is. */
  | { readonly kind: 'not-a-report'; readonly failure: Failure }
  /** For good: too large, a bomb, damaged, not proven where proof is asked for. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** Nothing is wrong with it; it may come again: the store or DNS did not answer. */
  | { readonly kind: 'later'; readonly failure: Failure };

/** A bare report, and what is known of it besides its octets. */
export interface FileOptions {
  readonly way: IntakeWay;
  readonly fileName?: string;
  /** Header fields of an HTTP request or of the mail it was cut from, names in lower case. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Understands what came and hands it to the archive. Never throws. */
export interface Intake {
  /** A whole mail. */
  message(bytes: Uint8Array, way: IntakeWay): Promise<IntakeResult>;
  /** A bare report (gzip, zip, JSON), or a whole mail where it is one. */
  file(bytes: Uint8Array, options: FileOptions): Promise<IntakeResult>;
}

/** What is counted; all label sets are closed. */
export interface IntakeMetrics {
  taken(way: IntakeWay, kind: ArchiveResult['kind'] | 'unreadable' | 'not-verified'): void;
  turnedAway(way: IntakeWay, kind: 'not-a-report' | 'refused' | 'later'): void;
}
