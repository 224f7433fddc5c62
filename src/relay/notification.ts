/**
 * Whether somebody is told what became of a message. Pure.
 *
 * @module
 */
import type { Envelope, Recipient } from '../smtp/types.ts';

/** What somebody may be told. */
export type NotificationKind = 'failure' | 'delay' | 'success';

/** The words of RFC 3461 §4.1 for them. */
const WISHES = { failure: 'FAILURE', delay: 'DELAY', success: 'SUCCESS' } as const;

/** Whether to write a notification, and if not, why not. */
export type NotificationRule =
  | { readonly kind: 'notify'; readonly to: string }
  /** There is nobody to tell: the message is itself a notification (RFC 5321 §4.5.5). Log it. */
  | { readonly kind: 'drop'; readonly why: string };

/**
 * An accepted message is delivered or its author is told (RFC 5321 §6.1), unless the message has
 * the null reverse-path (§4.5.5) or the author asked for silence (RFC 3461 §4.1).
 */
export function notificationRule(
  reversePath: string,
  recipient: Recipient,
  kind: NotificationKind,
): NotificationRule {
  if (reversePath === '') {
    return { kind: 'drop', why: 'the message is itself a notification (null reverse-path)' };
  }
  if (recipient.notify === undefined) {
    // Failures and delays are told unasked, a success never (RFC 3461 §4.1).
    if (kind === 'success') return { kind: 'drop', why: 'the author did not ask to hear of it' };
  } else if (!recipient.notify.includes(WISHES[kind])) {
    return { kind: 'drop', why: `the author asked for NOTIFY=${recipient.notify.join(',')}` };
  }
  return { kind: 'notify', to: reversePath };
}

/**
 * How much of the message goes back with a failure: the headers alone where that was asked for
 * (RFC 3461 §4.3), and always for a REQUIRETLS message, whose content is not to travel (RFC 8689 §5).
 */
export function returnedContent({
  ret,
  requireTls,
}: Pick<Envelope, 'ret' | 'requireTls'>): 'headers' | 'full' {
  return requireTls === true || ret === 'HDRS' ? 'headers' : 'full';
}

/** The envelope of a notification: from nobody, as well protected as the message it is about (RFC 8689 §5). */
export function notificationEnvelope(
  to: string,
  { requireTls }: Pick<Envelope, 'requireTls'>,
): Envelope {
  const protection = requireTls === true ? { requireTls } : {};
  return { from: '', recipients: [{ address: to }], ...protection };
}
