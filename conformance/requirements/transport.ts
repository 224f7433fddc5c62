/**
 * Mail transport: hosts, retries, notifications.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';
import { QUEUE_LATER, QUEUE_NOTE } from './queue.ts';

/** RFC 5321: finding the host, trying again, giving up. */
export const TRANSPORT: Section = section(
  { id: 'E.2', title: 'Mail transport', spec: 'RFC 5321' },
  [
    [
      'SMTP-5.1-1',
      'MUST',
      'S',
      'MX decides; a CNAME is followed; no such domain is final, a DNS error is not.',
    ],
    ['SMTP-5.1-2', 'DEF', 'S', 'Without MX records the domain itself is the host.'],
    ['SMTP-5.1-3', 'MUST NOT', 'S', 'With MX records the address of the domain is never used.'],
    ['SMTP-5.1-4', 'MUST', 'S', 'By preference, equals shuffled, at least two addresses tried.'],
    [
      'SMTP-5.1-5',
      'MUST',
      'S',
      'If we are in the list, our preference and all worse are left out.',
    ],
    [
      'SMTP-4.5.4.1-1',
      'MUST',
      'S',
      'Retry for days, at sensible distances, as configured.',
      { note: QUEUE_NOTE },
    ],
    ['SMTP-4.5.4.1-2', 'SHOULD', 'S', 'One transaction serves several recipients of one host.'],
    ['SMTP-4.5.3.2-1', 'MUST', 'S', 'Each command has its own time-out.'],
    [
      'SMTP-4.5.5-1',
      'MUST NOT',
      'S',
      'A failed notification causes no notification.',
      { note: QUEUE_NOTE },
    ],
    [
      'SMTP-6.1-1',
      'MUST',
      'S',
      'What was accepted is delivered or its sender is told.',
      { note: QUEUE_NOTE },
    ],
    ['SMTP-4.1.2-1', 'DEF', '-', 'What a domain in an address looks like.'],
  ],
);

/** RFC 7505: domains that take no mail. */
export const NULL_MX: Section = section({ id: 'E.3', title: 'Null MX', spec: 'RFC 7505' }, [
  ['NMX-3-1', 'DEF', 'S', 'A single MX record `0 .` is final at once.'],
  ['NMX-3-2', 'MUST NOT', 'P', 'Beside a null MX there are no other MX records.'],
  [
    'NMX-4.1-1',
    'SHOULD',
    'R MSA',
    'Mail for and from such domains is refused with codes of its own.',
    { note: 'the code for such recipients is proven; the server that refuses with it comes later' },
  ],
]);

/** RFC 3461, RFC 3464, RFC 6522: telling the sender. */
export const NOTIFICATIONS: Section = section(
  { id: 'E.4', title: 'Delivery status notifications', spec: 'RFC 3461, RFC 3464, RFC 6522' },
  [
    [
      'DSN-6522-3-1',
      'MUST',
      '-',
      'A report of two or three parts: text, status, the message or its header.',
      { later: QUEUE_LATER },
    ],
    ['DSN-3464-2.2-1', 'MUST', '-', 'It names the reporting server.', { later: QUEUE_LATER }],
    [
      'DSN-3464-2.3-1',
      'MUST',
      '-',
      'For each recipient: address, action, status.',
      { later: QUEUE_LATER },
    ],
    [
      'DSN-3461-1',
      'DEF',
      '-',
      'The sender may say when to be told and how much to get back.',
      { later: QUEUE_LATER },
    ],
    ['DSN-5321-3.6.3', 'MUST', '-', 'Its own return path is empty.', { later: QUEUE_LATER }],
    [
      'DSN-R1',
      'REC',
      '-',
      'Policy failures have status codes and a text with domain, host, policy and reason.',
      { later: QUEUE_LATER },
    ],
    [
      'DSN-R2',
      'REC',
      '-',
      'A delay notice says that a policy holds the message back.',
      { later: QUEUE_LATER },
    ],
  ],
);
