/**
 * Sending one report to one place, once: by mail, signed, or by HTTPS.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Failure } from '../../failure.ts';
import { reasonOf } from '../../store/store-error.ts';
import { writeReportMail } from '../mail/write-report-mail.ts';
import type { SendMail, SendResult } from '../types.ts';
import { readOwnReport } from './stored-report.ts';
import type { ClaimedTarget, PostReport, SignerSource } from './types.ts';
import { authorOf } from './author.ts';

/** What delivering stands on. */
export interface DeliverReportOptions {
  readonly settings: ReportSendSettings;
  readonly sendMail: SendMail;
  readonly postReport: PostReport;
  readonly signer: SignerSource;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

/** What of a target matters to its delivery. */
export type DeliveredTarget = Pick<
  ClaimedTarget,
  'reportId' | 'number' | 'kind' | 'target' | 'domain' | 'submitter' | 'fileName' | 'content'
>;

/** Sends it once. Never rejects. */
export async function deliverReport(
  target: DeliveredTarget,
  options: DeliverReportOptions,
): Promise<SendResult> {
  const { postReport, sendMail, settings, signal } = options;
  try {
    if (target.kind === 'https') return await postReport(target.target, target.content, signal);
    const mail = await signedMail(target, options);
    if ('kind' in mail) return mail;
    const sent = { reversePath: settings.bounceAddress, to: target.target, ...mail };
    return await sendMail({ ...sent, kind: 'report' }, signal);
  } catch (error) {
    return later({ code: 'REPORT_SEND_FAULT', detail: reasonOf(error) });
  }
}

/** The message, signed; or why there is none (RFC 8460 §3: unsigned ones are not sent). */
export async function signedMail(
  target: DeliveredTarget,
  options: Pick<DeliverReportOptions, 'settings' | 'signer' | 'now'>,
): Promise<{ readonly content: Uint8Array } | SendResult> {
  const signer = options.signer();
  if (!signer.ok) return noSigner(signer.failure);
  const unsigned = unsignedMail(target, options);
  if ('kind' in unsigned) return unsigned;
  try {
    return { content: await signer.value.sign(unsigned.content, options.now) };
  } catch (error) {
    return later({ code: 'REPORT_SEND_SIGNING_FAILED', detail: reasonOf(error) });
  }
}

/** The message before it is signed. */
export function unsignedMail(
  target: DeliveredTarget,
  { settings, now }: Pick<DeliverReportOptions, 'settings' | 'now'>,
): { readonly content: Uint8Array } | SendResult {
  const { domain, submitter, fileName, content } = target;
  try {
    const mail = writeReportMail({
      report: readOwnReport(content),
      fileName,
      gzip: content,
      from: authorOf(settings),
      to: target.target,
      date: now,
      messageId: messageIdOf(target),
      domain,
      submitter,
    });
    return { content: mail };
  } catch (error) {
    const detail = `no mail to ${target.target}: ${reasonOf(error)}`;
    return { kind: 'refused', failure: { code: 'REPORT_SEND_MAIL_UNWRITABLE', detail } };
  }
}

/** The same for each attempt: whoever gets a report twice can tell. */
export function messageIdOf({
  reportId,
  number,
  submitter,
}: Pick<ClaimedTarget, 'reportId' | 'number' | 'submitter'>): string {
  const digest = createHash('sha256').update(reportId).digest('hex').slice(0, 32);
  return `<tlsrpt.${digest}.${number}@${submitter}>`;
}

/** Without a key nothing will change by itself; a key that cannot be read may be mended meanwhile. */
export function noSigner(failure: Failure): SendResult {
  if (failure.code !== 'DKIM_KEY_NOT_SET') return later(failure);
  return { kind: 'refused', failure: { ...failure, code: 'REPORT_SEND_NO_SIGNER' } };
}

function later(failure: Failure): SendResult {
  return { kind: 'later', failure };
}
