/**
 * Error codes of `tlsrpt/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `TLSRPT_`. */
export const TLSRPT_ERRORS = {
  TLSRPT_RECORD_NONE: {
    meaning: 'The domain publishes no TLS reporting record.',
    action: 'Nothing: the domain wants no reports.',
    rule: 'RFC 8460 §3',
  },
} as const satisfies Record<string, ErrorEntry>;
