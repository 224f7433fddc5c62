/**
 * What OpenSSL and the system say when a TLS session breaks, as a failure.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { Failure } from '../failure.ts';

/** What a code means: the pattern it shows in, our code, and words for a person. */
interface Meaning {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly words: string;
}

/** In order: the first pattern that fits decides. */
const MEANINGS: readonly Meaning[] = [
  {
    pattern: /^(ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE)$|UNEXPECTED_EOF/,
    code: 'TLS_HANDSHAKE_CLOSED',
    words: 'closed or reset the connection during TLS',
  },
  {
    pattern: /^(ETIMEDOUT|ERR_TLS_HANDSHAKE_TIMEOUT)$/,
    code: 'TLS_HANDSHAKE_TIMEOUT',
    words: 'stopped answering during TLS',
  },
  {
    pattern: /CERTIFICATE_REQUIRED/,
    code: 'TLS_CLIENT_CERTIFICATE_REQUIRED',
    words: 'demands a client certificate',
  },
  {
    pattern: /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|WRONG_SSL_VERSION/,
    code: 'TLS_VERSION_TOO_OLD',
    words: 'offers no TLS version that is new enough',
  },
  {
    pattern: /UNRECOGNI[SZ]ED_NAME/,
    code: 'TLS_NAME_REFUSED',
    words: 'has no certificate for the name',
  },
  {
    pattern: /ALERT_HANDSHAKE_FAILURE|ALERT_INSUFFICIENT_SECURITY|NO_SHARED_CIPHER/,
    code: 'TLS_HANDSHAKE_REFUSED',
    words: 'found no cipher suite to agree on',
  },
  {
    pattern: /ALERT/,
    code: 'TLS_ALERT',
    words: 'broke TLS off with an alert',
  },
  {
    pattern:
      /WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG|BAD_RECORD_TYPE|UNKNOWN_PROTOCOL|NOT_ON_RECORD_BOUNDARY/,
    code: 'TLS_NOT_TLS',
    words: 'answered with something that is not TLS',
  },
];

/**
 * Names an error of a TLS socket, during the handshake or after it.
 *
 * @param peer what a person calls the other side
 * @returns a failure of result type `validation-failure` (RFC 8460 §4.3), with OpenSSL's or the system's word as reason
 */
export function tlsFailure(error: Error, peer: string): Failure {
  const reason = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN';
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(reason));
  return {
    code: meaning?.code ?? 'TLS_HANDSHAKE_FAILED',
    detail: `${peer} ${meaning?.words ?? 'and this program could not agree on TLS'} (${reason})`,
    resultType: 'validation-failure',
    reasonCode: reason.replace(/^ERR_(SSL|TLS)_/, ''),
  };
}
