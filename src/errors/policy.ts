/**
 * Error codes of `tls-policy/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `POLICY_`. */
export const POLICY_ERRORS = {
  POLICY_NULL_MX: {
    meaning: 'The domain says that it takes no mail.',
    action: 'Return the message: no retry can help.',
    rule: 'RFC 7505 §3',
  },
} as const satisfies Record<string, ErrorEntry>;
