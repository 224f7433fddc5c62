/**
 * The policy file: its grammar.
 *
 * @module
 */
import { type Section, section } from '../requirement.ts';

/** RFC 8461 §3.2: the policy file. */
export const STS_POLICY: Section = section(
  { id: 'A.2', title: 'The policy file', spec: 'RFC 8461 §3.2' },
  [
    [
      'STS-3.2-3',
      'DEF',
      'S P',
      'The policy lies at one fixed HTTPS address under `mta-sts.` and the policy domain, port 443.',
    ],
    [
      'STS-3.2-4',
      'DEF',
      'S',
      '`version`, `mode` and `max_age` must be there; lines come in any order.',
    ],
    ['STS-3.2-5', 'DEF', 'S', 'The version is `STSv1`.'],
    [
      'STS-3.2-6',
      'DEF',
      'S',
      'The mode is `enforce`, `testing` or `none`; case counts, in keys too.',
    ],
    [
      'STS-3.2-7',
      'DEF',
      'S',
      '`max_age` is a plain number of seconds, at most one year (31,557,600).',
    ],
    [
      'STS-3.2-8',
      'SHOULD',
      'S',
      'A policy is kept for `max_age`, counted from the last successful fetch.',
    ],
    ['STS-3.2-9', 'DEF', 'S', 'Unless the mode is `none` there is at least one `mx`.'],
    ['STS-3.2-10', 'MUST', 'S P', 'Each `mx` line has one pattern; no other key may be repeated.'],
    ['STS-3.2-11', 'MUST', 'S P', 'Patterns are written in A-labels.'],
    ['STS-3.2-12', 'DEF', 'S', 'A pattern is a host name, or `*.` and a host name.'],
    ['STS-3.2-13', 'DEF', 'S', 'Lines end in LF or CRLF; the last may go without.'],
    [
      'STS-3.2-14',
      'DEF',
      'S',
      'Blanks may follow the colon and the value, not precede colon or key.',
    ],
    ['STS-3.2-15', 'MUST', 'S', 'Unknown keys are ignored.'],
    ['STS-3.2-16', 'MUST', 'S', 'Of every key but `mx` the first counts.'],
    [
      'STS-3.2-17',
      'DEF',
      'S',
      'Values of unknown keys may hold UTF-8 and inner blanks, no control characters.',
    ],
    ['STS-3.2-18', 'SHOULD', 'S', 'The media type is `text/plain`; its parameters do not matter.'],
    [
      'STS-3.2-R1',
      'REC',
      'S',
      'Blank lines at the end are let pass with a warning; other lines without a colon are not.',
    ],
    ['STS-3.2-R2', 'REC', 'S', 'A known key with a bad value is a fault, never an unknown key.'],
    ['STS-3.2-R3', 'REC', 'S', 'A byte order mark is a fault with a message of its own.'],
    ['STS-3.2-R4', 'REC', 'S', 'The lines are kept as they were fetched, for reports.'],
  ],
);
