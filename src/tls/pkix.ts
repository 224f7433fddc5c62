/**
 * OpenSSL's verdict on a chain, as a failure with a result type. Names are another matter: see `identity.ts`.
 *
 * @module
 */
import type { X509Certificate } from 'node:crypto';
import type { ErrorCode } from '../errors.ts';
import type { Failure, ResultType } from '../failure.ts';
import { certificateText } from './certificate-text.ts';
import type { PkixVerdict } from './types.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly resultType: ResultType;
  readonly words: string;
}

const trustFailure = (code: ErrorCode, words: string): Meaning => ({
  code,
  resultType: 'certificate-not-trusted',
  words,
});

const ISSUER_UNKNOWN = trustFailure(
  'TLS_CERTIFICATE_ISSUER_UNKNOWN',
  'does not lead to a trusted root (is an intermediate certificate missing?)',
);
const UNTRUSTED = trustFailure('TLS_CERTIFICATE_ROOT_UNTRUSTED', 'ends at an untrusted root');
const CHAIN_INVALID = trustFailure('TLS_CERTIFICATE_CHAIN_INVALID', 'breaks a rule of its chain');

/**
 * The names of OpenSSL's verdicts. Everything that concerns a certificate but its age and name is
 * `certificate-not-trusted`, the label that RFC 8460 §4.3.1 keeps for all of them; the reason code
 * tells them apart.
 */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  CERT_HAS_EXPIRED: {
    code: 'TLS_CERTIFICATE_EXPIRED',
    resultType: 'certificate-expired',
    words: 'has expired, or one above it has',
  },
  CERT_NOT_YET_VALID: trustFailure('TLS_CERTIFICATE_NOT_YET_VALID', 'is not valid yet'),
  DEPTH_ZERO_SELF_SIGNED_CERT: trustFailure('TLS_CERTIFICATE_SELF_SIGNED', 'is self-signed'),
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_REJECTED: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ISSUER_UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT: ISSUER_UNKNOWN,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ISSUER_UNKNOWN,
  INVALID_PURPOSE: trustFailure('TLS_CERTIFICATE_PURPOSE', 'is not for TLS servers'),
  CERT_REVOKED: trustFailure('TLS_CERTIFICATE_REVOKED', 'was revoked'),
  CERT_SIGNATURE_FAILURE: CHAIN_INVALID,
  INVALID_CA: CHAIN_INVALID,
  PATH_LENGTH_EXCEEDED: CHAIN_INVALID,
  CERT_CHAIN_TOO_LONG: CHAIN_INVALID,
};

/** For every other verdict. Node.js calls most of them `UNSPECIFIED`, e.g. a breach of name constraints. */
const OTHER = trustFailure('TLS_CERTIFICATE_UNVERIFIED', 'could not be verified');

/**
 * The verdict on a chain (RFC 8461 §4.2: valid, unexpired, chaining to a trusted root).
 *
 * @param reason OpenSSL's word without `X509_V_ERR_`; undefined if it has no complaint
 * @param leaf the certificate of the server
 * @param peer what a person calls the server
 */
export function pkixVerdict(
  reason: string | undefined,
  leaf: X509Certificate,
  peer: string,
): PkixVerdict {
  return reason === undefined
    ? { trusted: true }
    : { trusted: false, failure: pkixFailure(reason, leaf, peer) };
}

function pkixFailure(reason: string, leaf: X509Certificate, peer: string): Failure {
  const { code, resultType, words } = MEANINGS[reason] ?? OTHER;
  return {
    code,
    detail: `the certificate of ${peer} ${words} (${reason}): ${certificateText(leaf)}`,
    resultType,
    reasonCode: reason,
  };
}
