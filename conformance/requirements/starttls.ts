/**
 * STARTTLS and the identity of a server.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';

/** RFC 3207: STARTTLS. */
export const STARTTLS: Section = section({ id: 'E.1', title: 'STARTTLS', spec: 'RFC 3207' }, [
  ['TLS-3207-2-1', 'DEF', 'S R', 'The keyword and the command have no parameter.'],
  ['TLS-3207-4-1', 'DEF', 'R', 'The replies are 220, 501 and 454.'],
  [
    'TLS-3207-4-2',
    'MUST',
    'S',
    'After 220 comes the handshake and nothing else; if it fails the connection ends.',
  ],
  ['TLS-3207-4-3', 'MUST NOT', 'R', 'A public MX host does not insist on STARTTLS.'],
  ['TLS-3207-4-4', 'SHOULD', 'R', 'A private server that insists answers 530 to most commands.'],
  ['TLS-3207-4-5', 'MUST', 'S', 'In a pipeline STARTTLS is the last command.'],
  [
    'TLS-3207-4.1-1',
    'MUST',
    'S R',
    'Right after the handshake it is decided whether the session is good enough.',
  ],
  ['TLS-3207-4.1-2', 'SHOULD', 'S', 'If it is not, the client quits.'],
  ['TLS-3207-4.2-1', 'MUST', 'S R', 'What was learned before TLS is forgotten.'],
  ['TLS-3207-4.2-2', 'SHOULD', 'S', 'The first command inside TLS is EHLO.'],
  ['TLS-3207-4.2-3', 'MUST NOT', 'S R', 'There is no TLS inside TLS.'],
  ['TLS-3207-6-1', 'MUST', 'S R', 'TLS can be made a must for chosen peers.'],
  ['TLS-3207-R1', 'REC', 'S R', 'Octets that arrive in the clear behind the 220 end the session.'],
]);

/** RFC 9525, RFC 9325: identity, and TLS as best practice has it. */
export const IDENTITY: Section = section(
  { id: 'E.5', title: 'Identity and best practice', spec: 'RFC 9525, RFC 9325' },
  [
    ['ID-9525-1', 'MUST NOT', 'S', 'The common name is no identity.'],
    [
      'ID-9525-6.1-1',
      'MUST',
      'S',
      'The names to look for are known before the certificate is seen.',
    ],
    ['ID-9525-6.3-1', 'MUST', 'S', 'Names are compared label by label without case, in A-labels.'],
    [
      'ID-9525-6.3-2',
      'MUST',
      'S',
      'A name with a wildcard anywhere but as the whole first label is passed over.',
    ],
    [
      'ID-9525-6.6-1',
      'MUST NOT',
      'S',
      'A mismatch ends the session; going on is never the default.',
    ],
    ['TLS-9325-1', 'MUST NOT', 'S R', 'Nothing older than TLS 1.2 counts.'],
    ['ID-7817-1', 'DEF', '-', 'RFC 7817 is about submission and mail access, not relaying.'],
    ['SUB-8314-1', 'DEF', '-', 'RFC 8314 leaves relaying to DANE and MTA-STS.'],
  ],
);
