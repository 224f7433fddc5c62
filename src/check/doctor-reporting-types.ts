/**
 * What the doctor looks at of TLS reporting. Reporting itself stands on the same floor, so that its
 * loaders and rules come in as functions.
 *
 * @module
 */
import type { Resolver } from '../dns/types.ts';
import type { ErrorCode } from '../errors.ts';
import type { Failure, Outcome } from '../failure.ts';

/** Everything of TLS reporting that the doctor looks at. */
export interface ReportingSurroundings {
  /** Settings that cannot do what they are for, as the service finds them when it starts. */
  readonly faults: () => readonly ReportingFault[];
  /** Loads the key that signs reports as the service does. @returns `SELECTOR._domainkey.DOMAIN` */
  readonly loadKey: () => Outcome<string>;
  /** Looks the record of the key up; asked only where there is a key. */
  readonly checkKey: () => Promise<PublishedKey>;
  /** Loads the certificate of the HTTPS endpoint as the service does; its PEM text. */
  readonly loadCertificate: () => Outcome<string>;
  readonly checkMaildir: (path: string) => Outcome<unknown>;
  readonly fileAt: (path: string) => FileThere;
  /** `net.unix.max_dgram_qlen`; undefined where the system does not say. */
  readonly datagramQueue: () => number | undefined;
  readonly resolver: Resolver;
  /** `From` of alerts; '' where there is none. */
  readonly alertSender: string;
  /** The path where reports are posted, with the token. */
  readonly reportsPath: string;
}

/** A setting that cannot do what it is for. */
export interface ReportingFault {
  readonly level: 'warn' | 'error';
  readonly code: ErrorCode;
  readonly detail: string;
}

/** The record of our key in DNS. */
export interface PublishedKey {
  readonly verdict: 'fits' | 'wrong' | 'unknown';
  readonly findings: readonly Failure[];
}

/** What is at a path. */
export type FileThere =
  | { readonly kind: 'socket'; readonly mode: number }
  | { readonly kind: 'folder' | 'other' | 'missing' };
