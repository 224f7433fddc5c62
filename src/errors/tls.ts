/**
 * Error codes of `tls/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `TLS_`. */
export const TLS_ERRORS = {
  TLS_CERTIFICATE_EXPIRED: {
    meaning: 'The certificate, or one above it, has expired.',
    action: 'The owner of the host must renew it.',
    rule: 'RFC 8461 §4.2',
  },
} as const satisfies Record<string, ErrorEntry>;
