/**
 * Error codes of `mta-sts/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `STS_`. */
export const STS_ERRORS = {
  STS_RECORD_NONE: {
    meaning: 'The domain publishes no MTA-STS record.',
    action: 'Nothing: the domain does not take part.',
    rule: 'RFC 8461 §3.1',
  },
} as const satisfies Record<string, ErrorEntry>;
