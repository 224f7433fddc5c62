/**
 * DANE: records, matching, publishing.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';

/** RFC 6698, RFC 7671, RFC 7672 §3: records and how they match. */
export const DANE_MATCHING: Section = section(
  { id: 'C.3', title: 'Records and matching', spec: 'RFC 6698, RFC 7671, RFC 7672 §3' },
  [
    ['DANE-6698-2.1-1', 'DEF', 'S', 'The parts of a TLSA record and their values.'],
    [
      'DANE-6698-2.2-1',
      'DEF',
      '-',
      'Its text: three numbers and hexadecimal, with blanks allowed.',
    ],
    ['DANE-6698-3-1', 'DEF', 'S', 'The name is made of port, protocol and host.'],
    ['DANE-6698-4.1-1', 'MUST', 'S', 'Unknown values and malformed data make a record unusable.'],
    ['DANE-6698-4.1-2', 'MUST', 'S', 'Bogus answers end the attempt; insecure ones are no TLSA.'],
    ['DANE-7672-3.1-1', 'DEF', 'S', 'Usages 2 and 3 are usable for SMTP, 0 and 1 are not.'],
    ['DANE-7672-3.1-2', 'SHOULD', 'DP', 'Publish `3 1 1`, or `2 0 1`.'],
    ['DANE-7672-3.1.1-1', 'MUST', 'S', 'Usage 3 matches the leaf, whatever its names.'],
    ['DANE-7672-3.1.1-2', 'MUST', 'S', 'Usage 3 ignores the dates.'],
    ['DANE-7672-3.2.1-1', 'MUST NOT', 'S', 'Usage 3 has no name check.'],
    [
      'DANE-7672-3.1.2-1',
      'MUST',
      'R',
      'With usage 2 the server sends the trust anchor along, `2 0 0` apart.',
    ],
    [
      'DANE-7671-5.2.2-1',
      'MUST',
      'S',
      'The anchor of a `2 0 0` record is used although the server did not send it.',
    ],
    [
      'DANE-7671-5.2.3-1',
      'SHOULD',
      'S',
      'The key of a `2 1 0` record may have signed the topmost certificate.',
    ],
    ['DANE-7672-3.1.2-2', 'SHOULD', 'S', 'Constraints of a matched anchor are applied.'],
    ['DANE-7672-3.2.2-1', 'MUST', 'S', 'Usage 2 checks names, the TLSA base domain first.'],
    [
      'DANE-7672-3.2.2-2',
      'MUST',
      'S',
      'After a secure MX answer the domain and its expanded form are accepted too.',
    ],
    [
      'DANE-7672-3.2.2-3',
      'MUST',
      'S',
      'Without MX and with an expanded base domain the original domain is accepted too.',
    ],
    ['DANE-7672-3.2.2-4', 'DEF', 'S', 'After an insecure MX answer only the host name counts.'],
    ['DANE-7672-3.2.3-1', 'DEF', 'S', 'DNS names in the certificate rule out the common name.'],
    [
      'DANE-7672-3.2.3-2',
      'MUST',
      'S',
      'A wildcard is the whole first label and stands for one label.',
    ],
    ['DANE-7672-3.2-1', 'MUST', 'S', 'With a usable record the host must match or gets nothing.'],
    ['DANE-6698-4.1-3', 'DEF', 'S', 'One matching record is enough.'],
    ['DANE-7671-9-1', 'SHOULD', 'S', 'Of several digests of one kind only the strongest counts.'],
    ['DANE-7671-9-2', 'SHOULD', 'S', 'The order of digests can be configured.'],
    ['DANE-7671-4.2-1', 'SHOULD NOT', 'S', 'Certificate transparency is not asked for.'],
    ['DANE-7671-5.1-1', 'SHOULD NOT', 'S', 'Raw public keys are not negotiated.'],
    [
      'DANE-7671-7-1',
      'SHOULD',
      'S',
      'The CNAME chain of a host is followed link by link with its security.',
    ],
    [
      'DANE-7671-7-2',
      'MUST',
      'S',
      'The base domain of a secure chain is SNI and first reference name.',
    ],
    [
      'DANE-7671-10.2-1',
      'MUST',
      'S',
      'SNI is the base domain; names are checked except for usage 3.',
    ],
    [
      'DANE-7671-10.3-1',
      'MUST NOT',
      'S',
      'None usable: mandatory DANE does not connect, others never go without TLS.',
    ],
    ['DANE-7671-4-1', 'SHOULD NOT', 'S', 'Not all four usages at once: 2 and 3 only.'],
    ['DANE-6698-6-1', 'MUST', 'S', 'Both selectors and the matching types 0, 1 and 2 work.'],
    ['DANE-6698-8.2-1', 'MUST', 'S', 'TLSA answers are kept no longer than their TTL.'],
    ['DANE-6698-8.3-1', 'DEF', 'S', 'A validator elsewhere is used over a secure path only.'],
    ['DANE-7672-8.1-1', 'MUST', 'S', 'SNI is the TLSA base domain.'],
    ['DANE-7672-8.1-2', 'MUST', 'R', 'The server presents a matching chain whatever the SNI.'],
    ['DANE-7672-8.2-1', 'SHOULD', 'S', 'Ordinary cipher suites are offered.'],
    [
      'DANE-7672-9.1-1',
      'MAY',
      'S',
      'A mode that only watches may exist; else a mismatch is never delivered.',
    ],
  ],
);

/** RFC 7671 §8, RFC 7672 §2.2, §3.1: the publisher. */
export const DANE_PUBLISHER: Section = section(
  { id: 'C.4', title: 'The publisher', spec: 'RFC 7671 §8, RFC 7672' },
  [
    ['DANE-7672-2.2-P1', 'MUST NOT', 'DP', 'No TLSA for a server without TLS.'],
    ['DANE-7672-9.2-1', 'MUST NOT', 'DP', 'STARTTLS is offered to everyone or to nobody.'],
    [
      'DANE-7672-4-1',
      'MUST',
      'DP',
      'Records for old and new key stand side by side before the key changes.',
    ],
    [
      'DANE-7671-8-1',
      'MUST',
      'DP',
      'Every combination of parameters that is published matches the present chain.',
    ],
    ['DANE-7671-8.3-1', 'SHOULD', 'DP', 'A new key is published under each combination in use.'],
    ['DANE-7672-3.1.2-P1', 'SHOULD', 'DP', 'With usage 2 the whole certificate is digested.'],
    ['DANE-7671-10.1-1', 'SHOULD NOT', 'DP', 'Whole certificates are not put into DNS.'],
    ['DANE-7672-3.1.3-1', 'SHOULD NOT', 'DP', 'No usages 0 and 1 on port 25.'],
    ['DANE-7672-2.2.3-P1', 'SHOULD', 'DP', 'Servers that differ do not share records.'],
  ],
);
