/**
 * Error codes of the datagram socket for session results.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `DATAGRAM_`. */
export const DATAGRAM_ERRORS = {} as const satisfies Record<string, ErrorEntry>;
