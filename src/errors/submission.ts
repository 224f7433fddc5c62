/**
 * Error codes of a message that is handed in.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `SUBMISSION_`. */
export const SUBMISSION_ERRORS = {
  SUBMISSION_NO_RECIPIENT: {
    meaning: 'Nobody is named to whom the message could go.',
    action: 'Name a recipient with --to, or in To, Cc or Bcc.',
    rule: 'RFC 5321 §3.3',
  },
  SUBMISSION_NO_HEADER: {
    meaning: 'The message does not begin with a header field, so it is no message.',
    action: 'Put at least From and Date before the text, then an empty line.',
    rule: 'RFC 5322 §3.6',
  },
  SUBMISSION_NO_SENDER: {
    meaning: 'The message has no From, and no envelope sender was given.',
    action: 'Name a sender with --from; --from "<>" for none.',
    rule: 'RFC 5322 §3.6.2',
  },
} as const satisfies Record<string, ErrorEntry>;
