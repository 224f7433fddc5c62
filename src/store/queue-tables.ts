/**
 * The tables of the mail queue. Times are milliseconds since the Unix epoch; 0 and 1 stand for no
 * and yes.
 *
 * @module
 */

/** A queued message: its envelope without recipients, and how it came in. */
export interface QueueMessageTable {
  id: string;
  accepted_at: number;
  /** '' is the null reverse-path. */
  reverse_path: string;
  ret: 'FULL' | 'HDRS' | null;
  /** Unencoded. */
  envid: string | null;
  body: '7BIT' | '8BITMIME' | null;
  smtp_utf8: 0 | 1;
  require_tls: 0 | 1;
  /** The header `TLS-Required: No` is there. */
  tls_required_no: 0 | 1;
  /** Octets of the content. */
  size: number;
  /** '' where there is none. */
  message_id_header: string;
  via: 'submission' | 'network' | 'own';
  submitted_by: string | null;
  client_address: string | null;
  helo_name: string | null;
}

/** The content of a message in parts, numbered from 0. */
export interface QueuePartTable {
  message_id: string;
  number: number;
  data: Uint8Array;
}

/** A message whose parts are being written and which nobody has accepted yet. */
export interface QueueUploadTable {
  message_id: string;
  /** The node that writes it. */
  owner: string;
}

/** A message at one destination, as long as a recipient there waits: what is scheduled. */
export interface QueueJobTable {
  message_id: string;
  /** Recipient domain, or an address literal in brackets. */
  destination: string;
  state: 'waiting' | 'held';
  /** Attempts so far. */
  attempts: number;
  next_at: number;
  /** The node that works on it, or null. */
  taken_by: string | null;
  delay_notice_sent: 0 | 1;
  /** End of the first attempt that left somebody waiting, or null. */
  first_failed_at: number | null;
}

/** A recipient. Those that are done stay until the whole message is. */
export interface QueueRecipientTable {
  message_id: string;
  destination: string;
  /** Position in the message. */
  number: number;
  address: string;
  /** Comma-separated words of NOTIFY, or null. */
  notify: string | null;
  orcpt: string | null;
  state: 'waiting' | 'delivered' | 'failed' | 'dropped';
  /** Of the newest attempt; '' and 0 before the first. */
  last_text: string;
  last_code: string;
  last_host: string;
  last_at: number;
}

/** An attempt that left somebody waiting: what was decided and seen. */
export interface QueueAttemptTable {
  message_id: string;
  destination: string;
  /** From 1. */
  number: number;
  started_at: number;
  ended_at: number;
  /** JSON: a list of `AttemptEvent`. */
  events: string;
  /** Key of `queue_decision`, or null. */
  decision_digest: string | null;
}

/** A decision record, stored once however many messages it kept waiting. */
export interface QueueDecisionTable {
  /** SHA-256 of the record, hexadecimal. */
  digest: string;
  /** What `decisionToJson` wrote. */
  record: string;
  last_used_at: number;
}

/** A node that has, or had, jobs. */
export interface QueueNodeTable {
  owner: string;
  /** Machine, its boot and its process namespace: where `pid` means something. */
  host: string;
  pid: number;
  /** When the process began, in the kernel's own count; tells it from a later one of the same number. */
  process_mark: string;
  heartbeat_at: number;
}

/** All tables of the queue. */
export interface QueueTables {
  queue_message: QueueMessageTable;
  queue_part: QueuePartTable;
  queue_upload: QueueUploadTable;
  queue_job: QueueJobTable;
  queue_recipient: QueueRecipientTable;
  queue_attempt: QueueAttemptTable;
  queue_decision: QueueDecisionTable;
  queue_node: QueueNodeTable;
}
