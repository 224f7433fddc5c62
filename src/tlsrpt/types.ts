/**
 * The words of TLS reporting (RFC 8460) as types.
 *
 * @module
 */
import type { Failure } from '../failure.ts';

/** A place that wants reports (RFC 8460 §3). */
export type ReportTarget =
  | {
      readonly kind: 'mailto';
      /** As published. */
      readonly uri: string;
      /** Percent-decoded, the domain as lower-case A-labels. */
      readonly address: string;
    }
  | {
      readonly kind: 'https';
      readonly uri: string;
      /** Normalised, without a fragment. The host may be anything: guard the address before connecting. */
      readonly url: string;
    };

/** A valid `_smtp._tls` record (RFC 8460 §3). */
export interface TlsrptRecord {
  /** In the order of the record, each once, never empty, at most five. */
  readonly rua: readonly ReportTarget[];
  /** Unknown fields, in order: kept, never acted upon. */
  readonly extensions: readonly (readonly [name: string, value: string])[];
}

/** What the TXT look-up said. Absence and failure are told apart. */
export type TlsrptDiscovery =
  | { readonly kind: 'record'; readonly record: TlsrptRecord; readonly text: string }
  /** The domain wants no reports. `failure` says whether none, several or a malformed record. */
  | { readonly kind: 'absent'; readonly failure: Failure }
  /** DNS did not answer: nothing is known. */
  | { readonly kind: 'failed'; readonly failure: Failure };
