/**
 * The MTA-STS record in DNS.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';

/** RFC 8461 §3.1: finding and reading the record. */
export const STS_RECORD: Section = section(
  { id: 'A.1', title: 'The record', spec: 'RFC 8461 §3.1' },
  [
    [
      'STS-3.1-1',
      'DEF',
      'S P',
      'The record is a TXT record at `_mta-sts.` and the policy domain in A-labels.',
    ],
    [
      'STS-3.1-2',
      'MUST',
      'S P',
      'It is plain ASCII: fields of name and value with `;` between them.',
    ],
    ['STS-3.1-3', 'MUST', 'S', 'It starts with `v=STSv1`, in exactly this case.'],
    ['STS-3.1-4', 'DEF', 'S', 'The fields after the version come in any order.'],
    ['STS-3.1-5', 'MUST', 'S P', 'It has an `id` of 1 to 32 ASCII letters and digits.'],
    ['STS-3.1-6', 'MUST', 'P', 'Another policy gets another id.'],
    ['STS-3.1-7', 'DEF', 'S', 'Ids are only compared for equality; none is older than another.'],
    ['STS-3.1-8', 'DEF', 'S', 'Blanks may stand around `;`, not around `=` and not at the start.'],
    ['STS-3.1-9', 'DEF', 'S', 'One `;` may end the record; an empty field is a fault.'],
    ['STS-3.1-10', 'DEF', 'S', 'The version alone is no record.'],
    [
      'STS-3.1-11',
      'DEF',
      'S',
      'Names of unknown fields have up to 32 letters, digits, `_`, `-`, `.`; values are visible ASCII without `=` and `;`.',
    ],
    [
      'STS-3.1-12',
      'DEF',
      'S',
      'Among several TXT records those that do not start with `v=STSv1;` are left out.',
    ],
    [
      'STS-3.1-13',
      'MUST',
      'S',
      'Unless exactly one well-formed record is left, the domain offers no policy.',
    ],
    [
      'STS-3.1-14',
      'MUST',
      'S',
      'The character-strings of one record are joined with nothing between.',
    ],
    ['STS-3.1-15', 'MUST', 'S', 'A CNAME at the name of the record is followed.'],
    ['STS-3.1-16', 'MUST', 'S', 'A missing or broken record alone never ends a cached policy.'],
    ['STS-3.2-1', 'MUST', 'S', 'Unknown fields do no harm and are ignored.'],
    ['STS-3.2-2', 'MUST', 'S', 'Of a field that is there twice the first counts.'],
    [
      'STS-3.1-R1',
      'REC',
      'S',
      'No record and no answer from DNS are two things; neither touches the cache.',
    ],
    ['STS-3.1-R2', 'REC', 'S', 'A bad `id` makes the record bad, whatever follows it.'],
  ],
);
