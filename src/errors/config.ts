/**
 * Error codes of `config/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `CONFIG_`. */
export const CONFIG_ERRORS = {
  CONFIG_INVALID: {
    meaning: 'The configuration file breaks the schema.',
    action: 'Mend the line that the message names.',
  },
} as const satisfies Record<string, ErrorEntry>;
