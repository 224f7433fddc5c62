/**
 * Error codes of alerts.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `ALERT_`. */
export const ALERT_ERRORS = {} as const satisfies Record<string, ErrorEntry>;
