/**
 * Error codes of reports as files.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `TLSRPT_REPORT_`. */
export const REPORT_ERRORS = {} as const satisfies Record<string, ErrorEntry>;
