/**
 * Error codes of `dane/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `DANE_`. */
export const DANE_ERRORS = {
  DANE_NO_MATCH: {
    meaning: 'No usable TLSA record matches what the server presented.',
    action: 'The owner of the host must publish TLSA records for its certificate.',
    rule: 'RFC 7672 §3.2',
  },
} as const satisfies Record<string, ErrorEntry>;
