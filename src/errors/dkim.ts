/**
 * Error codes of DKIM signatures and keys.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `DKIM_`. */
export const DKIM_ERRORS = {} as const satisfies Record<string, ErrorEntry>;
