/**
 * What is read of a mail that carries reports.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';

/** How much of a mail is read at most. */
export interface MailLimits {
  /** Of the whole mail, octets. */
  readonly maxBytes: number;
  /** Of all header fields, those of parts too, octets. */
  readonly maxHeaderBytes: number;
  readonly maxParts: number;
  /** Of parts in parts; and of mails forwarded in mails. */
  readonly maxDepth: number;
}

/** Far above what any reporter sends. */
export const DEFAULT_MAIL_LIMITS: MailLimits = {
  maxBytes: 10_000_000,
  maxHeaderBytes: 65_536,
  maxParts: 100,
  maxDepth: 10,
};

/** What a mail says about itself. All of it is a hint only: the report itself wins (RFC 8460 §5.6). */
export interface MailFacts {
  /** The mail itself, the one whose signature vouches for its attachments: for a forwarded one, the inner mail. */
  readonly message: Uint8Array;
  /** `TLS-Report-Domain`, A-labels; absent where it is missing or no name. */
  readonly headerDomain?: string;
  /** `TLS-Report-Submitter`, likewise. */
  readonly headerSubmitter?: string;
  /** Domain of the one address in `From`, A-labels. */
  readonly fromDomain?: string;
  /** Addresses in all `From` fields: anything but 1 cannot be authentic. */
  readonly fromCount: number;
  /** Decoded, unfolded, not longer than 1000 characters; '' where there is none. */
  readonly subject: string;
  /** With its brackets. */
  readonly messageId?: string;
}

/** `outer`: the whole body, or a part of the outermost multipart; `inner`: a part of a part. */
export type PartPlace = 'outer' | 'inner';

/** What may be a report: gzip, zip or JSON, not unpacked yet. */
export interface ReportAttachment {
  readonly bytes: Uint8Array;
  /** As written; hostile. */
  readonly fileName?: string;
  /** Lower case. */
  readonly mediaType: string;
  readonly place: PartPlace;
  /** The mail it is attached to: with several forwarded mails, each has its own. */
  readonly mail: MailFacts;
}

/** A mail with at least one attachment that may be a report; the facts are those of the first one's mail. */
export interface ReportMail extends MailFacts {
  /** At least one. */
  readonly attachments: readonly ReportAttachment[];
  /** Codes of the deviations, each once. */
  readonly notes: readonly ErrorCode[];
}
