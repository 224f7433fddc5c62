/**
 * What we know of ourselves, now and before: the side that failure reports are compared with.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import type { StsMode } from '../../mta-sts/types.ts';

/** A fact and when it was seen. Milliseconds since the Unix epoch. */
export interface Seen<T> {
  readonly value: T;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** A policy of ours. */
export interface OwnPolicy {
  readonly mode: StsMode;
  readonly mx: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
  readonly text: string;
}

/** What an MX host of ours shows to whoever asks for TLS. */
export type OwnTls =
  | { readonly kind: 'no-starttls' }
  | {
      readonly kind: 'certificate';
      /** One line for people. */
      readonly text: string;
      /** The DNS names of the certificate. */
      readonly names: readonly string[];
      /** The certificate names the host. */
      readonly fits: boolean;
      /** Milliseconds since the Unix epoch. */
      readonly validFrom: number;
      readonly validTo: number;
      /** Why the web PKI does not trust it; '' where it does, or where only the dates are wrong. */
      readonly distrust: string;
      /** What TLSA records may match: `selector matching-type hex`, of the leaf and of its issuers. */
      readonly leafForms: readonly string[];
      readonly issuerForms: readonly string[];
    };

/** An MX host of ours. All histories: newest first, one entry for each change. */
export interface OwnHost {
  readonly host: string;
  readonly tls: readonly Seen<OwnTls>[];
  /** TLSA records that DNSSEC vouches for, `3 1 1 hex`; empty: none. */
  readonly tlsa: readonly Seen<readonly string[]>[];
  /** Why there is no newer knowledge. */
  readonly tlsFailure?: Failure;
  readonly tlsaFailure?: Failure;
}

/** A domain of ours. All histories: newest first, one entry for each change. */
export interface OwnState {
  readonly domain: string;
  /** When it was looked, milliseconds since the Unix epoch. */
  readonly at: number;
  /** `undefined`: the domain had no `_mta-sts` record. */
  readonly policies: readonly Seen<OwnPolicy | undefined>[];
  readonly mx: readonly Seen<readonly string[]>[];
  readonly hosts: readonly OwnHost[];
  /** Why the policy could not be had now. */
  readonly policyFailure?: Failure;
  readonly mxFailure?: Failure;
}
