/**
 * What Sendmail makes of the lab's scenes: what it says, and where it differs from the product's own
 * sender.
 *
 * @module
 */
import type { MtaProfile } from './mta.ts';
import { MTA_SCENES } from './mta-scenes.ts';

/** Debian's has no DANE; what it returns without having asked anybody, it returns without a word. */
const LACKS =
  /dane|tlsa|smart-host|address-bogus|^routing-idn|^stall-|-garbage|no-such-domain|null-mx/;
/** All the same to a mail server: the old policy holds. */
const REPEATS = /^policy-host-(?!down).*-new-id|^policy-host-.*-first-contact|^policy-broken-/;

const NOT_OFFERED = /Deferred: 403 4\.7\.0 other side does not support STARTTLS/;
const NO_HANDSHAKE = /Deferred: 403 4\.7\.0 TLS handshake failed/;
const NOT_TRUSTED = /Deferred: 403 4\.7\.0 authentication failed/;
/** Names are looked at when the recipient is about to be named; it does not say which did not fit. */
const NOT_NAMED = /\.\.\. Deferred$/m;

const REASONS: MtaProfile['reasons'] = {
  SMTP_STARTTLS_NOT_OFFERED: NOT_OFFERED,
  SMTP_STARTTLS_REFUSED: /Deferred: 403 4\.7\.0 authentication failure/,
  TLS_HANDSHAKE_CLOSED: NO_HANDSHAKE,
  TLS_VERSION_TOO_OLD: NO_HANDSHAKE,
  TLS_CERTIFICATE_EXPIRED: NOT_TRUSTED,
  TLS_CERTIFICATE_NOT_YET_VALID: NOT_TRUSTED,
  TLS_CERTIFICATE_SELF_SIGNED: NOT_TRUSTED,
  TLS_CERTIFICATE_ISSUER_UNKNOWN: NOT_TRUSTED,
  TLS_CERTIFICATE_NAME_MISMATCH: NOT_NAMED,
  POLICY_MX_NOT_IN_POLICY: NOT_NAMED,
  POLICY_DISCOVERY_FAILED: /Deferred: 450 4\.7\.0 .*STS lookup temp fail/,
  POLICY_MX_LOOKUP_FAILED: /Transient parse error/,
  DIAL_REFUSED: /Deferred: Connection refused/,
  SMTP_RCPT_REFUSED: /451 4\.7\.1 Come back later|550 5\./,
};

const NO_FALLBACK = 'a handshake that fails is not followed by clear text';
const SERVER_NOT_AUTHENTICATED = /Deferred: 403 4\.7\.0 server not authenticated/;
const ASKS_BEHIND = 'the record is looked at behind the first answer';
const NO_SECOND_LOOK = 'no second look at the record before a message waits';

const DIFFERENCES: MtaProfile['differences'] = {
  'starttls-inject-enforce': {
    why: 'what came with the 220 is thrown away, and TLS goes on',
    expected: 'delivered',
  },
  'starttls-drop-testing': {
    why: NO_FALLBACK,
    expected: 'deferred',
    reason: SERVER_NOT_AUTHENTICATED,
  },
  'starttls-tls11-nothing': {
    why: NO_FALLBACK,
    expected: 'deferred',
    reason: SERVER_NOT_AUTHENTICATED,
  },
  'dns-one-family-fails': {
    why: 'needs both families, unless told WorkAroundBrokenAAAA',
    expected: 'deferred',
    reason: /host name lookup failure/,
  },
  'routing-alias': {
    why: 'it writes the name that the alias is for into the address, and asks about that',
    expected: 'deferred',
    reason: NOT_NAMED,
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
};

/** Sendmail 8.17. */
export const SENDMAIL: MtaProfile = {
  mapName: 'sts',
  user: 'smmta',
  lacks: MTA_SCENES.map(({ name }) => name).filter(
    (name) => LACKS.test(name) || REPEATS.test(name),
  ),
  reasons: REASONS,
  namesSender: true,
  differences: DIFFERENCES,
};
