/**
 * A TLS report (RFC 8460 §4) in two forms: as we write it, and as others' reports are understood.
 *
 * @module
 */
import type { ResultType } from '../failure.ts';

/** The kinds of policies that a report speaks of (RFC 8460 §4.4). */
export const POLICY_TYPES = ['tlsa', 'sts', 'no-policy-found'] as const;

/** One of {@link POLICY_TYPES}. */
export type PolicyType = (typeof POLICY_TYPES)[number];

/** The policy that sessions were held to. */
export interface ReportPolicy {
  readonly type: PolicyType;
  /** `sts`: the policy domain; `tlsa`: the TLSA base domain; else the domain that was looked up. A-labels. */
  readonly domain: string;
  /** `sts`: the lines of the policy as fetched; `tlsa`: one record each, `3 1 1 HEX`; else empty. */
  readonly strings: readonly string[];
  /** The `mx` patterns of an STS policy; else empty. */
  readonly mxHosts: readonly string[];
}

/** Sessions that failed in the same way. What is not known is absent. */
export interface FailureDetail {
  readonly resultType: ResultType;
  /** Failed sessions, at least 1. */
  readonly count: number;
  readonly sendingMtaIp?: string;
  readonly receivingMxHostname?: string;
  readonly receivingMxHelo?: string;
  readonly receivingIp?: string;
  /** A URI. */
  readonly additionalInformation?: string;
  readonly reasonCode?: string;
}

/** What came of the sessions held to one policy. */
export interface PolicyResult {
  readonly policy: ReportPolicy;
  readonly successes: number;
  /** Sessions, not details: a session may fail in more than one way. */
  readonly failures: number;
  readonly details: readonly FailureDetail[];
}

/** A report as we write it: strict, complete. */
export interface TlsReport {
  readonly organizationName: string;
  /** A mailbox; its domain is the submitter. */
  readonly contactInfo: string;
  readonly reportId: string;
  /** Milliseconds since the Unix epoch; the range is half-open: `end` is the first moment after it. */
  readonly start: number;
  readonly end: number;
  readonly policies: readonly PolicyResult[];
}

/** A policy as another's report names it. `other`: a type that no RFC knows, kept in `rawType`. */
export interface ReceivedPolicy extends Omit<ReportPolicy, 'type'> {
  readonly type: PolicyType | 'other';
  readonly rawType: string;
  /** Where the domain was taken from; anything but `report` is a guess. `unknown`: the domain is ''. */
  readonly domainFrom: 'report' | 'header' | 'report-id' | 'file-name' | 'unknown';
}

/** A failure as another's report names it. `unknown`: a result type that no RFC knows, kept in `rawResultType`. */
export interface ReceivedDetail extends Omit<FailureDetail, 'resultType'> {
  readonly resultType: ResultType | 'unknown';
  readonly rawResultType: string;
}

/** What another says of the sessions held to one policy. */
export interface ReceivedPolicyResult {
  readonly policy: ReceivedPolicy;
  readonly successes: number;
  readonly failures: number;
  readonly details: readonly ReceivedDetail[];
}

/** Another's report in normal form: all spellings of the same facts are equal here. */
export interface ReceivedReport {
  /** As written; '' where there is none. */
  readonly organizationName: string;
  readonly contactInfo?: string;
  /** Opaque, unique at best for its sender. */
  readonly reportId: string;
  /** Milliseconds since the Unix epoch, UTC, half-open as in {@link TlsReport}. */
  readonly start: number;
  readonly end: number;
  readonly policies: readonly ReceivedPolicyResult[];
}
