/**
 * What an MX host must show.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';

/** RFC 8461 §4, §7: judging an MX host. */
export const STS_VALIDATION: Section = section(
  { id: 'A.6', title: 'Judging an MX host', spec: 'RFC 8461 §4, §7' },
  [
    [
      'STS-4-1',
      'MUST',
      'S',
      'Two things are checked: the MX name against the patterns, and STARTTLS with a valid certificate.',
    ],
    ['STS-4.1-1', 'DEF', 'S', 'The name in the MX record is compared, no other.'],
    ['STS-4.1-2', 'DEF', 'S', 'A wildcard stands for exactly one label.'],
    ['STS-4.1-3', 'DEF', 'S', 'Case does not count.'],
    ['STS-4.2-1', 'MUST', 'S', 'The certificate is within its dates.'],
    ['STS-4.2-2', 'MUST', 'S', 'The certificate chains to a trusted root.'],
    [
      'STS-4.2-3',
      'MUST',
      'S',
      'The certificate carries the MX name as a DNS name; the common name does not count.',
    ],
    [
      'STS-4.2-4',
      'DEF',
      'S',
      'The certificate is compared with the MX name, not with a pattern or the domain.',
    ],
    ['STS-4.2-5', 'MAY', 'S', 'Revocation may be checked.'],
    ['STS-7.1-4', 'MUST', 'S', 'The MX name is sent as SNI.'],
    ['STS-7.1-5', 'MAY', 'R', 'The server may choose its chain by SNI.'],
    ['STS-7.1-6', 'MUST NOT', 'R', 'The server does not insist on SNI.'],
    [
      'STS-7.1-7',
      'MUST',
      'R',
      'Without SNI, or with an unknown one, the server presents some chain.',
    ],
    [
      'STS-7.2-1',
      'MUST',
      'S R',
      'TLS 1.2 or 1.3 is supported; less is not enough for an enforced policy.',
    ],
    ['STS-7.2-2', 'SHOULD', 'S R', 'TLS is used as current best practice says.'],
  ],
);
