/**
 * What a mail without a TLS report is, in a few words.
 *
 * @module
 */
import type { Email } from 'postal-mime';
import { fail, type Outcome } from '../../failure.ts';
import { firstOf } from './mail-facts.ts';
import { kindOf } from './report-candidate.ts';

/** The failure for such a mail; `reasonCode`: `bounce`, `abuse`, `receipt`, `dmarc`, `empty`, `attachments` or `plain`. */
export function noReport(email: Email): Outcome<never> {
  const [reasonCode, text] = whatItIs(email);
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

function whatItIs({ headers, attachments }: Email): readonly [string, string] {
  const contentType = firstOf(headers, 'content-type') ?? '';
  const reportType = /\breport-type\s*=\s*"?([\w-]+)/i.exec(contentType)?.[1]?.toLowerCase();
  const known = Object.entries(REPORT_TYPES).find(([name]) => name === reportType)?.[1];
  if (known !== undefined) return known;
  if (attachments.some((part) => part.mimeType === 'message/delivery-status')) {
    return REPORT_TYPES['delivery-status']!;
  }
  const kinds = attachments.map((part) => {
    const content = typeof part.content === 'string' ? Buffer.from(part.content) : part.content;
    return kindOf({ bytes: new Uint8Array(content), mediaType: part.mimeType });
  });
  if (kinds.includes('dmarc')) return ['dmarc', 'it is an aggregate report of DMARC'];
  if (kinds.length > 0) return ['attachments', `none of its ${kinds.length} attachments is one`];
  return ['plain', 'nothing is attached'];
}
