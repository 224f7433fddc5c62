/**
 * Error codes of `smtp/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `SMTP_`. */
export const SMTP_ERRORS = {
  SMTP_TIMEOUT: {
    meaning: 'The server did not answer a command in time.',
    action: 'Try again later.',
    rule: 'RFC 5321 §4.5.3.2',
  },
} as const satisfies Record<string, ErrorEntry>;
