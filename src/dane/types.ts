/**
 * The words of DANE for SMTP (RFC 7672) as types.
 *
 * @module
 */
import type { Answer, Tlsa } from '../dns/types.ts';
import type { Failure } from '../failure.ts';

/** What the TLSA look-ups for one MX host and port mean (RFC 7672 §2.2). */
export type DaneState =
  /** No DANE for this host: insecure, or securely denied. `failure` says which (no result type: it is no fault). */
  | { readonly kind: 'absent'; readonly failure: Failure }
  /** A secure, non-empty RRset without a usable record: TLS is a must, whose certificate is not (RFC 7672 §2.2). */
  | {
      readonly kind: 'unusable';
      readonly baseDomain: string;
      readonly records: readonly Tlsa[];
      readonly failure: Failure;
    }
  | {
      readonly kind: 'usable';
      /** RFC 7672 §2.2.3: also the SNI name and the first reference identifier. */
      readonly baseDomain: string;
      /** The whole RRset. */
      readonly records: readonly Tlsa[];
      /** What counts after usability and digest agility (RFC 7671 §9). */
      readonly usable: readonly Tlsa[];
      /** Seconds. */
      readonly ttl: number;
    }
  /** A look-up failed: the host is unreachable (RFC 7672 §2.1.2). */
  | { readonly kind: 'failed'; readonly failure: Failure };

/** The DANE evidence for one MX host: the state and every answer that led to it. */
export interface DaneEvidence {
  readonly state: DaneState;
  readonly tlsaAnswers: readonly Answer<'TLSA'>[];
}

/** Whether a chain satisfies TLSA records. */
export type DaneVerdict =
  | {
      readonly matched: true;
      readonly record: Tlsa;
      /** 0 for the leaf; the position of the trust anchor otherwise; the chain's length if the anchor came from DNS alone. */
      readonly depth: number;
      /** The reference identifier that matched; absent for DANE-EE, which has none (RFC 7672 §3.1.1). */
      readonly identity?: string;
    }
  | { readonly matched: false; readonly failure: Failure };
