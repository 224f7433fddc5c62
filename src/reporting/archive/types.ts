/**
 * The archive of received reports: what it does, and what it is made of.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Outcome } from '../../failure.ts';
import type { Log } from '../../log/log.ts';
import type { Store } from '../../store/types.ts';
import type { ReceivedReport } from '../../tlsrpt/report.ts';
import type { ArchiveResult, IncomingReport } from '../types.ts';
import type { PreparedReport } from './prepare.ts';

/** Keeps reports, counts each once, and keeps the daily sums right. */
export interface Archive {
  /**
   * Stores and counts a report, in one transaction with others that come at the same time. A
   * failure is trouble of the store: nothing was kept, the same may come again.
   */
  take(incoming: IncomingReport): Promise<Outcome<ArchiveResult>>;
  /** The same for a report whose rows were worked out elsewhere, with the same settings. */
  takePrepared(report: PreparedReport): Promise<Outcome<ArchiveResult>>;
  /** The same for many, in as few transactions as can be; results in the order of the reports. */
  takeMany(incoming: readonly IncomingReport[]): Promise<readonly Outcome<ArchiveResult>[]>;
  /** Deletes what is older than the settings keep. Rejects if the store is out of reach. */
  prune(): Promise<PruneNumbers>;
  /**
   * Reads every report again from its octets with the reader and the settings of now, and corrects
   * the daily sums by the difference: they are then as if all had been imported afresh.
   */
  reparse(progress?: (done: number, total: number) => void): Promise<ReparseNumbers>;
  /** Deletes all that is known about a domain: reports, what they say, sums. @returns reports deleted */
  forget(domain: string): Promise<number>;
  /** Resolves when all that was handed in before is in the store. */
  idle(): Promise<void>;
}

/** What was deleted. */
export interface PruneNumbers {
  /** Reports that lost their octets and details. */
  readonly details: number;
  /** Reports that nothing is known of any more. */
  readonly reports: number;
  /** Rows of daily sums. */
  readonly daily: number;
}

/** What reading again did. */
export interface ReparseNumbers {
  readonly read: number;
  /** Those that are understood otherwise than before. */
  readonly changed: number;
  /** Those that the reader of now refuses; they stay as they were. */
  readonly unreadable: number;
}

/** A reading of the octets of a report. */
export interface ArchivedReading {
  readonly report?: ReceivedReport;
  readonly deviations: readonly ErrorCode[];
}

/** Reads the octets of a report: gzip, zip or JSON. */
export type ReadArchived = (
  bytes: Uint8Array,
  options: {
    readonly limits: { readonly maxPackedBytes: number; readonly maxJsonBytes: number };
    readonly hints: NonNullable<IncomingReport['hints']>;
  },
) => Promise<ArchivedReading>;

/** What is counted; the label set is closed. */
export interface ArchiveMetrics {
  archived(kind: ArchiveResult['kind'] | 'failed', authenticity: 'verified' | 'other'): void;
}

/** What an archive is made of. */
export interface ArchiveOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: ArchiveMetrics;
  /** Asked for each report, so that a reload is heard. */
  readonly settings: () => ReportReceiveSettings;
  /** Default: the reader of `tlsrpt/`. */
  readonly read?: ReadArchived;
  /**
   * Reports in one transaction at most; default: so many that nobody else waits for long. A command
   * that does nothing else may take more.
   */
  readonly together?: number;
}
