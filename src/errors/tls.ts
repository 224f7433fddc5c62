/**
 * Error codes of `tls/`.
 *
 * @module
 */
import type { ErrorEntry } from './entry.ts';

/** Codes that begin with `DIAL_` (before TLS) and `TLS_`. */
export const TLS_ERRORS = {
  DIAL_NOT_AN_ADDRESS: {
    meaning: 'A connection was asked for to something that is no IP address.',
    action: 'Report it: names are looked up before anything is dialled.',
  },
  DIAL_REFUSED: {
    meaning: 'The host answered that nothing listens on that port.',
    action: 'The owner of the host must start the service or open the port.',
  },
  DIAL_TIMEOUT: {
    meaning: 'The host did not answer the connection attempt in time.',
    action: 'Check the path to it; a firewall that drops packets looks like this.',
  },
  DIAL_UNREACHABLE: {
    meaning: 'There is no route to the address.',
    action:
      'Check the network, and for an IPv6 address whether this machine has IPv6 connectivity.',
  },
  DIAL_RESET: {
    meaning: 'The connection was broken off while it was being made.',
    action: 'Try again later; if it stays, ask the owner of the host.',
  },
  DIAL_LOCAL_ADDRESS: {
    meaning: 'The local address to connect from is not usable on this machine.',
    action: 'Configure an address that this machine has, of the same family as the target.',
  },
  DIAL_ABORTED: {
    meaning: 'The connection attempt was called off by this program.',
    action: 'Nothing: the caller no longer needed it, or the program is stopping.',
  },
  DIAL_FAILED: {
    meaning: 'The connection could not be made, for a reason that has no code of its own.',
    action: 'Read the detail; it carries the name of the system error.',
  },
  TLS_HANDSHAKE_TIMEOUT: {
    meaning: 'The TLS handshake did not finish in time.',
    action: 'Try again later; if it stays, ask the owner of the host.',
  },
  TLS_HANDSHAKE_CLOSED: {
    meaning: 'The server closed or reset the connection during the TLS handshake.',
    action: 'Try again later; a server that has no certificate for the name may act like this.',
  },
  TLS_HANDSHAKE_REFUSED: {
    meaning: 'The server found nothing to agree on, most often no common cipher suite.',
    action:
      'The owner of the host must offer modern suites, and must not demand a client certificate.',
    rule: 'RFC 9325 §4.2',
  },
  TLS_HANDSHAKE_FAILED: {
    meaning: 'The TLS handshake broke for a reason that has no code of its own.',
    action: 'Read the detail; it carries the reason in the words of OpenSSL.',
  },
  TLS_NOT_TLS: {
    meaning: 'The server answered the TLS handshake with something that is not TLS.',
    action: 'The owner of the host must mend it; a middlebox in between may be the cause.',
  },
  TLS_VERSION_TOO_OLD: {
    meaning: 'The server and this program share no TLS version that is new enough.',
    action: 'The owner of the host must offer TLS 1.2 or 1.3.',
    rule: 'RFC 8461 §7.2, RFC 8996',
  },
  TLS_NAME_REFUSED: {
    meaning: 'The server has no certificate for the name that was asked for, and said so.',
    action: 'The owner of the host must configure a certificate for the name.',
    rule: 'RFC 6066 §3',
  },
  TLS_CLIENT_CERTIFICATE_REQUIRED: {
    meaning: 'The server demands a client certificate, which mail servers in public do not have.',
    action: 'The owner of the host must not demand one.',
  },
  TLS_ALERT: {
    meaning: 'The server broke the TLS session off with an alert.',
    action: 'Read the detail; it carries the name of the alert.',
  },
  TLS_NO_CERTIFICATE: {
    meaning: 'The server presented no certificate.',
    action: 'The owner of the host must configure one.',
  },
  TLS_ABORTED: {
    meaning: 'The TLS handshake was called off by this program.',
    action: 'Nothing: the caller no longer needed it, or the program is stopping.',
  },
  TLS_CERTIFICATE_EXPIRED: {
    meaning: 'The certificate, or one above it, has expired.',
    action: 'The owner of the host must renew the certificate.',
    rule: 'RFC 8461 §4.2',
  },
  TLS_CERTIFICATE_NOT_YET_VALID: {
    meaning: 'The certificate, or one above it, is not valid yet.',
    action: 'Check the clock of this machine, then ask the owner of the host.',
    rule: 'RFC 8461 §4.2',
  },
  TLS_CERTIFICATE_SELF_SIGNED: {
    meaning: 'The certificate is signed by itself, and by nobody who is trusted.',
    action: 'The owner of the host must get a certificate from a public authority.',
    rule: 'RFC 8461 §4.2',
  },
  TLS_CERTIFICATE_ISSUER_UNKNOWN: {
    meaning:
      'The chain does not lead to a trusted root, or an intermediate certificate is missing.',
    action:
      'The owner of the host must send the whole chain; for a private authority set a CA file.',
    rule: 'RFC 8461 §4.2',
  },
  TLS_CERTIFICATE_ROOT_UNTRUSTED: {
    meaning: 'The chain ends at a root that is not trusted.',
    action: 'The owner of the host must use a public authority; for a private one set a CA file.',
    rule: 'RFC 8461 §4.2',
  },
  TLS_CERTIFICATE_PURPOSE: {
    meaning: 'A certificate of the chain may not be used for this purpose.',
    action: 'The owner of the host must get a certificate for TLS servers.',
    rule: 'RFC 5280 §4.2.1.12',
  },
  TLS_CERTIFICATE_REVOKED: {
    meaning: 'The certificate was revoked.',
    action: 'The owner of the host must replace it.',
    rule: 'RFC 8461 §10.5',
  },
  TLS_CERTIFICATE_CHAIN_INVALID: {
    meaning: 'The chain breaks a rule: a signature, a constraint, or a certificate authority flag.',
    action: 'The owner of the host must mend the chain; the detail has the reason.',
    rule: 'RFC 5280 §6.1',
  },
  TLS_CERTIFICATE_UNVERIFIED: {
    meaning: 'The certificate could not be verified for a reason that has no code of its own.',
    action: 'Read the detail; it carries the reason in the words of OpenSSL.',
    rule: 'RFC 8461 §4.2',
  },
  TLS_CERTIFICATE_NAME_MISMATCH: {
    meaning: 'The certificate does not carry the name of the host as a DNS name.',
    action:
      'The owner of the host must put the name into the subjectAltName; a common name does not count.',
    rule: 'RFC 8461 §4.2, RFC 9525 §6.3',
  },
  TLS_CA_FILE_UNREADABLE: {
    meaning: 'The file with trusted certificates cannot be read.',
    action: 'Check its path and permissions.',
  },
  TLS_CA_FILE_EMPTY: {
    meaning: 'The file with trusted certificates holds no PEM certificate.',
    action: 'Use a file with BEGIN CERTIFICATE blocks; DER must be converted first.',
  },
  TLS_CA_FILE_BROKEN: {
    meaning: 'A certificate in the file with trusted certificates cannot be read.',
    action: 'Mend or remove the block at the line that the detail names.',
  },
} as const satisfies Record<string, ErrorEntry>;
