/**
 * The tables of the reports that are to be sent. Times are milliseconds since the Unix epoch, days
 * are UTC days since 1970-01-01.
 *
 * @module
 */

/** A domain of a day that may have to get a report, and what was made of it. */
export interface ReportSubjectTable {
  day: number;
  /** Recipient domain, or MX host; one that is both gets one report. A-labels. */
  domain: string;
  state: 'due' | 'made' | 'no-record' | 'skipped' | 'nothing' | 'given-up';
  /** When its turn comes, or comes again. */
  due_at: number;
  /** Look-ups that got no answer. */
  attempts: number;
  /** Why it stands as it does; '' where there is nothing to say. */
  note: string;
}

/** A report that was made. */
export interface ReportOutboxTable {
  /** As it stands in the report: the same for the same day, domain and submitter. */
  report_id: string;
  day: number;
  domain: string;
  /** `delivered`: one place at least has it (RFC 8460 §3). `failed`: none has, and none will. */
  state: 'waiting' | 'delivered' | 'failed';
  made_at: number;
  /** The node that made it. */
  made_by: string;
  file_name: string;
  submitter: string;
  /** The organisation as it stands in the report. */
  organization: string;
  policies: number;
  successes: number;
  failures: number;
  /** The TXT record as it was when the report was made. */
  record: string;
  /** The report, packed with gzip. */
  content: Uint8Array;
}

/** A report at one of the places that it goes to. */
export interface ReportTargetTable {
  report_id: string;
  /** Position in the record, from 0. */
  number: number;
  kind: 'mailto' | 'https';
  /** The address, or the URL. */
  target: string;
  /** What the daily limit counts by: the address without `+tag`, or the host. */
  place: string;
  state:
    | 'waiting'
    /** Its turn comes if the places before it fail. */
    | 'standby'
    | 'accepted'
    | 'refused'
    | 'expired'
    | 'suppressed'
    | 'over-limit'
    /** Another place has it, and one is enough. */
    | 'not-needed';
  attempts: number;
  next_at: number;
  /** 0 before the first attempt. */
  first_at: number;
  /** The UTC day of the first attempt, for the daily limit; null before it. */
  first_day: number | null;
  /** The node that tries it now, until when, or null. */
  claimed_by: string | null;
  claimed_until: number | null;
  /** Of the newest attempt; '' and 0 before the first. */
  last_at: number;
  last_code: string;
  last_text: string;
}

/** A place that gets no reports. */
export interface ReportSuppressionTable {
  /** A mail address, or a domain or host with all below it; lower case, A-labels. */
  place: string;
  reason: string;
  added_at: number;
  /** The operating system's user. */
  added_by: string;
}

/** The tables of the reports that are to be sent. */
export interface OutboxTables {
  report_subject: ReportSubjectTable;
  report_outbox: ReportOutboxTable;
  report_target: ReportTargetTable;
  report_suppression: ReportSuppressionTable;
}
