/**
 * The mail that carries a report (RFC 8460 §5.3), not signed yet.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { normalizeName } from '../../dns/name.ts';
import { parseMailbox, wireAddress } from '../../smtp/mailbox.ts';
import type { TlsReport } from '../../tlsrpt/report.ts';
import { base64Lines, headerField, quotedPrintable } from './header-text.ts';
import { reportText } from './report-text.ts';

/** What goes into the mail. */
export interface ReportMailOptions {
  readonly report: TlsReport;
  /** Of the attachment (RFC 8460 §5.1). */
  readonly fileName: string;
  /** The packed report; JSON is told from gzip by its first octets. */
  readonly gzip: Uint8Array;
  /** `From`: a bare mailbox. */
  readonly from: string;
  readonly to: string;
  /** Milliseconds since the Unix epoch. */
  readonly date: number;
  /** With or without its angle brackets. The same for every attempt to send one report. */
  readonly messageId: string;
  /** The domain whose record asked for the report. */
  readonly domain: string;
  /** The domain of the report's contact (RFC 8460 §5.3). */
  readonly submitter: string;
}

/**
 * Writes it: multipart/report of a text for people and the report, all in 7 bits with CRLF, the same
 * input giving the same octets. Throws a TypeError for what no caller may hand in: a submitter that
 * is not the domain of the contact, addresses that are none or need SMTPUTF8, anything that could
 * break out of a header field.
 */
export function writeReportMail(options: ReportMailOptions): Uint8Array {
  const { report, fileName, gzip } = options;
  const domain = nameOf(options.domain);
  const submitter = submitterOf(options);
  if (!/^[\w.!+@=-]{1,700}$/.test(fileName))
    throw new TypeError('the file name has odd characters');
  const boundary = `report-${createHash('sha256').update(gzip).digest('hex').slice(0, 32)}`;
  const header = [
    headerField('From', [`<${addressOf(options.from)}>`]),
    headerField('To', [`<${addressOf(options.to)}>`]),
    headerField('Date', dateText(options.date).split(' ')),
    headerField('Message-ID', [messageIdOf(options.messageId)]),
    headerField('Subject', subjectWords(domain, submitter, report.reportId)),
    headerField('TLS-Report-Domain', [domain]),
    headerField('TLS-Report-Submitter', [submitter]),
    // Relays on the way must not hold it back for the very fault that it reports (RFC 8689 §5).
    headerField('TLS-Required', ['No']),
    // No answers of holiday machines (RFC 3834 §5).
    headerField('Auto-Submitted', ['auto-generated']),
    headerField('MIME-Version', ['1.0']),
    headerField('Content-Type', [
      'multipart/report;',
      'report-type="tlsrpt";',
      `boundary="${boundary}"`,
    ]),
  ];
  const lines = [
    ...header,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    quotedPrintable(reportText({ report, domain })),
    `--${boundary}`,
    headerField('Content-Type', [`application/tlsrpt+${isGzip(gzip) ? 'gzip' : 'json'}`]),
    'Content-Transfer-Encoding: base64',
    headerField('Content-Disposition', ['attachment;', `filename="${fileName}"`]),
    '',
    `${base64Lines(gzip)}--${boundary}--`,
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

/** RFC 8460 §5.3: the words and their order are fixed, folds between them are free. */
function subjectWords(domain: string, submitter: string, reportId: string): readonly string[] {
  const id = subjectId(reportId, submitter);
  return ['Report', 'Domain:', domain, 'Submitter:', submitter, 'Report-ID:', id];
}

/**
 * The id of a report as a Subject takes it, `<left@right>`: as it is where it has that form, else the
 * submitter becomes its right side.
 */
export function subjectId(reportId: string, submitter: string): string {
  const form = /^(?<left>[^@]+)@(?<right>[^@]+)$/.exec(reportId)?.groups;
  const left = dotAtom(form?.['left'] ?? reportId);
  const right = form === undefined ? submitter : dotAtom(form['right']!);
  return `<${left}@${right}>`;
}

/** Letters that RFC 5322 §3.2.3 allows there; any other becomes `-`. */
function dotAtom(text: string): string {
  const clean = text.replace(/[^\w!#$%&'*+/=?^`{|}~.-]/g, '-').replace(/\.{2,}/g, '.');
  return clean.replace(/^\.|\.$/g, '') || '-';
}

function submitterOf({ submitter, report }: ReportMailOptions): string {
  const contact = parseMailbox(report.contactInfo);
  const name = nameOf(submitter);
  if (!contact.ok || contact.value.domain !== name) {
    throw new TypeError(`the submitter is ${name}, the contact ${report.contactInfo}`);
  }
  return name;
}

function nameOf(text: string): string {
  const name = normalizeName(text);
  if (!name.ok) throw new TypeError(name.failure.detail);
  return name.value;
}

function addressOf(text: string): string {
  const mailbox = parseMailbox(text);
  if (!mailbox.ok) throw new TypeError(mailbox.failure.detail);
  const address = wireAddress(mailbox.value, { smtpUtf8: false });
  if (!address.ok) throw new TypeError(address.failure.detail);
  if (/\s/.test(address.value)) throw new TypeError(`"${address.value}" has a blank in it`);
  return address.value;
}

function messageIdOf(text: string): string {
  const inner = text.replace(/^<|>$/g, '');
  if (!/^[^\s<>@]+@[^\s<>@]+$/.test(inner)) throw new TypeError('the message id is none');
  return `<${inner}>`;
}

/** `Tue, 24 Nov 2026 02:03:04 +0000` (RFC 5322 §3.3). */
function dateText(ms: number): string {
  return new Date(ms).toUTCString().replace('GMT', '+0000');
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
