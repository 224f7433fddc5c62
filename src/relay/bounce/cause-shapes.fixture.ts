/**
 * What a person must find in the letter about each kind of fault.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import type { Failure, ResultType } from '../../failure.ts';
import type { Cause } from './causes.ts';

/** A failure whose detail names its code. */
export function failing(code: ErrorCode, resultType?: ResultType): Failure {
  return {
    code,
    detail: `seen: ${code}`,
    ...(resultType === undefined ? {} : { resultType }),
  };
}

/** What a person must find in the letter about a fault. */
export interface Shape {
  readonly cause: Cause;
  readonly failure: Failure;
  readonly happened: RegExp;
  readonly mend?: RegExp;
  readonly rule?: RegExp;
  readonly advice?: RegExp;
}

const TELL = /Tell the recipient in another way, and pass on the lines below/;
const STS_RULE = /RFC 8461 section 4\.2 \(MTA-STS\)/;

/** One for each kind of fault that has no reply. */
export const SHAPES: readonly Shape[] = [
  {
    cause: 'certificate-name',
    failure: failing('TLS_CERTIFICATE_NAME_MISMATCH', 'certificate-host-mismatch'),
    happened: /could not prove that it is mx1\.example\.test: its certificate is for another name/,
    mend: /certificate on mx1\.example\.test that has this name among its DNS names/,
    rule: STS_RULE,
    advice: TELL,
  },
  {
    cause: 'certificate-expired',
    failure: failing('TLS_CERTIFICATE_EXPIRED', 'certificate-expired'),
    happened: /The certificate of mx1\.example\.test has expired/,
    mend: /Renew the certificate of mx1\.example\.test/,
    rule: STS_RULE,
    advice: TELL,
  },
  {
    cause: 'certificate-early',
    failure: failing('TLS_CERTIFICATE_NOT_YET_VALID', 'validation-failure'),
    happened: /not valid yet/,
    mend: /valid today/,
    rule: STS_RULE,
  },
  {
    cause: 'certificate-untrusted',
    failure: failing('TLS_CERTIFICATE_SELF_SIGNED', 'certificate-not-trusted'),
    happened: /does not come from an authority that is trusted here/,
    mend: /its whole chain, intermediates included/,
    rule: STS_RULE,
    advice: TELL,
  },
  {
    cause: 'mx-not-in-policy',
    failure: failing('POLICY_MX_NOT_IN_POLICY', 'validation-failure'),
    happened:
      /DNS names mx1\.example\.test as mail server of example\.test, but the policy does not/,
    mend: /Add "mx: mx1\.example\.test" to https:\/\/mta-sts\.example\.test\/\.well-known\/mta-sts\.txt/,
    rule: /RFC 8461 section 4\.1/,
    advice: TELL,
  },
  {
    cause: 'starttls-missing',
    failure: failing('SMTP_STARTTLS_NOT_OFFERED', 'starttls-not-supported'),
    happened: /did not let us encrypt the connection \(STARTTLS\).*suppressing encryption/,
    mend: /Turn STARTTLS on at mx1\.example\.test/,
    rule: STS_RULE,
    advice: TELL,
  },
  {
    cause: 'starttls-tampered',
    failure: failing('SMTP_STARTTLS_INJECTION', 'starttls-not-supported'),
    happened: /This is what an attack looks like/,
    mend: /nothing may be sent between the reply to STARTTLS and the TLS handshake/,
    rule: /RFC 3207 section 6/,
  },
  {
    cause: 'tls-broken',
    failure: failing('TLS_HANDSHAKE_CLOSED', 'validation-failure'),
    happened: /the TLS handshake failed/,
    mend: /TLS 1\.2 or newer/,
    rule: STS_RULE,
  },
  {
    cause: 'dane-mismatch',
    failure: failing('DANE_NO_MATCH', 'validation-failure'),
    happened: /not the one that DNS announces for mx1\.example\.test/,
    mend: /TLSA records at _25\._tcp\.mx1\.example\.test and the certificate agree/,
    rule: /RFC 7672 section 2\.2 \(DANE\)/,
    advice: TELL,
  },
  {
    cause: 'tlsa-lookup',
    failure: failing('DANE_TLSA_BOGUS', 'dnssec-invalid'),
    happened: /Before mail goes to mx1\.example\.test.*DNS gave no answer that can be believed/,
    mend: /every name server must answer for _25\._tcp\.mx1\.example\.test/,
    rule: /RFC 7672 section 2\.1\.2/,
    advice: TELL,
  },
  {
    cause: 'dane-required',
    failure: failing('POLICY_DANE_REQUIRED', 'dane-required'),
    happened: /DANE is a must for example\.test by a setting of this mail system/,
    mend: /publish TLSA records/,
  },
  {
    cause: 'mx-forged',
    failure: failing('POLICY_MX_LOOKUP_FAILED', 'dnssec-invalid'),
    happened: /not genuine by its DNSSEC signatures/,
    mend: /Mend DNSSEC of example\.test/,
    rule: /RFC 7672 section 2\.1\.2/,
  },
  {
    cause: 'requiretls-unsupported',
    failure: failing('POLICY_REQUIRETLS_UNSUPPORTED'),
    happened: /asked that this message travel only over verified TLS.*does not support this/,
    mend: /Turn REQUIRETLS on at mx1\.example\.test/,
    rule: /RFC 8689 section 4\.2\.1/,
    advice: /send the message again without REQUIRETLS/,
  },
  {
    cause: 'requiretls-mx',
    failure: failing('POLICY_REQUIRETLS_MX'),
    happened: /Nothing proves that mx1\.example\.test is a mail server of example\.test/,
    mend: /publish an MTA-STS policy in mode enforce/,
    rule: /RFC 8689 section 4\.2\.1/,
  },
  {
    cause: 'requiretls-unverified',
    failure: failing('POLICY_REQUIRETLS_UNVERIFIED'),
    happened: /The TLS connection to mx1\.example\.test is missing or could not be verified/,
    mend: /Offer STARTTLS/,
    rule: /RFC 8689 section 4\.2\.1/,
  },
  {
    cause: 'requiretls-unsure',
    failure: failing('POLICY_REQUIRETLS_UNSURE'),
    happened: /could not be found out/,
    mend: /DNS answers for _mta-sts\.example\.test/,
    rule: /RFC 8689 section 4\.2\.1/,
  },
  {
    cause: 'policy-host',
    failure: failing('STS_FETCH_HELD_BACK', 'sts-policy-fetch-error'),
    happened: /security policy of example\.test \(MTA-STS\) could not be learned/,
    mend: /gives a valid policy under a valid certificate/,
    rule: /RFC 8461 section 3\.3/,
    advice: TELL,
  },
  {
    cause: 'no-safe-host',
    failure: failing('POLICY_NO_HOST_USABLE'),
    happened: /None of the mail servers of example\.test can be reached safely/,
  },
  {
    cause: 'domain-missing',
    failure: failing('POLICY_DOMAIN_NOT_FOUND'),
    happened: /There is no domain example\.test/,
    advice: /Check the part of the address behind the @/,
  },
  {
    cause: 'null-mx',
    failure: failing('POLICY_NULL_MX'),
    happened: /example\.test says in DNS that it takes no mail at all/,
    rule: /RFC 7505 section 3/,
    advice: /Ask the recipient for an address that takes mail/,
  },
  {
    cause: 'no-host',
    failure: failing('POLICY_NO_ADDRESS'),
    happened: /has no mail server that a message could be sent to/,
    mend: /an MX record that names a host/,
  },
  {
    cause: 'mx-lookup',
    failure: failing('POLICY_MX_LOOKUP_FAILED'),
    happened: /DNS gave no usable answer/,
    mend: /Check the name servers of example\.test/,
  },
  {
    cause: 'mail-loop',
    failure: failing('POLICY_MAIL_LOOP'),
    happened: /DNS names this mail system as the mail server of example\.test/,
    mend: /Correct the MX records/,
  },
  {
    cause: 'address-invalid',
    failure: failing('POLICY_RECIPIENT_INVALID'),
    happened: /not one that mail can be sent to/,
    advice: /Check the address for typing errors/,
  },
  {
    cause: 'unreachable',
    failure: failing('DIAL_TIMEOUT'),
    happened: /could not be reached/,
    mend: /port 25 can be reached from outside/,
    advice: TELL,
  },
  {
    cause: 'broken-dialogue',
    failure: failing('SMTP_CONNECTION_LOST'),
    happened: /The dialogue with mx1\.example\.test broke off/,
    mend: /Check the logs/,
  },
  {
    cause: 'too-large',
    failure: failing('SMTP_MESSAGE_TOO_LARGE'),
    happened: /larger than mx1\.example\.test takes/,
    advice: /smaller attachments/,
  },
  {
    cause: 'not-seven-bit',
    failure: failing('SMTP_8BITMIME_MISSING'),
    happened: /8-bit content/,
    advice: /encode the message/,
  },
  {
    cause: 'needs-smtputf8',
    failure: failing('SMTP_SMTPUTF8_MISSING'),
    happened: /letters beyond ASCII/,
    advice: /plain letters/,
  },
  {
    cause: 'route-unsafe',
    failure: failing('ROUTE_HOST_UNVOUCHED'),
    happened: /operator of this mail system demands protected.*is not enough for that/,
    mend: /correct the route/,
    advice: /Ask the people who run this mail system/,
  },
  {
    cause: 'route',
    failure: failing('ROUTE_AUTH_REFUSED'),
    happened: /could not hand it over to mx1\.example\.test/,
    advice: /Ask the people who run this mail system/,
  },
  {
    cause: 'ours',
    failure: failing('POLICY_STORE_DOWN'),
    happened: /This mail system had trouble of its own/,
    advice: /Ask the people who run this mail system/,
  },
  {
    cause: 'other',
    failure: failing('CONFIG_INVALID'),
    happened: /could not be handed over/,
  },
];
