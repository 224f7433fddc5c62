/**
 * What kind of fault it was, as far as an author must be told something different. Pure.
 *
 * @module
 */
import type { Failure, ResultType } from '../../failure.ts';

/** Kinds of faults. */
export type Cause =
  // A policy asks for more than the host showed: the message was held back to keep it safe.
  | 'certificate-name'
  | 'certificate-expired'
  | 'certificate-early'
  | 'certificate-untrusted'
  | 'mx-not-in-policy'
  | 'starttls-missing'
  | 'starttls-tampered'
  | 'tls-broken'
  | 'dane-mismatch'
  | 'tlsa-lookup'
  | 'dane-required'
  | 'mx-forged'
  | 'requiretls-unsupported'
  | 'requiretls-mx'
  | 'requiretls-unverified'
  | 'requiretls-unsure'
  | 'policy-host'
  | 'no-safe-host'
  | 'route-unsafe'
  // The destination as such.
  | 'domain-missing'
  | 'null-mx'
  | 'no-host'
  | 'mx-lookup'
  | 'mail-loop'
  | 'address-invalid'
  | 'unreachable'
  | 'broken-dialogue'
  // A server spoke.
  | 'refused'
  | 'asked-to-wait'
  // The message.
  | 'too-large'
  | 'not-seven-bit'
  | 'needs-smtputf8'
  // This side.
  | 'route'
  | 'ours'
  | 'other';

const POLICY: ReadonlySet<Cause> = new Set<Cause>([
  'certificate-name',
  'certificate-expired',
  'certificate-early',
  'certificate-untrusted',
  'mx-not-in-policy',
  'starttls-missing',
  'starttls-tampered',
  'tls-broken',
  'dane-mismatch',
  'tlsa-lookup',
  'dane-required',
  'mx-forged',
  'requiretls-unsupported',
  'requiretls-mx',
  'requiretls-unverified',
  'requiretls-unsure',
  'policy-host',
  'no-safe-host',
  'route-unsafe',
]);

/** Was the message held back to keep it safe? Then neither its recipient nor its address is at fault. */
export function isPolicyCause(cause: Cause): boolean {
  return POLICY.has(cause);
}

