/**
 * Zones of mail domains in every state that DNSSEC can give them.
 *
 * @module
 */
import type { Leaf } from './signed-zones.ts';

/** SHA-256 digests that no key has; enough for look-ups. */
export const DIGEST = 'ab'.repeat(32);

/** A TXT record too long for a UDP answer. */
export const BIG_TXT = Array.from({ length: 12 }, (_, index) =>
  String.fromCharCode(97 + index).repeat(250),
);

const big = BIG_TXT.map((text) => `"${text}"`).join(' ');

/** `secure.test`, `insecure.test` and `bogus.test`. */
export const MAIL_ZONES: readonly Leaf[] = [
  {
    apex: 'secure.test',
    kind: 'secure',
    records: [
      '@ IN MX 10 mx1',
      '@ IN MX 20 mx2',
      '_mta-sts IN TXT "v=STSv1; i" "d=abc"',
      'mx1 IN A 127.0.0.11',
      'mx1 IN AAAA ::1',
      'mx2 IN A 127.0.0.12',
      `_25._tcp.mx1 IN TLSA 3 1 1 ${DIGEST}`,
      '_25._tcp.mx2 IN TLSA 0 0 1 ' + DIGEST,
      'mx3 IN A 127.0.0.13',
      // The zone is fine, this one TLSA set is not: it lies in a bogus zone.
      '_25._tcp.mx3 IN CNAME tlsa.bogus.test.',
      'mx4 IN A 127.0.0.14',
      '_25._tcp.mx4 IN CNAME _25._tcp.mx1',
      'badtlsa IN MX 10 mx3',
      'sharedtlsa IN MX 10 mx4',
      'nodane IN MX 10 mx5',
      'mx5 IN A 127.0.0.15',
      'elsewhere IN MX 10 mx1.insecure.test.',
      'aliased IN MX 10 alias',
      'halfway IN MX 10 to-insecure',
      `_25._tcp.to-insecure IN TLSA 3 1 1 ${DIGEST}`,
      'nomail IN MX 0 .',
      'bare IN A 127.0.0.16',
      'alias IN CNAME hop',
      'hop IN CNAME mx1',
      'to-insecure IN CNAME mx1.insecure.test.',
      'to-bogus IN CNAME mx1.bogus.test.',
      'nowhere IN CNAME missing',
      'loop IN CNAME pool',
      'pool IN CNAME loop',
      `big IN TXT ${big}`,
    ],
  },
  {
    apex: 'insecure.test',
    kind: 'insecure',
    records: [
      '@ IN MX 10 mx1',
      'mx1 IN A 127.0.0.21',
      `_25._tcp.mx1 IN TLSA 3 1 1 ${DIGEST}`,
      'mixed IN MX 10 mx1.secure.test.',
      'to-secure IN CNAME mx1.secure.test.',
      'alias IN CNAME mx1',
    ],
  },
  {
    apex: 'bogus.test',
    kind: 'bogus',
    records: ['@ IN MX 10 mx1', 'mx1 IN A 127.0.0.31', `tlsa IN TLSA 3 1 1 ${DIGEST}`],
  },
];
