/**
 * What Postfix makes of the lab's scenes: what its log says, and where it differs from the product's
 * own sender.
 *
 * @module
 */
import type { MtaProfile } from './mta.ts';
import { MTA_SCENES } from './mta-scenes.ts';

const NOT_OFFERED = /status=deferred \(TLS is required, but was not offered by host/;
const NOT_VERIFIED = /status=deferred \(Server certificate not (?:verified|trusted)/;
const NO_HANDSHAKE = /status=deferred \(Cannot start TLS: handshake failure\)/;
/** The map said TEMP. */
const MAP_SAYS_LATER = /dsn=4\.7\.5, status=deferred \(client TLS configuration problem\)/;

const REASONS: MtaProfile['reasons'] = {
  SMTP_STARTTLS_NOT_OFFERED: NOT_OFFERED,
  SMTP_STARTTLS_REFUSED: /status=deferred \(TLS is required, but host .* refused to start TLS/,
  TLS_HANDSHAKE_CLOSED: NO_HANDSHAKE,
  TLS_NOT_TLS: NO_HANDSHAKE,
  TLS_VERSION_TOO_OLD: NO_HANDSHAKE,
  TLS_CERTIFICATE_EXPIRED: NOT_VERIFIED,
  TLS_CERTIFICATE_NOT_YET_VALID: NOT_VERIFIED,
  TLS_CERTIFICATE_SELF_SIGNED: NOT_VERIFIED,
  TLS_CERTIFICATE_ISSUER_UNKNOWN: NOT_VERIFIED,
  TLS_CERTIFICATE_NAME_MISMATCH: NOT_VERIFIED,
  POLICY_MX_NOT_IN_POLICY: NOT_VERIFIED,
  DANE_NO_MATCH: NOT_VERIFIED,
  DANE_CERTIFICATE_EXPIRED: NOT_VERIFIED,
  DANE_NAME_MISMATCH: NOT_VERIFIED,
  DANE_TLSA_BOGUS: MAP_SAYS_LATER,
  DANE_TLSA_LOOKUP_FAILED: MAP_SAYS_LATER,
  POLICY_DANE_REQUIRED: MAP_SAYS_LATER,
  POLICY_DISCOVERY_FAILED: MAP_SAYS_LATER,
  POLICY_MX_LOOKUP_FAILED: /status=deferred \(Host or domain name not found/,
  POLICY_DOMAIN_NOT_FOUND: /status=bounced \(Host or domain name not found/,
  POLICY_NULL_MX: /status=bounced \(Domain .* does not accept mail \(nullMX\)/,
  DIAL_REFUSED: /status=deferred \(connect to .*: Connection refused\)/,
  SMTP_RCPT_REFUSED: /in reply to RCPT TO command/,
  SMTP_TIMEOUT: /status=deferred \(.*timed out while/,
  SMTP_REPLY_TOO_LONG: /multi-line response longer than/,
};

const PURGES = 'what came with the 220 is thrown away, and TLS goes on';
const LATER_IN_CLEAR = 'clear text is tried only with a message that has waited';
const ASKS_BEHIND = 'the record is looked at behind the first answer';
const NO_SECOND_LOOK = 'no second look at the record before a message waits';

const DIFFERENCES: MtaProfile['differences'] = {
  'starttls-inject-enforce': { why: PURGES, expected: 'delivered' },
  'starttls-inject-dane': { why: PURGES, expected: 'delivered' },
  'starttls-drop-testing': { why: LATER_IN_CLEAR, expected: 'deferred', reason: NO_HANDSHAKE },
  'starttls-tls11-nothing': { why: 'takes TLS 1.1 where nothing is asked', over: 'tls' },
  'certificate-cn-only-enforce': {
    why: 'reads the CN where no other name is in the certificate',
    expected: 'delivered',
  },
  'mx-deeper-than-wildcard': {
    why: 'before 3.10.5, `.domain` is any number of labels',
    expected: 'delivered',
  },
  'mx-alias-target-only': {
    why: 'before 3.10.5, only names in the certificate are compared',
    expected: 'delivered',
  },
  'unequal-outside-with-listed-name': {
    why: 'before 3.10.5, only names in the certificate are compared',
    expected: 'delivered',
    by: 'mallory',
  },
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
    why: 'DANE or the policy, not both: with TLSA on every host it is DANE',
    expected: 'delivered',
  },
  'dane-insecure-mx-next-hop-name': {
    why: 'the next hop is a name for the host whether its MX is signed or not',
    expected: 'delivered',
  },
};

const VERIFIED = /Verified TLS connection established/;
const VERIFY = /^OK (?:secure|dane-only)\b/;

/** What 3.10.5 and newer do not share with their forebears: they know which host they talk to. */
const OLD = ['mx-deeper-than-wildcard', 'mx-alias-target-only', 'unequal-outside-with-listed-name'];

/** All the same to any Postfix. */
const NOTHING_NEW = /^(?:policy|record|dns|stall)-/;

/** Postfix 3.10, with the map that tells it the patterns. */
export const POSTFIX_TLSRPT: MtaProfile = {
  mapName: 'postfix-tlsrpt',
  user: 'postfix',
  lacks: MTA_SCENES.map(({ name }) => name).filter((name) => NOTHING_NEW.test(name)),
  reasons: { ...REASONS, POLICY_MX_NOT_IN_POLICY: /does not match STS MX pattern for/ },
  session: { verified: VERIFIED, mustFollow: VERIFY },
  differences: Object.fromEntries(
    Object.entries(DIFFERENCES).filter(([name]) => !OLD.includes(name)),
  ),
};

/** Postfix 3.7. */
export const POSTFIX: MtaProfile = {
  mapName: 'postfix',
  user: 'postfix',
  lacks: [],
  reasons: REASONS,
  session: { verified: VERIFIED, mustFollow: VERIFY },
  differences: DIFFERENCES,
};