const BY_CODE: Readonly<Partial<Record<Failure['code'], Cause>>> = {
  POLICY_REQUIRETLS_UNSUPPORTED: 'requiretls-unsupported',
  SMTP_REQUIRETLS_MISSING: 'requiretls-unsupported',
  POLICY_REQUIRETLS_MX: 'requiretls-mx',
  POLICY_REQUIRETLS_UNVERIFIED: 'requiretls-unverified',
  SMTP_REQUIRETLS_WITHOUT_TLS: 'requiretls-unverified',
  POLICY_REQUIRETLS_UNSURE: 'requiretls-unsure',
  POLICY_MX_NOT_IN_POLICY: 'mx-not-in-policy',
  POLICY_DANE_REQUIRED: 'dane-required',
  POLICY_NO_HOST_USABLE: 'no-safe-host',
  POLICY_DISCOVERY_FAILED: 'policy-host',
  POLICY_TLS_MISSING: 'starttls-missing',
  POLICY_DOMAIN_NOT_FOUND: 'domain-missing',
  POLICY_NULL_MX: 'null-mx',
  POLICY_NO_MX_HOST: 'no-host',
  POLICY_NO_ADDRESS: 'no-host',
  POLICY_MX_IS_ADDRESS: 'no-host',
  POLICY_MX_NAME_INVALID: 'no-host',
  POLICY_MX_LOOKUP_FAILED: 'mx-lookup',
  POLICY_ADDRESS_LOOKUP_FAILED: 'mx-lookup',
  POLICY_GATHER_TIMEOUT: 'mx-lookup',
  POLICY_MAIL_LOOP: 'mail-loop',
  POLICY_RECIPIENT_INVALID: 'address-invalid',
  POLICY_NEXT_HOP_INVALID: 'address-invalid',
  SMTP_ADDRESS_INVALID: 'address-invalid',
  POLICY_STORE_DOWN: 'ours',
  POLICY_DELIVERY_STOPPED: 'ours',
  POLICY_DELIVERY_BROKEN: 'ours',
  ROUTE_HOST_UNVOUCHED: 'route-unsafe',
  ROUTE_AUTH_UNSAFE: 'route-unsafe',
  SMTP_ABORTED: 'ours',
  SMTP_MESSAGE_SOURCE_FAILED: 'ours',
  SMTP_STARTTLS_NOT_OFFERED: 'starttls-missing',
  SMTP_STARTTLS_REFUSED: 'starttls-missing',
  SMTP_STARTTLS_INJECTION: 'starttls-tampered',
  SMTP_MESSAGE_TOO_LARGE: 'too-large',
  SMTP_8BITMIME_MISSING: 'not-seven-bit',
  SMTP_SMTPUTF8_MISSING: 'needs-smtputf8',
  SMTP_GREETING_REFUSED: 'unreachable',
  SMTP_EHLO_REFUSED: 'unreachable',
  TLS_CERTIFICATE_NAME_MISMATCH: 'certificate-name',
  DANE_NAME_MISMATCH: 'certificate-name',
  TLS_CERTIFICATE_EXPIRED: 'certificate-expired',
  DANE_CERTIFICATE_EXPIRED: 'certificate-expired',
  TLS_CERTIFICATE_NOT_YET_VALID: 'certificate-early',
  DANE_CERTIFICATE_NOT_YET_VALID: 'certificate-early',
  DANE_NO_MATCH: 'dane-mismatch',
  DANE_NO_PATH: 'dane-mismatch',
  DANE_CHAIN_CONSTRAINT: 'dane-mismatch',
  DANE_CHAIN_TOO_COMPLEX: 'dane-mismatch',
  DANE_ALL_UNUSABLE: 'dane-mismatch',
  DANE_TLSA_LOOKUP_FAILED: 'tlsa-lookup',
  DANE_TLSA_BOGUS: 'tlsa-lookup',
  DANE_ADDRESS_LOOKUP_FAILED: 'tlsa-lookup',
};

const BY_RESULT: Readonly<Record<ResultType, Cause>> = {
  'starttls-not-supported': 'starttls-missing',
  'certificate-host-mismatch': 'certificate-name',
  'certificate-expired': 'certificate-expired',
  'certificate-not-trusted': 'certificate-untrusted',
  'validation-failure': 'tls-broken',
  'tlsa-invalid': 'dane-mismatch',
  'dnssec-invalid': 'tlsa-lookup',
  'dane-required': 'dane-required',
  'sts-policy-fetch-error': 'policy-host',
  'sts-policy-invalid': 'policy-host',
  'sts-webpki-invalid': 'policy-host',
};

/** By the first letters of the code, where nothing finer is known. */
const BY_FOLDER: readonly (readonly [prefix: string, cause: Cause])[] = [
  ['TLS_CERTIFICATE_', 'certificate-untrusted'],
  ['TLS_', 'tls-broken'],
  ['DANE_', 'tlsa-lookup'],
  ['DIAL_', 'unreachable'],
  ['DNS_', 'mx-lookup'],
  ['ROUTE_', 'route'],
  ['QUEUE_', 'ours'],
  ['RELAY_', 'ours'],
  ['STORE_', 'ours'],
  ['STS_', 'policy-host'],
  ['SMTP_', 'broken-dialogue'],
];

/** The kind of a failure that no server's reply gave. */
export function causeOf({ code, resultType }: Failure): Cause {
  const byCode = BY_CODE[code];
  // Its cause is told by the result type: an answer that is forged, or none at all.
  if (byCode === 'mx-lookup' && resultType === 'dnssec-invalid') return 'mx-forged';
  if (byCode !== undefined) return byCode;
  if (resultType !== undefined) return BY_RESULT[resultType];
  return BY_FOLDER.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'other';
}
