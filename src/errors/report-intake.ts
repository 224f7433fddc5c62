/**
 * Error codes of taking reports in.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `REPORT_INTAKE_`. */
export const REPORT_INTAKE_ERRORS = {} as const satisfies Record<string, ErrorEntry>;
