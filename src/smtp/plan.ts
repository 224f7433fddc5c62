/**
 * What to say for an envelope to a server with given capabilities. Pure: all that can be refused
 * without a word to the server is refused here.
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { Failure, Outcome } from '../failure.ts';
import { ok } from '../failure.ts';
import { mail, rcpt } from './command.ts';
import type { Framing } from './dot-stuffing.ts';
import { deferred, failed } from './fate.ts';
import type { Fate } from './fate.ts';
import { parseMailbox, wireAddress } from './mailbox.ts';
import type { Mailbox } from './mailbox.ts';
import { printable } from '../printable.ts';
import type { Capabilities, Envelope, Recipient } from './types.ts';

/** A recipient's command, or what became of it before anything was said. */
export type PlannedRecipient =
  | { readonly kind: 'say'; readonly address: string; readonly line: string }
  | { readonly kind: 'settled'; readonly address: string; readonly fate: Fate };

/** A transaction, written out. */
export interface Plan {
  readonly mail: string;
  readonly recipients: readonly PlannedRecipient[];
  readonly framing: Framing;
  /** Which octets the content may have. */
  readonly octets: 'seven-bit' | 'eight-bit';
}

/** The server as far as planning must know it. */
export interface Partner {
  readonly label: string;
  readonly capabilities: Capabilities;
  readonly insideTls: boolean;
}

/** Either a plan, or one fate for all recipients. */
export type Planning =
  | { readonly kind: 'plan'; readonly plan: Plan }
  | { readonly kind: 'refused'; readonly fate: Fate };

/** Plans a transaction. DSN wishes are left out where DSN is not offered (RFC 3461 §5.1). */
export function planTransaction(envelope: Envelope, partner: Partner): Planning {
  const { capabilities } = partner;
  const obstacle = obstacleTo(envelope, partner);
  if (obstacle !== undefined) return { kind: 'refused', fate: obstacle };
  const sender = readSender(envelope.from);
  if (!sender.ok) return { kind: 'refused', fate: failed(sender.failure) };
  const smtpUtf8 = capabilities.smtpUtf8 && wantsUtf8(envelope);
  const from = sender.value === undefined ? ok('') : wireAddress(sender.value, { smtpUtf8 });
  if (!from.ok) return { kind: 'refused', fate: failed(from.failure) };
  const body = bodyOf(envelope, capabilities);
  const line = mail({
    from: from.value,
    smtpUtf8,
    ...(body === undefined ? {} : { body }),
    ...(envelope.size === undefined || capabilities.size === undefined
      ? {}
      : { size: envelope.size }),
    ...(capabilities.dsn && envelope.ret !== undefined ? { ret: envelope.ret } : {}),
    ...(capabilities.dsn && envelope.envid !== undefined ? { envid: envelope.envid } : {}),
    requireTls: envelope.requireTls === true,
  });
  if (!line.ok) return { kind: 'refused', fate: failed(line.failure) };
  return {
    kind: 'plan',
    plan: {
      mail: line.value,
      recipients: envelope.recipients.map((recipient) =>
        planRecipient(recipient, { smtpUtf8, dsn: capabilities.dsn }),
      ),
      framing: capabilities.chunking ? 'counted' : 'dot',
      octets: body === '8BITMIME' || smtpUtf8 ? 'eight-bit' : 'seven-bit',
    },
  };
}

/** What the message needs and the server does not have. */
function obstacleTo(envelope: Envelope, partner: Partner): Fate | undefined {
  const { capabilities, insideTls, label } = partner;
  const because = (code: ErrorCode, detail: string): Failure => ({
    code,
    detail: `${label} ${detail}`,
  });
  // Another host may do better, so these two wait (RFC 8689 §4.2.1).
  if (envelope.requireTls === true && !insideTls) {
    return deferred(
      because(
        'SMTP_REQUIRETLS_WITHOUT_TLS',
        'has no TLS and the message demands REQUIRETLS (x.7.10)',
      ),
    );
  }
  if (envelope.requireTls === true && !capabilities.requireTls) {
    return deferred(
      because(
        'SMTP_REQUIRETLS_MISSING',
        'does not offer REQUIRETLS, which the message demands (x.7.30)',
      ),
    );
  }
  const limit = capabilities.size ?? 0;
  if (envelope.size !== undefined && limit > 0 && envelope.size > limit) {
    const detail = `takes ${limit} octets and the message has ${envelope.size} (5.3.4)`;
    return failed(because('SMTP_MESSAGE_TOO_LARGE', detail));
  }
  if (envelope.smtpUtf8 === true && !capabilities.smtpUtf8) {
    return failed(
      because('SMTP_SMTPUTF8_MISSING', 'does not offer SMTPUTF8, which the message needs (5.6.7)'),
    );
  }
  if (envelope.body === '8BITMIME' && !capabilities.eightBitMime) {
    return failed(
      because('SMTP_8BITMIME_MISSING', 'does not offer 8BITMIME, which the content needs (5.6.3)'),
    );
  }
  return undefined;
}

/** Undefined is the null reverse-path. */
function readSender(from: string): Outcome<Mailbox | undefined> {
  return from === '' ? ok(undefined) : parseMailbox(from);
}

/** Something is not ASCII: SMTPUTF8 is used where it is offered. */
function wantsUtf8(envelope: Envelope): boolean {
  const addresses = [envelope.from, ...envelope.recipients.map(({ address }) => address)];
  return envelope.smtpUtf8 === true || addresses.some((address) => /[^\0-\x7f]/.test(address));
}

/** Content of unknown kind is declared as 8-bit where that is possible: it is the wider promise (RFC 6152 §3). */
function bodyOf(envelope: Envelope, capabilities: Capabilities): Envelope['body'] {
  return capabilities.eightBitMime ? (envelope.body ?? '8BITMIME') : undefined;
}

interface RecipientContext {
  readonly smtpUtf8: boolean;
  readonly dsn: boolean;
}

function planRecipient(recipient: Recipient, context: RecipientContext): PlannedRecipient {
  const { address } = recipient;
  const line = recipientLine(recipient, context);
  if (line.ok) return { kind: 'say', address: printable(address), line: line.value };
  return { kind: 'settled', address: printable(address), fate: failed(line.failure) };
}

function recipientLine(recipient: Recipient, { smtpUtf8, dsn }: RecipientContext): Outcome<string> {
  const mailbox = parseMailbox(recipient.address);
  if (!mailbox.ok) return mailbox;
  const address = wireAddress(mailbox.value, { smtpUtf8 });
  if (!address.ok) return address;
  return rcpt(dsn ? { ...recipient, address: address.value } : { address: address.value }, {
    smtpUtf8,
  });
}
