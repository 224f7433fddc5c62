/**
 * Error codes of `store/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `STORE_`. */
export const STORE_ERRORS = {
  STORE_UNAVAILABLE: {
    meaning: 'The database did not answer.',
    action:
      'Look at the database; answers come from memory until it is back, and nothing is relaxed.',
  },
} as const satisfies Record<string, ErrorEntry>;
