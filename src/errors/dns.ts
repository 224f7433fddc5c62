/**
 * Error codes of `dns/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `DNS_`. */
export const DNS_ERRORS = {
  DNS_NAME_INVALID: {
    meaning: 'The name cannot be looked up: it is not a valid host name.',
    action: 'Mend the name.',
    rule: 'RFC 1035 §2.3.1, RFC 5891 §4',
  },
  DNS_TIMEOUT: {
    meaning: 'No resolver answered in time.',
    action: 'Check the resolver and the path to it.',
  },
  DNS_SERVFAIL: {
    meaning: 'The resolver could not get an answer.',
    action: 'Ask the owner of the zone, or try again later.',
  },
  DNS_BOGUS: {
    meaning: 'DNSSEC validation failed: the answer is forged, or the zone is signed wrongly.',
    action: 'Ask the owner of the zone. Nothing is sent meanwhile.',
    rule: 'RFC 7672 §2.1.1',
  },
} as const satisfies Record<string, ErrorEntry>;
