/**
 * What Exim makes of the lab's scenes: what its log says, and where it differs from the product's own
 * sender.
 *
 * @module
 */
import type { MtaProfile } from './mta.ts';

const NOT_OFFERED = /a TLS session is required, but the server did not offer TLS support/;
const NO_SESSION = /TLS session: /;
const NOT_VERIFIED = /TLS session: \(certificate verification failed\)/;
/** What the routers of the include say, with the map's word behind it. */
const MAP_SAYS_LATER = /R=sts_defer .* is not known now: \d+:TEMP /;
/** The transport's own filter. */
const NOT_NAMED = /Event requests alternate response/;

const REASONS: MtaProfile['reasons'] = {
  SMTP_STARTTLS_NOT_OFFERED: NOT_OFFERED,
  SMTP_STARTTLS_REFUSED: /an attempt to start TLS failed|after STARTTLS: 454/,
  SMTP_STARTTLS_INJECTION: /TLS session: synch error/,
  SMTP_REPLY_TOO_LONG: /Malformed SMTP reply in response to EHLO/,
  TLS_HANDSHAKE_CLOSED: NO_SESSION,
  TLS_NOT_TLS: NO_SESSION,
  TLS_VERSION_TOO_OLD: NO_SESSION,
  TLS_CERTIFICATE_EXPIRED: NOT_VERIFIED,
  TLS_CERTIFICATE_NOT_YET_VALID: NOT_VERIFIED,
  TLS_CERTIFICATE_SELF_SIGNED: NOT_VERIFIED,
  TLS_CERTIFICATE_ISSUER_UNKNOWN: NOT_VERIFIED,
  TLS_CERTIFICATE_NAME_MISMATCH: NOT_VERIFIED,
  DANE_NO_MATCH: NOT_VERIFIED,
  DANE_CERTIFICATE_EXPIRED: NOT_VERIFIED,
  DANE_NAME_MISMATCH: NOT_VERIFIED,
  DANE_TLSA_BOGUS: MAP_SAYS_LATER,
  DANE_TLSA_LOOKUP_FAILED: MAP_SAYS_LATER,
  POLICY_DANE_REQUIRED: MAP_SAYS_LATER,
  POLICY_DISCOVERY_FAILED: MAP_SAYS_LATER,
  POLICY_MX_LOOKUP_FAILED: MAP_SAYS_LATER,
  POLICY_MX_NOT_IN_POLICY: NOT_NAMED,
  POLICY_DOMAIN_NOT_FOUND: /\*\* .*: Unrouteable address/,
  POLICY_NULL_MX: /\*\* .*: an MX or SRV record indicated no SMTP service/,
  DIAL_REFUSED: /defer \(111\): Connection refused/,
  SMTP_RCPT_REFUSED: /SMTP error from remote mail server after RCPT TO/,
};

const ASKS_BEHIND = 'the record is looked at behind the first answer';
const NO_SECOND_LOOK = 'no second look at the record before a message waits';
const LOOKS_BEHIND_ALIAS = 'of an MX host that is an alias it only knows what the alias is for';
const NEEDS_SIGNED_MX = 'no DANE behind unsigned MX records';

const DIFFERENCES: MtaProfile['differences'] = {
  'starttls-tls11-nothing': { why: 'takes TLS 1.1 where nothing is asked', over: 'tls' },
  'certificate-cn-only-enforce': {
    why: 'reads the CN where no other name is in the certificate',
    expected: 'delivered',
  },
  'certificate-wrong-name-dane-ta': {
    why: 'with GnuTLS, names are not looked at under usage 2',
    expected: 'delivered',
  },
  'dane-match-ta-full': {
    why: 'with GnuTLS, an anchor that the host does not send is not found',
    expected: 'deferred',
    reason: NOT_VERIFIED,
  },
  'mx-alias-allowed': { why: LOOKS_BEHIND_ALIAS, expected: 'deferred', reason: NOT_NAMED },
  'mx-alias-target-only': { why: LOOKS_BEHIND_ALIAS, expected: 'delivered' },
  'rollout-none': {
    why: ASKS_BEHIND,
    expected: 'deferred',
    reason: NOT_OFFERED,
    later: 'delivered',
  },
  'rollout-testing': {
    why: ASKS_BEHIND,
    expected: 'deferred',
    reason: NOT_OFFERED,
    later: 'delivered',
  },
  'rollout-none-within-ttl': { why: NO_SECOND_LOOK, expected: 'deferred', reason: NOT_OFFERED },
  'rollout-new-patterns-within-ttl': { why: NO_SECOND_LOOK, reason: NOT_OFFERED },
  'dane-match-sts-mismatch': {
    why: 'a host with TLSA records is not held to the policy',
    expected: 'delivered',
  },
  'dane-insecure-mx': { why: NEEDS_SIGNED_MX, expected: 'delivered' },
  'dane-insecure-mx-next-hop-name': { why: NEEDS_SIGNED_MX, expected: 'delivered' },
};

/** Exim 4.96. */
export const EXIM: MtaProfile = {
  mapName: 'exim',
  user: 'Debian-exim',
  lacks: [
    // Its routers ask about the domain of the recipient.
    'routing-smart-host',
    'routing-smart-host-fine',
    'routing-address-literal-via-smart-host',
    // It is patient for five minutes.
    'stall-silent',
  ],
  reasons: REASONS,
  session: {
    verified: / CV=(?:yes|dane) /,
    mustFollow: /^OK (?:secure |dane-only)/,
  },
  differences: DIFFERENCES,
};
