/**
 * What a DNS question is answered with. Every answer says whether DNSSEC vouches for it.
 *
 * @module
 */
import type { Failure } from '../failure.ts';

/** The record types this product asks for. */
export type RrType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'TXT' | 'TLSA' | 'SOA' | 'NS' | 'DS';

/** A mail exchanger (RFC 1035 §3.3.9). `exchange` is a normalised name; `''` is the root: null MX. */
export interface Mx {
  readonly preference: number;
  readonly exchange: string;
}

/** A TLSA record as it stands in the answer (RFC 6698 §2.1), not yet judged for usability. */
export interface Tlsa {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Uint8Array;
}

/** What a record of each type carries. */
export interface RecordOf {
  /** Dotted quad. */
  A: string;
  /** RFC 5952 text. */
  AAAA: string;
  /** Normalised name. */
  CNAME: string;
  MX: Mx;
  /** All character-strings of one record, joined with nothing between (RFC 8461 §3.1), one byte a character (latin1). */
  TXT: string;
  TLSA: Tlsa;
  /** Zone name. */
  SOA: string;
  NS: string;
  /** Presentation form; only its presence is of interest. */
  DS: string;
}

/** Does DNSSEC vouch for it? A bogus or indeterminate answer is a failure, not an answer (RFC 7672 §2.1.1). */
export type Security = 'secure' | 'insecure';

/** One step of a CNAME chain. `secure` only where the whole answer, or a question of its own, was. */
export interface CnameLink {
  readonly from: string;
  readonly to: string;
  readonly security: Security;
}

/** An RFC 8914 extended DNS error that came with an answer. */
export interface ExtendedError {
  readonly code: number;
  readonly text: string;
}

interface AnswerBase<T extends RrType> {
  /** The name asked for, normalised. */
  readonly name: string;
  readonly type: T;
  /** Where the CNAME chain ended; equal to `name` without one. */
  readonly finalName: string;
  readonly chain: readonly CnameLink[];
  /** `secure` only if every link of the chain and its end are (RFC 7672 §2.1.3). */
  readonly security: Security;
  /** Seconds for which the answer may be kept, counted from `receivedAt`; the least of the chain's. */
  readonly ttl: number;
  /** Milliseconds since the Unix epoch. */
  readonly receivedAt: number;
  /** `address#port` of the resolver that answered. */
  readonly upstream: string;
  readonly extendedErrors?: readonly ExtendedError[];
}

/** The name has records of this type. */
export interface RecordsAnswer<T extends RrType> extends AnswerBase<T> {
  readonly kind: 'records';
  readonly records: readonly RecordOf[T][];
}

/** The name exists without such records (`nodata`), or does not exist (`nxdomain`). Both are answers. */
export interface EmptyAnswer<T extends RrType> extends AnswerBase<T> {
  readonly kind: 'nodata' | 'nxdomain';
}

/** There is no answer that could be believed: SERVFAIL, bogus, time-out, malformed, a loop. */
export interface FailedAnswer<T extends RrType> {
  readonly kind: 'failure';
  readonly name: string;
  readonly type: T;
  /** `DNS_BOGUS` carries the result type `dnssec-invalid`. */
  readonly failure: Failure;
  /** What of the chain was learned before it failed. */
  readonly chain: readonly CnameLink[];
  /** Milliseconds since the Unix epoch. */
  readonly receivedAt: number;
  readonly extendedErrors?: readonly ExtendedError[];
}

/** What a look-up gives. */
export type Answer<T extends RrType> = RecordsAnswer<T> | EmptyAnswer<T> | FailedAnswer<T>;

/** How to ask. */
export interface LookupOptions {
  /** Ask the upstream although the cache has an answer; the new answer replaces the cached one. */
  readonly fresh?: boolean;
  /** Stop waiting. The question goes on for others who wait for it. */
  readonly signal?: AbortSignal;
}

/** Asks DNS. The same interface for the real resolver, the cache, and the one made of plain maps in tests. */
export interface Resolver {
  /**
   * Never rejects for a DNS reason; an invalid name gives `DNS_NAME_INVALID`.
   * Where the combined answer is insecure and has a CNAME chain, each link was asked for by
   * itself so that its own security is known (RFC 7672 §2.1.3).
   *
   * @param name any spelling: upper case, trailing dot, U-labels
   */
  lookup<T extends RrType>(name: string, type: T, options?: LookupOptions): Promise<Answer<T>>;
}
