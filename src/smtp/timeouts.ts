/**
 * How long each step of the dialogue may take (RFC 5321 §4.5.3.2).
 *
 * @module
 */
import type { SmtpTimeouts } from './types.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** The waits of RFC 5321 §4.5.3.2; those it does not name are ours. */
export const DEFAULT_TIMEOUTS: SmtpTimeouts = {
  // Ours: a host that does not answer in half a minute is tried later.
  connect: 30 * SECOND,
  greeting: 5 * MINUTE,
  ehlo: 5 * MINUTE,
  startTls: 2 * MINUTE,
  mail: 5 * MINUTE,
  rcpt: 5 * MINUTE,
  dataStart: 2 * MINUTE,
  dataBlock: 3 * MINUTE,
  dataEnd: 10 * MINUTE,
  // Ours: the message is delivered, nothing depends on the goodbye.
  quit: 5 * SECOND,
};
