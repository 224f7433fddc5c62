/**
 * TLS reporting: how reports travel, and what both ends owe each other (RFC 8460 §3, §5).
 *
 * @module
 */
import { section } from '../requirement.ts';

/** Sending and taking in. */
export const TLSRPT_TRANSPORT = section(
  { id: 'RPT-5', title: 'Sending and receiving reports', spec: 'RFC 8460 §3, §4.1, §5, §7, §8' },
  [
    ['RPT-3-11', 'DEF', 'TG', 'An `https` place gets the report by POST to the URI as it stands.'],
    ['RPT-3-12', 'MAY', 'TG', 'Faults of the certificate may be ignored on that POST.'],
    [
      'RPT-3-13',
      'DEF',
      'TG',
      'A `mailto` place is an address, percent-decoded; header fields in it are ignored.',
    ],
    [
      'RPT-3-14',
      'MUST',
      'TG',
      'A report goes out by mail whatever TLS faults stand in the way, in clear text too.',
    ],
    [
      'RPT-5.3-1',
      'MUST NOT',
      'TG',
      'MTA-STS and DANE are not enforced on mail that carries a report.',
    ],
    ['RPT-3-15', 'SHOULD NOT', 'TG', 'The session that carries a report is not counted.'],
    [
      'RPT-3-16',
      'MUST',
      'TG',
      'A mailed report has a valid DKIM signature of the reporting domain.',
    ],
    [
      'RPT-3-17',
      'MUST',
      'TC',
      'A mailed report without such a signature is ignored.',
      {
        note: 'kept and shown, part of no sum; `reporting.receive.unauthenticated` has the choice',
      },
    ],
    [
      'RPT-3-18',
      'MUST NOT',
      'TG',
      'The signature has no `l=`; a received one that has is not valid.',
    ],
    ['RPT-3-19', 'SHOULD', 'TG', 'The record of the key says `s=tlsrpt`.'],
    ['RPT-3-20', 'MAY', 'TC', 'Reports whose key does not say so may be ignored.'],
    ['RPT-4.1-1', 'SHOULD', 'TG', 'A report is about one whole day, UTC.'],
    ['RPT-4.1-2', 'DEF', 'TG', 'Reports leave after a wait that differs from domain to domain.'],
    [
      'RPT-5.1-1',
      'SHOULD',
      'TG',
      'The file name holds submitter, policy domain, begin, end and a number.',
    ],
    ['RPT-5.1-2', 'MUST', 'TG', 'Domains in it are A-labels.'],
    ['RPT-5.1-3', 'MUST', 'TG', 'It ends in `json`, or `json.gz` when packed.'],
    ['RPT-5.1-4', 'DEF', 'TG', 'The number is of letters and digits, and optional.'],
    ['RPT-5.2-1', 'SHOULD', 'TG', 'The report is packed with gzip on either way.'],
    ['RPT-5.2-2', 'DEF', 'TC', 'What is unpacked has a limit.'],
    [
      'RPT-5.3-2',
      'MAY',
      'TG',
      'The mail is a `multipart/report` of type `tlsrpt`: text, then the report.',
    ],
    [
      'RPT-5.3-3',
      'MUST',
      'TG',
      'It has the fields `TLS-Report-Domain` and `TLS-Report-Submitter`.',
    ],
    ['RPT-5.3-4', 'MUST', 'TG', 'The submitter is the domain of the contact in the report.'],
    ['RPT-5.3-5', 'SHOULD', 'TG', 'The signature covers both fields.'],
    [
      'RPT-5.3-6',
      'SHOULD',
      'TG',
      'The subject holds domain, submitter and report-id in a fixed form.',
    ],
    ['RPT-5.3-7', 'DEF', 'TC', 'The report-id tells duplicates.'],
    [
      'RPT-5.3-8',
      'DEF',
      'TC',
      'The report is found by media type and file name; other parts are ignored.',
    ],
    [
      'RPT-5.3-R1',
      'REC',
      'TG',
      'The mail says `TLS-Required: No`, so that relays on the way let it pass.',
    ],
    ['RPT-5.4-1', 'MAY', 'TG', 'Reports may be posted by HTTPS.'],
    [
      'RPT-5.4-2',
      'SHOULD',
      'TG',
      'The media type says whether it is packed; there is no content encoding.',
    ],
    ['RPT-5.4-3', 'MUST', 'TC', 'A report that was taken is answered with a code of success.'],
    ['RPT-5.4-4', 'DEF', 'TG', 'Other codes are failures, some of them worth another try.'],
    ['RPT-5.4-5', 'MAY', 'TC', 'A report may be stored first and processed later.'],
    ['RPT-5.5-1', 'SHOULD', 'TG', 'What fails is tried again for 24 hours.'],
    ['RPT-5.5-2', 'SHOULD', 'TG', 'The waits between tries grow.'],
    [
      'RPT-5.6-1',
      'MUST',
      'TC',
      'Where subject or file name differ from the report, the report is right.',
    ],
    ['RPT-6.3-1', 'SHOULD', 'TC', 'Names inside a packed file are not trusted.'],
    ['RPT-7-2', 'DEF', 'TC', 'What a report says is hostile until shown otherwise.'],
    ['RPT-7-3', 'DEF', 'TC', 'A place for reports lives with floods.'],
    ['RPT-8-1', 'DEF', 'TG', 'What a report tells of our own hosts can be left out.'],
  ],
);
