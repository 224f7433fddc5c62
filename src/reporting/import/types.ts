/**
 * Taking in many reports that are there already: what is given, and what comes of it.
 *
 * @module
 */
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { Failure } from '../../failure.ts';
import type { PreparedReport } from '../archive/prepare.ts';
import type { ArchiveResult } from '../types.ts';
import type { FilePath } from '../../file-path.ts';

/** A mail or a bare report. */
export type ReportSource =
  /** In a file of its own; `octets` as its folder says. */
  | { readonly kind: 'file'; readonly path: FilePath; readonly octets: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly octets: number };

/** A file that was not taken in as it is. */
export type NoReportFile =
  /** Mails in one file: to be handed in one by one. */
  | { readonly kind: 'mailbox' }
  | { readonly kind: 'too-large'; readonly octets: number }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** What became of a source. */
export type Taken =
  | {
      readonly kind: 'reports';
      readonly results: readonly ArchiveResult[];
      /** Those of the same mail that were refused. */
      readonly failures: readonly Failure[];
    }
  | { readonly kind: 'not-a-report' | 'refused' | 'later'; readonly failure: Failure }
  | NoReportFile;

/** A source that was understood, and is to be stored. */
export type Understood =
  | {
      readonly kind: 'reports';
      readonly reports: readonly PreparedReport[];
      readonly failures: readonly Failure[];
    }
  | Exclude<Taken, { readonly kind: 'reports' }>;

/** What understanding depends on. Plain data: it crosses from one thread to another. */
export interface UnderstandSettings {
  readonly receive: ReportReceiveSettings;
  /** `nothing`: whoever hands mails in vouches for them. */
  readonly check: 'signatures' | 'nothing';
  /** For the keys of signatures; as of the configuration. */
  readonly dns: {
    readonly resolvers?: readonly string[];
    readonly trusted?: boolean;
    readonly timeoutMs?: number;
    readonly attempts?: number;
  };
}
