/**
 * Writes what an author is told: one notification for all recipients in the same plight.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { printable } from '../../printable.ts';
import { parseMailbox, wireAddress } from '../../smtp/mailbox.ts';
import {
  notificationEnvelope,
  notificationRule,
  returnedContent,
  type NotificationKind,
} from '../notification.ts';
import type { NewMessage, Notification } from '../queue/types.ts';
import { asciiLine, encodedText, field, isAscii, mailDate } from './mime.ts';
import { reportContent } from './report.ts';
import { FULL_LIMIT } from './returned.ts';
import type {
  DroppedNotice,
  NoticeKind,
  NoticeOptions,
  NoticeRecipient,
  Notices,
} from './types.ts';

/** What RFC 3461 calls the kinds. */
const WISHES: Readonly<Record<NoticeKind, NotificationKind>> = {
  failed: 'failure',
  delayed: 'delay',
  relayed: 'success',
};

/**
 * What to queue and what to log. Recipients whose author wants or may not be told are left out: a
 * report must not name them (RFC 3461 §4.1). Nothing is read of the message before the content of
 * the notification is.
 */
export function notificationsFor(options: NoticeOptions): Notices {
  const { kind, message } = options;
  const told: NoticeRecipient[] = [];
  const dropped: DroppedNotice[] = [];
  for (const recipient of options.recipients) {
    const rule = notificationRule(message.envelope.from, recipient, WISHES[kind]);
    if (rule.kind === 'notify') told.push(recipient);
    // Silence on success is the rule, not an event.
    else if (kind !== 'relayed') dropped.push({ recipient: recipient.address, why: rule.why });
  }
  if (told.length === 0) return { notifications: [], dropped };
  return { notifications: [write({ ...options, recipients: told })], dropped };
}

function write(notice: NoticeOptions): Notification {
  const { message, reportingMta } = notice;
  const mark = markOf(notice);
  const to = mailTo(message.envelope.from);
  const messageId = `<${mark}@${asciiLine(reportingMta, 255).replaceAll(/[^\w.:-]/g, '')}>`;
  const wanted = wantedOf(notice);
  const content = reportContent({ notice, wanted, mark, fields: fieldsOf(notice, to, messageId) });
  return { kind: notice.kind, message: newMessage(notice, { to, messageId, wanted }), content };
}

/** RET limits reports of failure alone; the others never carry the message (RFC 3461 §4.3, §6.2). */
function wantedOf({ kind, message }: NoticeOptions): 'headers' | 'full' {
  if (kind !== 'failed' || message.size > FULL_LIMIT) return 'headers';
  return returnedContent(message.envelope);
}

function newMessage(
  { message }: NoticeOptions,
  own: { readonly to: string; readonly messageId: string; readonly wanted: 'headers' | 'full' },
): NewMessage {
  const { recipients, ...envelope } = notificationEnvelope(own.to, message.envelope);
  const { body } = message.envelope;
  return {
    envelope: {
      ...envelope,
      // Left open otherwise: the session then promises what the next server can take.
      ...(body === '8BITMIME' && own.wanted === 'full' ? { body } : {}),
      ...(isAscii(own.to) ? {} : { smtpUtf8: true }),
    },
    recipients,
    origin: { via: 'own' },
    tlsRequiredNo: message.tlsRequiredNo,
    messageIdHeader: own.messageId,
  };
}

function fieldsOf(notice: NoticeOptions, to: string, messageId: string): readonly string[] {
  const { message, reportingMta, now } = notice;
  const thread = /^<[!-;=?-~]+>$/.exec(message.messageIdHeader.trim())?.[0];
  return [
    field('Date', mailDate(now)),
    field('From', `Mail Delivery System <MAILER-DAEMON@${asciiLine(reportingMta, 255)}>`),
    field('To', to),
    field('Message-ID', messageId),
    field('Subject', encodedText(subject(notice))),
    // RFC 3834 §5: programs must not answer.
    field('Auto-Submitted', 'auto-replied'),
    ...(thread === undefined || thread.length > 900
      ? []
      : [field('In-Reply-To', thread), field('References', thread)]),
    // The author's wish holds for the answer too (RFC 8689 §5).
    ...(message.tlsRequiredNo ? [field('TLS-Required', 'No')] : []),
  ];
}

function subject({ kind, recipients }: NoticeOptions): string {
  const [first] = recipients;
  const more = recipients.length > 1 ? ` and ${recipients.length - 1} more` : '';
  const whom = `your message to ${printable(first?.address ?? '', 100)}${more}`;
  switch (kind) {
    case 'failed':
      return `Not delivered: ${whom}`;
    case 'delayed':
      return `Delayed: ${whom}`;
    case 'relayed':
      return `Handed on: ${whom}`;
    default:
      return kind satisfies never;
  }
}

/** In ASCII where that is possible, so that a bounce does not need SMTPUTF8 without need. */
function mailTo(from: string): string {
  const mailbox = parseMailbox(from);
  if (!mailbox.ok) return from;
  const ascii = wireAddress(mailbox.value, { smtpUtf8: false });
  return ascii.ok ? ascii.value : from;
}

/** The same for the same notification, and for no other. */
function markOf({ kind, message, destination, now, recipients }: NoticeOptions): string {
  const numbers = recipients.map(({ address }) => address);
  return createHash('sha256')
    .update(JSON.stringify([kind, message.id, destination, now, numbers]))
    .digest('hex')
    .slice(0, 32);
}
