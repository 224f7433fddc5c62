/**
 * The status code of a delivery report for what ended a delivery (RFC 3463, RFC 8689 §4.2.1).
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import type { Reply } from './types.ts';

/** Subject and detail of RFC 3463 for failures that come from this side. */
const STATUS: Readonly<Partial<Record<Failure['code'], string>>> = {
  SMTP_TIMEOUT: '4.2',
  SMTP_CONNECTION_LOST: '4.2',
  SMTP_FINAL_REPLY_MISSING: '4.2',
  SMTP_SERVER_CLOSING: '3.2',
  SMTP_REPLY_MALFORMED: '5.0',
  SMTP_REPLY_TOO_LONG: '5.0',
  SMTP_REPLY_UNEXPECTED: '5.0',
  SMTP_REPLY_UNSOLICITED: '5.0',
  SMTP_GREETING_REFUSED: '3.2',
  SMTP_STARTTLS_NOT_OFFERED: '7.10',
  SMTP_STARTTLS_REFUSED: '7.10',
  SMTP_STARTTLS_INJECTION: '7.10',
  SMTP_PEER_REFUSED: '7.10',
  SMTP_COMMAND_INVALID: '5.4',
  SMTP_ADDRESS_INVALID: '1.3',
  SMTP_MESSAGE_TOO_LARGE: '3.4',
  SMTP_8BITMIME_MISSING: '6.3',
  SMTP_SMTPUTF8_MISSING: '6.7',
  SMTP_REQUIRETLS_MISSING: '7.30',
  SMTP_REQUIRETLS_WITHOUT_TLS: '7.10',
  SMTP_MESSAGE_SOURCE_FAILED: '3.0',
};

/** Was it final? */
export type StatusClass = 'deferred' | 'failed';

/**
 * `5.7.30`, `4.4.2` and so on. The server's own enhanced code counts where it gave one of the same class.
 */
export function enhancedStatus(outcome: StatusClass, failure: Failure, reply?: Reply): string {
  const first = outcome === 'failed' ? '5' : '4';
  if (reply?.enhanced?.startsWith(first) === true) return reply.enhanced;
  return `${first}.${STATUS[failure.code] ?? '0.0'}`;
}
