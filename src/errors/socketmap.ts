/**
 * Error codes of asking a socketmap server.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `SOCKETMAP_`. */
export const SOCKETMAP_ERRORS = {
  SOCKETMAP_UNREACHABLE: {
    meaning: 'Nobody can be reached where the socketmap server should listen.',
    action:
      'Start the service, or compare the address with socketmap.listen; for a UNIX socket look at its path and mode too.',
  },
  SOCKETMAP_LISTEN_FAILED: {
    meaning: 'The service cannot listen where `socketmap.listen` says, and does not start.',
    action:
      'The message says what is in the way: a port that is taken, a folder that does not exist or may not be written to, a path over 107 octets, a file that is no socket.',
  },
  SOCKETMAP_TIMEOUT: {
    meaning: 'The socketmap server took the question and gave no answer in time.',
    action: 'Look at its log and at its metrics; it may wait for a resolver that does not answer.',
  },
  SOCKETMAP_ANSWER_INVALID: {
    meaning: 'What listens there does not answer with a netstring.',
    action: 'Check that the address is that of a socketmap server, not of the HTTP API.',
  },
} as const satisfies Record<string, ErrorEntry>;
