/**
 * The tables of the session counts for TLS reports. Days are days since 1970-01-01, UTC.
 *
 * @module
 */

/** Sessions of a day to one recipient domain under one policy. */
export interface TallyCountTable {
  day: number;
  /** A-labels. */
  recipient_domain: string;
  /** Key of `tally_policy`. */
  policy: string;
  /** The policy's domain where it is DANE, by which its host's owner is found; else ''. */
  tlsa_base_domain: string;
  successes: number;
  /** Sessions, not details. */
  failures: number;
}

/** Sessions of a count that failed in the same way. */
export interface TallyFailureTable {
  day: number;
  recipient_domain: string;
  policy: string;
  /** Key of `tally_detail`. */
  detail: string;
  sessions: number;
}

/** A policy, stored once however many sessions were held to it. */
export interface TallyPolicyTable {
  /** Digest of all that follows but the day. */
  digest: string;
  type: 'tlsa' | 'sts' | 'no-policy-found';
  domain: string;
  /** JSON: a list of texts. */
  strings: string;
  /** JSON: a list of texts. */
  mx_hosts: string;
  /** The last day of which a count names it. */
  last_day: number;
}

/** A way to fail, stored once however often it happened. */
export interface TallyDetailTable {
  /** Digest of `detail`. */
  digest: string;
  /** JSON: a failure detail without its count. */
  detail: string;
  last_day: number;
}

/** What each process has written last, so that nothing is written twice. */
export interface TallyWriterTable {
  /** Different for each process. */
  writer: string;
  /** Number of its last batch. */
  batch: number;
  /** The newest day in it. */
  last_day: number;
}

/** The tables of the session counts for TLS reports. */
export interface TallyTables {
  tally_count: TallyCountTable;
  tally_failure: TallyFailureTable;
  tally_policy: TallyPolicyTable;
  tally_detail: TallyDetailTable;
  tally_writer: TallyWriterTable;
}
