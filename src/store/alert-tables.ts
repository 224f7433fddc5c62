/**
 * The tables of the alerts about reports, and of what we saw of ourselves. Times are milliseconds
 * since the Unix epoch, days are UTC days since 1970-01-01.
 *
 * @module
 */

/** An alert: one row each time it opens. */
export interface ReportAlertTable {
  id: string;
  /** What it is about: the same whenever it opens again. One of a key is open at a time. */
  key: string;
  kind: 'failure' | 'rate' | 'silent' | 'foreign-policy';
  domain: string;
  opened_at: number;
  /** Null while it is open. */
  closed_at: number | null;
  /** The newest day that speaks for it. */
  last_day: number;
  /** JSON: what was found when it opened. */
  facts: string;
}

/** A message about alerts that waits to be sent, or was. */
export interface ReportAlertMessageTable {
  id: string;
  channel: 'mail' | 'webhook';
  /** The mailbox or the address of the webhook. */
  target: string;
  /** JSON: the events that it tells. */
  events: string;
  created_at: number;
  state: 'waiting' | 'sent' | 'given-up';
  attempts: number;
  next_at: number;
  /** What the last attempt came to, or null. */
  last_text: string | null;
}

/** Something that we saw of ourselves: one row for each change. */
export interface OwnStateTable {
  /** A domain or an MX host of ours. */
  subject: string;
  kind: 'policy' | 'mx' | 'tls' | 'tlsa';
  first_seen: number;
  last_seen: number;
  /** JSON. */
  value: string;
}

/** The tables of the alerts about reports. */
export interface AlertTables {
  report_alert: ReportAlertTable;
  report_alert_message: ReportAlertMessageTable;
  own_state: OwnStateTable;
}
