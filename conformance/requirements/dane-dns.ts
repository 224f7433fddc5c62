/**
 * DANE: DNS and the meaning of its answers.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';

/** RFC 7672 §2.1, §2.2.2: asking DNS. */
export const DANE_DNS: Section = section(
  { id: 'C.1', title: 'Asking DNS', spec: 'RFC 7672 §2.1' },
  [
    [
      'DANE-7672-2.1.1-1',
      'MUST',
      'S',
      'The resolver tells secure, insecure and bogus apart; the AD bit counts only from a trusted path.',
    ],
    [
      'DANE-7672-2.1.1-2',
      'MUST',
      'S',
      'Indeterminate is an error; no trust anchor above is insecure.',
    ],
    ['DANE-7672-2.1.1-3', 'MUST', 'S', 'All insecure answers are treated alike.'],
    ['DANE-7672-2.1.1-4', 'DEF', 'S', 'No such name and no such records are answers, not errors.'],
    [
      'DANE-7672-2.1.2-1',
      'MUST',
      'S',
      'If the hosts cannot be found for a DNS error, the message waits.',
    ],
    ['DANE-7672-2.1.2-2', 'MUST', 'S', 'A host whose TLSA look-up fails counts as unreachable.'],
    ['DANE-7672-2.1.2-3', 'MUST NOT', 'S', 'No connection is made to such a host.'],
    [
      'DANE-7672-2.1.3-1',
      'DEF',
      'S',
      'CNAME chains are followed up to a limit; an error in one fails the look-up.',
    ],
    ['DANE-7672-2.1.3-2', 'MUST', 'S', 'From the first insecure link on all is insecure.'],
    [
      'DANE-7672-2.1.3-3',
      'DEF',
      'S',
      'An insecure answer through a CNAME may need the first link to be asked for by itself.',
    ],
    ['DANE-7672-2.2.2-1', 'MUST', 'S', 'Addresses are looked up before TLSA records.'],
    [
      'DANE-7672-2.2.2-2',
      'SHOULD NOT',
      'S',
      'For an insecure address no TLSA is asked, the CNAME exception apart.',
    ],
  ],
);

/** RFC 7672 §2.2: what an answer means for a host. */
export const DANE_OUTCOME: Section = section(
  { id: 'C.2', title: 'What an answer means', spec: 'RFC 7672 §2.2' },
  [
    ['DANE-7672-2.2-1', 'MUST', 'S', 'Secure and usable: TLS that matches, else the next host.'],
    [
      'DANE-7672-2.2-2',
      'MUST',
      'S',
      'Secure, none usable: TLS with any certificate, else the next host.',
    ],
    ['DANE-7672-2.2-3', 'SHOULD', 'S', 'Insecure or securely denied: TLS if offered.'],
    ['DANE-7672-2.2-4', 'MUST', 'S', 'Any error: the next host, or later.'],
    ['DANE-7672-2.2-5', 'MAY', 'S', 'DANE may be made mandatory for a destination.'],
    ['DANE-7672-2.2-6', 'DEF', 'S', 'DANE has no say for address literals.'],
    ['DANE-7672-2.2.1-1', 'MUST', 'S', 'Preference decides the order, never security.'],
    ['DANE-7672-2.2.1-2', 'DEF', 'S', 'A CNAME at the domain is followed before its MX.'],
    ['DANE-7672-2.2.1-3', 'MUST', 'S', 'An insecure MX answer under mandatory DANE means waiting.'],
    [
      'DANE-7672-2.2.1-4',
      'MAY',
      'S',
      'TLSA of a signed host may be used although the MX answer is insecure.',
    ],
    [
      'DANE-7672-2.2.1-5',
      'MUST NOT',
      'S',
      'A host found insecurely is never shown as the authenticated domain.',
    ],
    ['DANE-7672-2.2.1-6', 'MUST', 'S', 'After a secure MX answer each host is looked up.'],
    [
      'DANE-7672-2.2.2-3',
      'DEF',
      'S',
      'Base domains to try: the end and the start of a secure chain, or the start alone, or none.',
    ],
    ['DANE-7672-2.2.3-1', 'DEF', 'S', 'The TLSA name carries the real port.'],
    [
      'DANE-7672-2.2.3-2',
      'DEF',
      'S',
      'The first base domain with a secure set counts; names in the middle of a chain are not tried.',
    ],
    ['DANE-7672-2.2.3-3', 'DEF', 'S', 'The TLSA name may be a CNAME; the base domain stays.'],
    [
      'DANE-7672-2.2.3-4',
      'MUST NOT',
      'S',
      'Where a secure TLSA record exists nothing goes out without TLS.',
    ],
  ],
);
