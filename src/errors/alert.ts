/**
 * Error codes of alerts.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `ALERT_`. */
export const ALERT_ERRORS = {
  ALERT_NOT_SENT: {
    meaning: 'An alert could not be sent; it is tried again for a day.',
    action: 'Look at the detail: the mailbox or the webhook refuses, or cannot be reached.',
  },
  ALERT_GIVEN_UP: {
    meaning: 'An alert was tried for a day and is not sent any more.',
    action: 'Read it with `smtp-sts report alerts`, and mend `reporting.alerts`.',
  },
  ALERT_NO_SENDER: {
    meaning: 'Alerts are to be sent by mail, and there is no address to send them from.',
    action: 'Set `reporting.alerts.mail_from` or `reporting.send.contact`.',
  },
  ALERT_LOOK_FAILED: {
    meaning: 'It could not be looked for reasons to raise an alert.',
    action: 'It is tried again. If it goes on, look after the database.',
  },
  ALERT_TOO_MANY: {
    meaning:
      'So many alerts about one domain are due, of one sender or of all, that the rest is told in one.',
    action:
      'Look at them with `smtp-sts report alerts --open`. A sender that reports nonsense can be named in `reporting.receive.ignore_senders`.',
  },
} as const satisfies Record<string, ErrorEntry>;
