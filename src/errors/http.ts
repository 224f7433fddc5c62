/**
 * Error codes of `http/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `HTTP_`. */
export const HTTP_ERRORS = {
  HTTP_TIMEOUT: {
    meaning: 'The HTTPS request did not finish in time.',
    action: 'Check the host and the path to it.',
  },
} as const satisfies Record<string, ErrorEntry>;
