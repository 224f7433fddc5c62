/**
 * Error codes of reports in mail.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `REPORT_MAIL_`. */
export const REPORT_MAIL_ERRORS = {
  REPORT_MAIL_NO_REPORT: {
    meaning: 'The mail is no TLS report: an ordinary mail, a bounce, a DMARC report.',
    action: 'Nothing to do. If many come, let the report mailbox take TLS reports only.',
    rule: 'RFC 8460 §5.3',
  },
  REPORT_MAIL_TOO_LARGE: {
    meaning: 'The mail is larger than reports are.',
    action: 'Raise reporting.receive.max_bytes if a reporter you know sends so much.',
    rule: 'RFC 8460 §5.2',
  },
  REPORT_MAIL_HEADER_TOO_LONG: {
    meaning: 'The headers of the mail are longer than any honest mail needs.',
    action: 'Nothing to do: the mail was not read any further.',
    rule: 'RFC 8460 §7',
  },
  REPORT_MAIL_TOO_MANY_PARTS: {
    meaning: 'The mail has more parts, or lines that look like their borders, than a report needs.',
    action: 'Nothing to do: the mail was not read any further.',
    rule: 'RFC 8460 §7',
  },
  REPORT_MAIL_TOO_DEEP: {
    meaning: 'The parts of the mail, or mails forwarded in it, are nested deeper than is read.',
    action: 'Take the report out of the mail and hand it in as a file.',
    rule: 'RFC 8460 §7',
  },
  REPORT_MAIL_MEDIA_TYPE: {
    meaning: 'The report is attached under a media type that is not that of TLS reports.',
    action: 'Nothing to do: the content decided.',
    rule: 'RFC 8460 §5.3',
  },
  REPORT_MAIL_NOT_MULTIPART_REPORT: {
    meaning: 'The mail is not multipart/report with the report type tlsrpt.',
    action: 'Nothing to do: the attachments decided.',
    rule: 'RFC 8460 §5.3',
  },
  REPORT_MAIL_FORWARDED: {
    meaning: 'The report came in a mail that somebody forwarded as an attachment.',
    action: 'Nothing to do: the forwarded mail was read, and its signature is the one that counts.',
  },
  REPORT_MAIL_UNCLOSED: {
    meaning: 'The mail has no closing delimiter behind its last part.',
    action: 'Nothing to do: all parts were read.',
    rule: 'RFC 2046 §5.1.1',
  },
  REPORT_MAIL_BARE_CR: {
    meaning: 'A header of the mail is broken by a CR without LF.',
    action: 'Nothing to do: it was read as a fold.',
    rule: 'RFC 5322 §2.2',
  },
  REPORT_MAIL_FIELDS_MISSING: {
    meaning: 'The mail lacks TLS-Report-Domain or TLS-Report-Submitter.',
    action: 'Nothing to do: the report itself says both.',
    rule: 'RFC 8460 §5.3',
  },
  REPORT_MAIL_FROM: {
    meaning: 'The mail has no From, or more than one author.',
    action: 'Such a mail is never taken as authentic; tell the reporter.',
    rule: 'RFC 5322 §3.6.2',
  },
} as const satisfies Record<string, ErrorEntry>;
