/**
 * The tables of the reports that came in. Times are milliseconds since the Unix epoch, days are UTC
 * days since 1970-01-01; 0 and 1 stand for no and yes. Texts of strangers are cut to a length and
 * hold no NUL; they are shown through `printable` alone.
 *
 * @module
 */

/**
 * What a report is worth. `counted`: it is part of the daily sums. `conflict`: another one of the
 * same sender and report-id says otherwise and counts. `replaced`: one that is more surely the
 * sender's counts in its place. `not-counted`: nothing proves who sent it.
 */
export type ReportState = 'counted' | 'conflict' | 'replaced' | 'not-counted';

/** A report that came in: what is known of it besides what it says. Kept as long as the daily sums, so that it counts once. */
export interface ReceivedReportTable {
  /** Rises with the time of arrival. */
  id: string;
  /** Normalised name of who sent it. */
  sender: string;
  /** Digest of sender and report-id: what makes two reports the same one. */
  identity: string;
  /** Digest of all that it says but its contact, whatever the order and the spelling. */
  digest: string;
  report_id: string;
  organization: string;
  contact: string | null;
  /** The range, half-open. */
  starts_at: number;
  ends_at: number;
  /** The one day on which all of it is counted, however long its range. */
  day: number;
  received_at: number;
  way: 'https' | 'smtp' | 'maildir' | 'file';
  auth_kind: 'verified' | 'unaligned' | 'broken' | 'unsigned' | 'temporary' | 'unauthenticated';
  /** The signing domain, where a signature is valid. */
  auth_domain: string | null;
  auth_selector: string | null;
  /** JSON: list of texts. */
  auth_notes: string;
  /** 1: `auth_kind` is `verified`. */
  verified: 0 | 1;
  /** JSON: list of error codes. */
  deviations: string;
  /** JSON: what the mail or the file name said, for reading it again; an object. */
  hints: string;
  state: ReportState;
  /** The report that counts in its place, or null. */
  other_id: string | null;
  /**
   * The policy domains it speaks of, each with a space before and behind: ` a.example  b.example `;
   * a ` * ` at the end says that there are more.
   */
  domains: string;
  /** Sessions about domains of ours, counted once where two policies saw the same ones. */
  successes: number;
  failures: number;
  /** Octets, as it came. */
  size: number;
  /** 0 once `received_raw` and `received_policy` have been deleted because of their age. */
  has_details: 0 | 1;
}

/** A report as it came: gzip, zip or JSON. */
export interface ReceivedRawTable {
  report_id: string;
  data: Uint8Array;
}

/** What a report that is counted says of one policy, numbered from 0. Of others the octets are enough. */
export interface ReceivedPolicyTable {
  report_id: string;
  number: number;
  type: 'tlsa' | 'sts' | 'no-policy-found' | 'other';
  raw_type: string;
  /** A-labels; '' where it could not be found out. */
  domain: string;
  domain_from: 'report' | 'header' | 'report-id' | 'file-name' | 'unknown';
  /** 1: the domain is one of ours, so that the policy is in the daily sums if its report is counted. */
  ours: 0 | 1;
  /** As in `received_report`. */
  day: number;
  successes: number;
  failures: number;
  /** JSON: lists of texts. */
  strings: string;
  mx_hosts: string;
  /** JSON: list of `ReceivedDetail`. */
  details: string;
}

/**
 * Sessions of a domain on a day, of all senders: small, so that years are summed up in no time.
 * Sessions that a sender lists under two policies are counted once.
 */
export interface ReportDailyTable {
  /** A-labels. */
  domain: string;
  /** The month of `day`, 202612: the key has it, so that months are summed in the order of the rows. */
  month: number;
  day: number;
  reports: number;
  successes: number;
  failures: number;
}

/**
 * The same for each sender, and by policy type. `successes` and `failures` are sessions, counted
 * once; the columns of the types may together say more (the same sessions under two policies).
 */
export interface ReportDailySenderTable {
  domain: string;
  day: number;
  sender: string;
  reports: number;
  /** Those of `reports` whose sender is proven. */
  verified_reports: number;
  successes: number;
  failures: number;
  /** Those of `successes` and `failures` that reports with a proven sender name. */
  verified_successes: number;
  verified_failures: number;
  tlsa_successes: number;
  tlsa_failures: number;
  sts_successes: number;
  sts_failures: number;
  none_successes: number;
  none_failures: number;
  /** Policy types that no RFC knows. */
  other_successes: number;
  other_failures: number;
}

/** Failed sessions of a kind, by domain, day and sender. What a report does not itemise is not here. */
export interface ReportDailyFailureTable {
  domain: string;
  day: number;
  sender: string;
  /** An RFC 8460 result type, or `unknown`. */
  result_type: string;
  /** As written, where the result type is `unknown`; else ''. */
  raw_type: string;
  /** Receiving MX host, or ''. */
  mx: string;
  /** `failure-reason-code`, or ''. */
  reason: string;
  sessions: number;
  /** Those that reports with a proven sender name. */
  verified_sessions: number;
  /** When the first report came that speaks of it. */
  first_seen_at: number;
}

/** What of a sender was stored on a day; what an operator imports is not counted. */
export interface ReportQuotaTable {
  day: number;
  /** Who is proven; for all others together the way they came. */
  sender: string;
  /** Reports. */
  stored: number;
  /** About what they take up. */
  octets: number;
}

/** The tables of the reports that came in. */
export interface ArchiveTables {
  received_report: ReceivedReportTable;
  received_raw: ReceivedRawTable;
  received_policy: ReceivedPolicyTable;
  report_daily: ReportDailyTable;
  report_daily_sender: ReportDailySenderTable;
  report_daily_failure: ReportDailyFailureTable;
  report_quota: ReportQuotaTable;
}
