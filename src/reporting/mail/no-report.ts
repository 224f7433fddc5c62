/**
 * What a mail without a TLS report is, in a few words.
 *
 * @module
 */
import { fail, type Outcome } from '../../failure.ts';
import type { MimeMail } from './mime-parts.ts';
import { kindOf } from './report-candidate.ts';

/** The failure for such a mail; `reasonCode`: `bounce`, `abuse`, `receipt`, `dmarc`, `empty`, `attachments` or `plain`. */
export function noReport(mail: MimeMail): Outcome<never> {
  const [reasonCode, text] = whatItIs(mail);
  return fail('REPORT_MAIL_NO_REPORT', `there is no TLS report in this mail: ${text}`, {
    reasonCode,
  });
}

const REPORT_TYPES: Readonly<Record<string, readonly [string, string]>> = {
  'delivery-status': ['bounce', 'it is a bounce'],
  'feedback-report': ['abuse', 'it is a complaint about spam'],
  'disposition-notification': ['receipt', 'it is a receipt'],
  tlsrpt: ['empty', 'it says that it is one, but none is attached'],
};

function whatItIs({ contentType, leaves }: MimeMail): readonly [string, string] {
  const reportType = contentType.parameters.get('report-type')?.toLowerCase();
  const known = Object.entries(REPORT_TYPES).find(([name]) => name === reportType)?.[1];
  if (known !== undefined) return known;
  const attached = leaves.filter(({ isText }) => !isText);
  if (attached.some(({ mediaType }) => mediaType === 'message/delivery-status')) {
    return REPORT_TYPES['delivery-status']!;
  }
  if (attached.some((part) => kindOf(part) === 'dmarc')) {
    return ['dmarc', 'it is an aggregate report of DMARC'];
  }
  if (attached.length === 0) return ['plain', 'nothing is attached'];
  return ['attachments', `none of its ${attached.length} attachments is one`];
}
