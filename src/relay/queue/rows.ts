/**
 * Rows of the queue's tables, and the values they stand for.
 *
 * @module
 */
import type {
  QueueJobTable,
  QueueMessageTable,
  QueueRecipientTable,
} from '../../store/queue-tables.ts';
import type { Value } from './statements.ts';
import type { NewMessage, QueuedMessage, QueuedRecipient } from './types.ts';

/** Columns in the order of {@link messageRow}. */
export const MESSAGE_COLUMNS = [
  'id',
  'accepted_at',
  'reverse_path',
  'ret',
  'envid',
  'body',
  'smtp_utf8',
  'require_tls',
  'tls_required_no',
  'size',
  'message_id_header',
  'via',
  'submitted_by',
  'client_address',
  'helo_name',
] as const satisfies readonly (keyof QueueMessageTable)[];

/** Columns in the order of {@link recipientRow}. */
export const RECIPIENT_COLUMNS = [
  'message_id',
  'destination',
  'number',
  'address',
  'notify',
  'orcpt',
  'state',
  'last_text',
  'last_code',
  'last_host',
  'last_at',
] as const satisfies readonly (keyof QueueRecipientTable)[];

/** Columns of a job in the order in which they are inserted. */
export const JOB_COLUMNS = [
  'message_id',
  'destination',
  'state',
  'attempts',
  'next_at',
  'taken_by',
  'delay_notice_sent',
] as const satisfies readonly (keyof QueueJobTable)[];

/** Texts from outside are kept for people up to this length, in UTF-16 units. */
const LONGEST_TEXT = 2_000;

/** PostgreSQL refuses NUL and half characters in a text; neither may cost a message. */
export function storable(text: string): string {
  const cut = text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text;
  return cut.replaceAll('\0', '').toWellFormed();
}

function exact(text: string | undefined): string | null {
  return text === undefined ? null : text.replaceAll('\0', '').toWellFormed();
}

/** The row of a message. */
export function messageRow(message: QueuedMessage): readonly Value[] {
  const { envelope, origin } = message;
  return [
    message.id,
    message.acceptedAt,
    exact(envelope.from),
    envelope.ret ?? null,
    exact(envelope.envid),
    envelope.body ?? null,
    envelope.smtpUtf8 === true ? 1 : 0,
    envelope.requireTls === true ? 1 : 0,
    message.tlsRequiredNo ? 1 : 0,
    message.size,
    storable(message.messageIdHeader),
    origin.via,
    exact(origin.user),
    exact(origin.clientAddress),
    exact(origin.heloName),
  ];
}

/** The message of a row. */
export function messageOf(row: QueueMessageTable): QueuedMessage {
  return {
    id: row.id,
    acceptedAt: row.accepted_at,
    envelope: {
      from: row.reverse_path,
      ...(row.ret === null ? {} : { ret: row.ret }),
      ...(row.envid === null ? {} : { envid: row.envid }),
      ...(row.body === null ? {} : { body: row.body }),
      ...(row.smtp_utf8 === 1 ? { smtpUtf8: true } : {}),
      ...(row.require_tls === 1 ? { requireTls: true } : {}),
    },
    origin: {
      via: row.via,
      ...(row.submitted_by === null ? {} : { user: row.submitted_by }),
      ...(row.client_address === null ? {} : { clientAddress: row.client_address }),
      ...(row.helo_name === null ? {} : { heloName: row.helo_name }),
    },
    tlsRequiredNo: row.tls_required_no === 1,
    size: row.size,
    messageIdHeader: row.message_id_header,
  };
}

/** The message that is made of a new one. */
export function acceptedMessage(
  message: NewMessage,
  { id, acceptedAt, size }: Pick<QueuedMessage, 'id' | 'acceptedAt' | 'size'>,
): QueuedMessage {
  const { envelope, origin, tlsRequiredNo, messageIdHeader } = message;
  return { id, acceptedAt, envelope, origin, tlsRequiredNo, size, messageIdHeader };
}

/** A recipient before any attempt. */
export function freshRecipient(
  recipient: NewMessage['recipients'][number],
  number: number,
): QueuedRecipient {
  return {
    ...recipient,
    number,
    state: 'waiting',
    lastText: '',
    lastCode: '',
    lastHost: '',
    lastAt: 0,
  };
}

/** The row of a recipient. */
export function recipientRow(
  messageId: string,
  destination: string,
  recipient: QueuedRecipient,
): readonly Value[] {
  return [
    messageId,
    destination,
    recipient.number,
    exact(recipient.address),
    recipient.notify === undefined ? null : recipient.notify.join(','),
    exact(recipient.orcpt),
    recipient.state,
    recipient.lastText,
    recipient.lastCode,
    recipient.lastHost,
    recipient.lastAt,
  ];
}

/** The recipient of a row. */
export function recipientOf(row: QueueRecipientTable): QueuedRecipient {
  return {
    address: row.address,
    ...(row.notify === null ? {} : { notify: notifyOf(row.notify) }),
    ...(row.orcpt === null ? {} : { orcpt: row.orcpt }),
    number: row.number,
    state: row.state,
    lastText: row.last_text,
    lastCode: row.last_code,
    lastHost: row.last_host,
    lastAt: row.last_at,
  };
}

function notifyOf(text: string): NonNullable<QueuedRecipient['notify']> {
  return text.split(',').filter(Boolean) as unknown as NonNullable<QueuedRecipient['notify']>;
}
