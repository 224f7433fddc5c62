/**
 * Error codes of taking reports in.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `REPORT_INTAKE_`. */
export const REPORT_INTAKE_ERRORS = {
  REPORT_INTAKE_TOO_LARGE: {
    meaning: 'What came is larger than a report or its mail may be.',
    action:
      'Look who sends so much; if it is a report, raise `reporting.receive.max_size`. Nothing was read of it.',
    rule: 'RFC 8460 §5.2',
  },
  REPORT_INTAKE_EMPTY: {
    meaning: 'There was nothing in the message or file.',
    action: 'Look whether whoever handed it over cut it short.',
  },
  REPORT_INTAKE_UNREADABLE: {
    meaning: 'It is not a report that can be understood: damaged, a bomb, or JSON of another kind.',
    action: 'Look at the faults that are listed with it, and tell the sender.',
    rule: 'RFC 8460 §4',
  },
  REPORT_INTAKE_NOT_VERIFIED: {
    meaning:
      'Nothing proves who sent the report, and `reporting.receive.unauthenticated` is `refuse`.',
    action:
      'Nothing, if it is a forgery. If the reporter is real, its DKIM signature was missing, broken on the way or of another organisation; `show` keeps such reports without counting them.',
    rule: 'RFC 8460 §3',
  },
  REPORT_INTAKE_KEY_UNKNOWN: {
    meaning: 'The DKIM key of the sender could not be looked up now, so nobody knows who sent it.',
    action: 'Nothing: it is taken when it comes again. If it goes on, look at the resolver.',
    rule: 'RFC 6376 §6.1.2',
  },
  REPORT_INTAKE_FUTURE: {
    meaning: 'The report is about a day that has not begun.',
    action: 'Look at the clock of this machine; if it is right, the clock of the sender is wrong.',
    rule: 'RFC 8460 §4.1',
  },
  REPORT_INTAKE_STORE: {
    meaning: 'The store did not take the report.',
    action:
      'Look at the disk and the database. Mail stays where it is and senders are told to come again, so nothing is lost.',
  },
  REPORT_INTAKE_BUG: {
    meaning: 'Something that nobody expected happened while a report was taken in.',
    action:
      'Report it, with the message if you may: this is a fault of the program. Whoever handed it over keeps it and comes again, so nothing is lost.',
  },
  REPORT_ARCHIVE_NO_SUCH_REPORT: {
    meaning: 'There is no report of that id in the store.',
    action:
      'Look with `smtp-sts report list`; reports are deleted after `reporting.receive.keep_details`.',
  },
  REPORT_ARCHIVE_DETAILS_CUT: {
    meaning:
      'The report names more failures one by one than are kept of a sender that nobody proved: the first are kept, the others are joined by their type. All numbers of sessions are right.',
    action: 'Nothing; `smtp-sts report show --raw` has the report as it came.',
  },
  REPORT_ARCHIVE_FAILED: {
    meaning: 'Old reports could not be deleted.',
    action: 'Look at the database; it is tried again with the next turn.',
  },
} as const satisfies Record<string, ErrorEntry>;
