/**
 * REQUIRETLS and `TLS-Required: No`.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';
import { QUEUE_LATER, QUEUE_NOTE } from './queue.ts';

/** RFC 8689: what the message itself says of TLS. */
export const REQUIRETLS: Section = section({ id: 'D', title: 'REQUIRETLS', spec: 'RFC 8689' }, [
  [
    'RT-2-1',
    'DEF',
    'R S',
    'The keyword and the option of MAIL have no value; they make the MAIL line longer.',
  ],
  ['RT-2-2', 'DEF', 'R', 'It is offered inside TLS alone.'],
  [
    'RT-2-3',
    'MUST',
    'S',
    'Only over TLS, with an MX name vouched for, a verified certificate, and the offer inside TLS.',
  ],
  ['RT-3-1', 'DEF', 'S', 'The header field `TLS-Required` has the one value `No`.'],
  ['RT-3-2', 'MUST NOT', '-', 'There is no more than one such field.'],
  [
    'RT-3-3',
    'SHOULD',
    'S',
    'With it mail goes whatever TLS and policies say, and over TLS where it can be had.',
  ],
  ['RT-4.1-1', 'MUST', 'R', 'The wish stays with the message and all its copies.'],
  ['RT-4.1-2', 'MUST', 'R', 'Without REQUIRETLS the header field counts.'],
  ['RT-4.1-3', 'MUST', 'R', 'With REQUIRETLS the header field does not count.'],
  ['RT-4.1-R1', 'REC', 'R', 'The option outside TLS is refused.'],
  [
    'RT-4.2.1-1',
    'MUST',
    'S',
    'For each host: the name vouched for, TLS verified, then the offer looked for.',
  ],
  ['RT-4.2.1-2', 'SHOULD', 'S', 'TLS is as best practice has it.'],
  ['RT-4.2.1-3', 'MUST', 'S', 'A host that falls short is left with QUIT for the next one.'],
  ['RT-4.2.1-4', 'MUST NOT', 'S', 'Where no host will do nothing is sent.'],
  [
    'RT-4.2.1-5',
    'MUST',
    'S',
    'Where no host will do the message is returned.',
    { note: QUEUE_NOTE },
  ],
  ['RT-4.2.1-6', 'SHOULD', 'S', 'The status says whether REQUIRETLS or TLS was missing.'],
  ['RT-4.2.1-7', 'DEF', 'S', 'The option goes on to the next hop.'],
  [
    'RT-4.2.1-R1',
    'REC',
    'S',
    'Only an enforced policy vouches for a name; a fault that may pass returns nothing.',
  ],
  [
    'RT-4.2.2-1',
    'MUST',
    'S',
    'With the header field policies are looked at and followed where they can be, and stop nothing.',
  ],
  [
    'RT-4.2.2-2',
    'MUST',
    'S',
    'If the server itself insists on TLS that cannot be had, the message is returned.',
    { note: QUEUE_NOTE },
  ],
  ['RT-4.3-1', 'MUST', 'MSA', 'A submission server passes on what the author asked for.'],
  ['RT-4.4-1', 'SHOULD', '-', 'Access to stored mail is protected.'],
  [
    'RT-5-1',
    'MUST',
    'S',
    'A notification is as well protected as the message, or leaves its content out.',
    { note: QUEUE_NOTE },
  ],
  [
    'RT-5-2',
    'MUST',
    'S',
    'A notification gives back headers alone, whatever RET says.',
    { note: QUEUE_NOTE },
  ],
  [
    'RT-5-3',
    'SHOULD NOT',
    'S',
    'A notification is not thrown away because the next hop has no REQUIRETLS.',
  ],
  [
    'RT-5-R1',
    'REC',
    'S',
    'The header field goes on into the notification.',
    { later: QUEUE_LATER },
  ],
  ['RT-6-1', 'SHOULD', '-', 'Who sends a message on, such as a list, carries the wish over.'],
  ['RT-8-1', 'DEF', '-', 'REQUIRETLS wins over the header field, which is heeded by choice.'],
]);
