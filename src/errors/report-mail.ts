/**
 * Error codes of reports in mail.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `REPORT_MAIL_`. */
export const REPORT_MAIL_ERRORS = {} as const satisfies Record<string, ErrorEntry>;
