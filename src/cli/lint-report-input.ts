/**
 * The reports in a file: gzip, zip, JSON, or a whole mail as it was received.
 *
 * @module
 */
import { Readable } from 'node:stream';
import { type ErrorCode, ERRORS } from '../errors.ts';
import type { Problem } from '../failure.ts';
import { DEFAULT_MAIL_LIMITS, type ReportAttachment } from '../reporting/mail/types.ts';
import { readReportFile } from '../tlsrpt/read-report-file.ts';
import type { ReceivedReport } from '../tlsrpt/report.ts';
import { DEFAULT_UNPACK_LIMITS } from '../tlsrpt/unpack-report.ts';

/** The largest file or mail, in octets. */
export const LARGEST_REPORT = DEFAULT_UNPACK_LIMITS.maxJsonBytes;

/** Of a mailbox so many mails are read: all of them are kept until they are shown. */
const MOST_MAILS = 100;

/** What a file holds. */
export interface ReportInput {
  /** Those that were understood; a mail may carry several. */
  readonly reports: readonly ReceivedReport[];
  readonly problems: readonly Problem[];
  /** Mails of a mailbox: those that were read, and all. */
  readonly mails?: { readonly read: number; readonly all: number };
}

/** Reads a file; its name is a hint for what the report does not say. */
export async function readReportInput(bytes: Uint8Array, fileName?: string): Promise<ReportInput> {
  // A person who has the file at hand may look at it, packed as large as it is.
  const limits = { ...DEFAULT_UNPACK_LIMITS, maxPackedBytes: LARGEST_REPORT };
  if (isMailbox(bytes)) return await readMailbox(bytes);
  if (isMail(bytes)) return await readMail(bytes);
  const hints = fileName === undefined ? {} : { fileName };
  const { report, problems } = await readReportFile(bytes, { limits, hints });
  return { reports: report === undefined ? [] : [report], problems };
}

function headOf(bytes: Uint8Array): string {
  const length = Math.min(bytes.length, 1000);
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1');
}

/** Begins with the `From ` line of a mailbox file (RFC 4155). */
function isMailbox(bytes: Uint8Array): boolean {
  return /^\s*From /.test(headOf(bytes));
}

/** Begins with a header field. */
function isMail(bytes: Uint8Array): boolean {
  return /^\s*[A-Za-z][A-Za-z0-9-]*[ \t]*:/.test(headOf(bytes));
}

/** All its mails. That one among several carries no report is no fault. */
async function readMailbox(bytes: Uint8Array): Promise<ReportInput> {
  const { splitMbox } = await import('../reporting/intake/mbox.ts');
  const inputs: ReportInput[] = [];
  let all = 0;
  for await (const mail of splitMbox(Readable.from([bytes]))) {
    all += 1;
    if (all <= MOST_MAILS) inputs.push(await readMail(mail));
  }
  if (all <= 1) return inputs[0] ?? (await readMail(bytes));
  const reports = inputs.flatMap((input) => input.reports);
  const problems = inputs.flatMap((input, index) =>
    input.problems.map((problem) => {
      const message = `mail ${index + 1}: ${problem.message}`;
      const isNone = problem.code === 'REPORT_MAIL_NO_REPORT' && reports.length > 0;
      return { ...problem, message, ...(isNone ? { severity: 'info' as const } : {}) };
    }),
  );
  return { reports, problems, mails: { read: inputs.length, all } };
}

async function readMail(message: Uint8Array): Promise<ReportInput> {
  // Only who reads a mail waits for the mail parser.
  const { readReportMail } = await import('../reporting/mail/read-report-mail.ts');
  const mail = await readReportMail(message, { ...DEFAULT_MAIL_LIMITS, maxBytes: LARGEST_REPORT });
  if (!mail.ok) {
    const { code, detail } = mail.failure;
    return { reports: [], problems: [problemOf(code, detail, 'error')] };
  }
  const notes = mail.value.notes.map((code) => problemOf(code, ERRORS[code].meaning, 'info'));
  const reports: ReceivedReport[] = [];
  const problems: Problem[] = [...notes];
  for (const [index, attachment] of mail.value.attachments.entries()) {
    const reading = await readAttachment(attachment);
    if (reading.report !== undefined) reports.push(reading.report);
    const name = mail.value.attachments.length === 1 ? '' : `attachment ${index + 1}: `;
    problems.push(
      ...reading.problems.map((problem) => ({ ...problem, message: `${name}${problem.message}` })),
    );
  }
  return { reports, problems };
}

function readAttachment(attachment: ReportAttachment): ReturnType<typeof readReportFile> {
  const { bytes, fileName, mail } = attachment;
  const { headerDomain, headerSubmitter } = mail;
  return readReportFile(bytes, {
    hints: {
      ...(fileName === undefined ? {} : { fileName }),
      ...(headerDomain === undefined ? {} : { headerDomain }),
      ...(headerSubmitter === undefined ? {} : { headerSubmitter }),
    },
  });
}

function problemOf(code: ErrorCode, text: string, severity: Problem['severity']): Problem {
  const message = text.replace(/\.$/, '');
  const fix = ERRORS[code].action.replace(/\.$/, '');
  return { code, line: 1, column: 1, message, fix, severity };
}
