/**
 * Hosts that cannot take a message for want of an extension, or of room for its size. Pure.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import type { RecipientResult } from '../smtp/types.ts';
import type { RecipientReport } from './types.ts';

/** What another host of the same domain may well have (RFC 1870, RFC 6152, RFC 6531). */
const LACKS: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'SMTP_MESSAGE_TOO_LARGE',
  'SMTP_SMTPUTF8_MISSING',
  'SMTP_8BITMIME_MISSING',
]);

/** Nobody refused the recipient: this host lacks what the message needs. */
export function isLacking(result: RecipientResult): boolean {
  return result.status === 'failed' && result.reply === undefined && LACKS.has(result.failure.code);
}

/**
 * What a host said, or that it lacks something, beside what an earlier one had said: one that only
 * asked to wait may yet take the message.
 */
export function better(
  earlier: RecipientReport | undefined,
  later: RecipientReport,
): RecipientReport {
  return earlier?.status === 'deferred' && isLacking(later) ? earlier : later;
}

/** The same, where a host that was not reached may have what the others lack. */
export function postponed(report: RecipientReport): RecipientReport {
  if (report.status !== 'failed') return report;
  const { code, detail } = report.failure;
  const failure = { code, detail: `${detail}; another host could not be tried` };
  return { ...report, status: 'deferred', failure };
}
