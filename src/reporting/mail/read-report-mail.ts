/**
 * Finds the TLS reports in a mail (RFC 8460 §5.3).
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import { fail, ok, type Outcome } from '../../failure.ts';
import { mailFacts } from './mail-facts.ts';
import { type MimeLeaf, type MimeMail, readMime } from './mime-parts.ts';
import { noReport } from './no-report.ts';
import { kindOf } from './report-candidate.ts';
import { scanMail, withoutLeadingLines } from './scan-mail.ts';
import {
  DEFAULT_MAIL_LIMITS,
  type MailLimits,
  type ReportAttachment,
  type ReportMail,
} from './types.ts';

/**
 * Finds the reports. Never throws and never takes long: what is too large, too deep or has too many
 * parts is refused before it is taken apart.
 *
 * @returns `REPORT_MAIL_NO_REPORT` for a mail that is none, its `reasonCode` saying what it is;
 *   any other code where the mail was refused
 */
export async function readReportMail(
  message: Uint8Array,
  limits: MailLimits = DEFAULT_MAIL_LIMITS,
): Promise<Outcome<ReportMail>> {
  const search: Search = { limits, partsLeft: limits.maxParts, found: [], notes: new Set() };
  const top = searchMail(withoutLeadingLines(message), 0, search);
  if (!top.ok) return await Promise.resolve(top);
  const first = search.found[0];
  if (first === undefined) return noReport(top.value);
  return ok({ ...first.mail, attachments: search.found, notes: [...search.notes] });
}

/** One search through a mail and those forwarded in it; the bounds are for all of them together. */
interface Search {
  readonly limits: MailLimits;
  partsLeft: number;
  readonly found: ReportAttachment[];
  readonly notes: Set<ErrorCode>;
}

function searchMail(message: Uint8Array, depth: number, search: Search): Outcome<MimeMail> {
  const { limits, notes } = search;
  if (depth > limits.maxDepth) {
    const detail = `more than ${limits.maxDepth} mails are forwarded in one another`;
    return fail('REPORT_MAIL_TOO_DEEP', detail);
  }
  const scan = scanMail(message, limits);
  if (!scan.ok) return scan;
  const parsed = readMime(message, limits);
  if (!parsed.ok) return parsed;
  const mime = parsed.value;
  search.partsLeft -= mime.leaves.length;
  if (search.partsLeft < 0) {
    return fail('REPORT_MAIL_TOO_MANY_PARTS', `the mail has more than ${limits.maxParts} parts`);
  }
  const found = reportsIn(mime, message);
  search.found.push(...found);
  if (found.length > 0) {
    for (const code of deviations(mime, found)) notes.add(code);
    if (depth > 0) notes.add('REPORT_MAIL_FORWARDED');
    if (scan.value.bareCr) notes.add('REPORT_MAIL_BARE_CR');
  }
  for (const inner of mime.leaves.filter(isMail)) {
    const result = searchMail(withoutLeadingLines(inner.bytes), depth + 1, search);
    if (!result.ok) return result;
  }
  return parsed;
}

function reportsIn(mime: MimeMail, message: Uint8Array): readonly ReportAttachment[] {
  const parts = mime.leaves.filter(isReport);
  if (parts.length === 0) return [];
  const mail = mailFacts(message, mime.fields);
  return parts.map(({ bytes, mediaType, fileName, place }) => ({
    bytes,
    mediaType,
    place,
    ...(fileName === undefined ? {} : { fileName }),
    mail,
  }));
}

function isReport(leaf: MimeLeaf): boolean {
  if (leaf.isText || isMail(leaf)) return false;
  const kind = kindOf(leaf);
  return kind === 'tlsrpt' || kind === 'likely';
}

/** Where the mail is not as RFC 8460 §5.3 has it. */
function deviations(
  { contentType, isClosed }: MimeMail,
  found: readonly ReportAttachment[],
): readonly ErrorCode[] {
  const codes: ErrorCode[] = [];
  const reportType = contentType.parameters.get('report-type')?.toLowerCase();
  if (contentType.value !== 'multipart/report' || reportType !== 'tlsrpt') {
    codes.push('REPORT_MAIL_NOT_MULTIPART_REPORT');
  }
  if (found.some(({ mediaType }) => !/^application\/tlsrpt\+(?:gzip|json)$/.test(mediaType))) {
    codes.push('REPORT_MAIL_MEDIA_TYPE');
  }
  const { headerDomain, headerSubmitter, fromCount } = found[0]!.mail;
  if (headerDomain === undefined || headerSubmitter === undefined) {
    codes.push('REPORT_MAIL_FIELDS_MISSING');
  }
  if (fromCount !== 1) codes.push('REPORT_MAIL_FROM');
  if (!isClosed) codes.push('REPORT_MAIL_UNCLOSED');
  return codes;
}

function isMail({ mediaType, fileName }: MimeLeaf): boolean {
  return mediaType === 'message/rfc822' || /\.eml$/i.test(fileName ?? '');
}
