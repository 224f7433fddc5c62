/**
 * The second part of a report: what programs read (RFC 3464, RFC 6533 §4).
 *
 * @module
 */
import { encodeXtext } from '../../smtp/xtext.ts';
import { basisOf, wayOf, type Basis } from './basis.ts';
import { isPolicyCause } from './causes.ts';
import { asciiLine, CRLF, field, isAscii, mailDate } from './mime.ts';
import { noticeStatus } from './notice-status.ts';
import type { NoticeOptions, NoticeRecipient } from './types.ts';

/** The part: its media type, its encoding and its text. */
export interface DeliveryStatus {
  readonly mediaType: 'message/delivery-status' | 'message/global-delivery-status';
  readonly encoding: '7bit' | '8bit';
  readonly text: string;
}

/** Writes the part. An address beyond ASCII makes it the one of RFC 6533. */
export function deliveryStatus(options: NoticeOptions): DeliveryStatus {
  const blocks = [
    perMessage(options),
    ...options.recipients.map((recipient) => perRecipient(recipient, options)),
  ];
  const text = blocks.join(CRLF);
  return isAscii(text)
    ? { mediaType: 'message/delivery-status', encoding: '7bit', text }
    : { mediaType: 'message/global-delivery-status', encoding: '8bit', text };
}

/** RFC 3464 §2.2. */
function perMessage({ message, reportingMta }: NoticeOptions): string {
  const { envid } = message.envelope;
  return [
    field('Reporting-MTA', `dns; ${asciiLine(reportingMta)}`),
    envid === undefined ? '' : field('Original-Envelope-Id', envelopeId(envid)),
    field('X-Smtp-Sts-Queue-Id', asciiLine(message.id)),
    field('Arrival-Date', mailDate(message.acceptedAt)),
  ].join('');
}

/** RFC 3464 §2.3. */
function perRecipient(recipient: NoticeRecipient, options: NoticeOptions): string {
  const { address, orcpt, host, reply } = recipient;
  const { kind, attempts, lastAttemptAt, now, willRetryUntil } = options;
  const spoke = reply !== undefined && host !== undefined && host !== '';
  const diagnostic = diagnosticCode(recipient, options);
  return [
    orcpt === undefined ? '' : field('Original-Recipient', typed(orcpt)),
    field('Final-Recipient', `${isAscii(address) ? 'rfc822' : 'utf-8'}; ${address}`),
    field('Action', kind),
    field('Status', noticeStatus(recipient, options)),
    // The host that gave the status, not one that was merely tried (RFC 3464 §2.3.5).
    spoke ? field('Remote-MTA', `dns; ${asciiLine(host)}`) : '',
    diagnostic === undefined ? '' : field('Diagnostic-Code', diagnostic),
    attempts > 0 ? field('Last-Attempt-Date', mailDate(lastAttemptAt ?? now)) : '',
    kind === 'delayed' && willRetryUntil !== undefined
      ? field('Will-Retry-Until', mailDate(willRetryUntil))
      : '',
  ].join('');
}

/** Of a server: its reply. Of ours: the stable code, what was seen, and whose policy it was. */
function diagnosticCode(recipient: NoticeRecipient, options: NoticeOptions): string | undefined {
  const { reply, failure, text } = recipient;
  if (reply !== undefined) {
    const enhanced = reply.enhanced === undefined ? '' : ` ${reply.enhanced}`;
    return `smtp; ${reply.code}${asciiLine(`${enhanced} ${reply.lines.join(' ')}`, 800)}`;
  }
  if (failure !== undefined) {
    const where = policyNote(basisOf(recipient, options), options);
    return `X-Smtp-Sts; ${failure.code}: ${asciiLine(`${failure.detail}${where}`, 800)}`;
  }
  return text === undefined || text === '' ? undefined : `X-Smtp-Sts; ${asciiLine(text, 800)}`;
}

/** For a program that sorts reports: domain, host and policy of what held the message back. */
function policyNote({ cause, host, demander }: Basis, options: NoticeOptions): string {
  if (!isPolicyCause(cause)) return '';
  const { sts } = options.decision?.policy ?? {};
  const mx = host === '' ? '' : `, MX ${host}`;
  const policy =
    demander === 'sts' && sts !== undefined ? `, MTA-STS ${sts.mode} id ${sts.id}` : '';
  return ` (domain ${wayOf(options).domain}${mx}${policy})`;
}

/** Decoded (RFC 3464 §2.2.1), unless it cannot stand in a line of ASCII. */
function envelopeId(envid: string): string {
  return /^[ -~]*$/.test(envid) ? envid : encodeXtext(envid);
}

/** `type;address` as it came; another type than these says nothing to us and is kept. */
function typed(orcpt: string): string {
  const at = orcpt.indexOf(';');
  const type = at === -1 ? 'rfc822' : orcpt.slice(0, at);
  const address = orcpt.slice(at + 1);
  return `${isAscii(address) ? asciiLine(type, 60) : 'utf-8'}; ${address}`;
}
