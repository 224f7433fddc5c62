/**
 * Error codes of sending reports.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `REPORT_SEND_`. */
export const REPORT_SEND_ERRORS = {} as const satisfies Record<string, ErrorEntry>;
