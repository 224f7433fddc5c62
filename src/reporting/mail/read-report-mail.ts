/**
 * Finds the TLS reports in a mail (RFC 8460 §5.3).
 *
 * @module
 */
import PostalMime, { type Attachment, type Email } from 'postal-mime';
import type { ErrorCode } from '../../errors.ts';
import { fail, ok, type Outcome } from '../../failure.ts';
import { printable } from '../../printable.ts';
import { firstOf, mailFacts } from './mail-facts.ts';
import { noReport } from './no-report.ts';
import { kindOf, type MailPart } from './report-candidate.ts';
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
  const top = await searchMail(withoutLeadingLines(message), 0, search);
  if (!top.ok) return top;
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

async function searchMail(
  message: Uint8Array,
  depth: number,
  search: Search,
): Promise<Outcome<Email>> {
  const { limits, notes } = search;
  if (depth > limits.maxDepth) {
    return fail(
      'REPORT_MAIL_TOO_DEEP',
      `more than ${limits.maxDepth} mails are forwarded in one another`,
    );
  }
  const scan = scanMail(message, limits);
  if (!scan.ok) return scan;
  const parsed = await parse(message, limits);
  if (!parsed.ok) return parsed;
  const email = parsed.value;
  search.partsLeft -= email.attachments.length;
  if (search.partsLeft < 0) {
    return fail('REPORT_MAIL_TOO_MANY_PARTS', `the mail has more than ${limits.maxParts} parts`);
  }
  const found = reportsIn(email, message);
  search.found.push(...found);
  if (found.length > 0) {
    for (const code of deviations(email, found)) notes.add(code);
    if (depth > 0) notes.add('REPORT_MAIL_FORWARDED');
    if (scan.value.bareCr) notes.add('REPORT_MAIL_BARE_CR');
    if (!isClosed(email, message)) notes.add('REPORT_MAIL_UNCLOSED');
  }
  for (const inner of email.attachments.filter(isMail)) {
    const result = await searchMail(withoutLeadingLines(bytesOf(inner)), depth + 1, search);
    if (!result.ok) return result;
  }
  return parsed;
}

async function parse(message: Uint8Array, limits: MailLimits): Promise<Outcome<Email>> {
  try {
    const email = await PostalMime.parse(message, {
      forceRfc822Attachments: true,
      maxNestingDepth: limits.maxDepth,
      maxHeadersSize: limits.maxHeaderBytes,
    });
    return ok(email);
  } catch (error) {
    const text = (error as Error).message;
    if (text.includes('nesting depth')) {
      return fail(
        'REPORT_MAIL_TOO_DEEP',
        `parts of the mail are nested deeper than ${limits.maxDepth}`,
      );
    }
    if (text.includes('header size')) {
      return fail(
        'REPORT_MAIL_HEADER_TOO_LONG',
        `the headers of the mail and its parts are longer than ${limits.maxHeaderBytes} octets`,
      );
    }
    return fail('REPORT_MAIL_MALFORMED', `the mail cannot be taken apart: ${printable(text)}`);
  }
}

function reportsIn(email: Email, message: Uint8Array): readonly ReportAttachment[] {
  const parts = email.attachments.map(toPart).filter((part) => isReport(part));
  if (parts.length === 0) return [];
  const mail = mailFacts(message, email.headers, email.subject ?? '');
  return parts.map((part) => ({ ...part, mail }));
}

function isReport(part: MailPart): boolean {
  const kind = kindOf(part);
  return kind === 'tlsrpt' || kind === 'likely';
}

/** Where the mail is not as RFC 8460 §5.3 has it. */
function deviations(email: Email, found: readonly ReportAttachment[]): readonly ErrorCode[] {
  const codes: ErrorCode[] = [];
  const contentType = firstOf(email.headers, 'content-type') ?? '';
  if (!/^multipart\/report\b.*\breport-type\s*=\s*"?tlsrpt"?/is.test(contentType)) {
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
  return codes;
}

/** Ends the outermost multipart as RFC 2046 §5.1.1 wants it? A mail of one part has nothing to close. */
function isClosed(email: Email, message: Uint8Array): boolean {
  const contentType = firstOf(email.headers, 'content-type') ?? '';
  const boundary = /^multipart\/.*\bboundary\s*=\s*(?:"(?<quoted>[^"]+)"|(?<bare>[^\s;"]+))/is.exec(
    contentType,
  )?.groups;
  const text = boundary?.['quoted'] ?? boundary?.['bare'];
  if (text === undefined) return true;
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  return bytes.includes(`\n--${text}--`);
}

function isMail({ mimeType, filename }: Attachment): boolean {
  return mimeType === 'message/rfc822' || /\.eml$/i.test(filename ?? '');
}

function toPart(attachment: Attachment): MailPart {
  const { filename, mimeType } = attachment;
  return {
    bytes: bytesOf(attachment),
    ...(filename === null || filename === '' ? {} : { fileName: filename }),
    mediaType: mimeType,
  };
}

function bytesOf({ content }: Attachment): Uint8Array {
  if (typeof content === 'string') return Buffer.from(content);
  return content instanceof Uint8Array ? content : new Uint8Array(content);
}
