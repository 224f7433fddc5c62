/**
 * Failure is data. What can be expected to go wrong is a value with a stable code, the detail
 * that a person needs, and the RFC 8460 result type where there is one. Exceptions are for bugs.
 *
 * @module
 */
import type { ErrorCode } from './errors.ts';

/** The result types of TLS reporting (RFC 8460 §4.3). */
export const RESULT_TYPES = [
  'starttls-not-supported',
  'certificate-host-mismatch',
  'certificate-expired',
  'certificate-not-trusted',
  'validation-failure',
  'tlsa-invalid',
  'dnssec-invalid',
  'dane-required',
  'sts-policy-fetch-error',
  'sts-policy-invalid',
  'sts-webpki-invalid',
] as const;

/** One of {@link RESULT_TYPES}. */
export type ResultType = (typeof RESULT_TYPES)[number];

/** Something that went wrong and was expected to be able to. */
export interface Failure {
  /** Stable: match on this, never on the text. Every code is explained in `docs/errors.md`. */
  readonly code: ErrorCode;
  /** What happened, with names and numbers, for a person; one line, no trailing full stop. */
  readonly detail: string;
  /** How a TLS report names it (RFC 8460 §4.3); absent where a report would not mention it. */
  readonly resultType?: ResultType;
  /** A short machine word for the report's `failure-reason-code`, e.g. OpenSSL's verdict. */
  readonly reasonCode?: string;
}

/** Either a value or the failure that stands in its place. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };

/** A fault in a text that someone wrote: where it is, what rule it breaks, how to mend it. */
export interface Problem {
  readonly code: ErrorCode;
  /** 1-based line. */
  readonly line: number;
  /** 1-based column, in characters. */
  readonly column: number;
  /** What is wrong, with the rule (`RFC 8461 §3.2`). */
  readonly message: string;
  /** What to write instead. */
  readonly fix: string;
  /** `error`: the text is not valid. `warning`: valid, but a trap. `info`: worth knowing. */
  readonly severity: 'error' | 'warning' | 'info';
}

/** What a tolerant reading of a text gives: the value if there is one, and every fault found. */
export interface Reading<T> {
  /** Absent when a fault of severity `error` was found. */
  readonly value?: T;
  readonly problems: readonly Problem[];
}

/** Wraps a value as a successful {@link Outcome}. */
export function ok<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

/** Wraps a failure as an unsuccessful {@link Outcome}. */
export function fail<T = never>(
  code: ErrorCode,
  detail: string,
  more: Pick<Failure, 'resultType' | 'reasonCode'> = {},
): Outcome<T> {
  return { ok: false, failure: { code, detail, ...more } };
}
