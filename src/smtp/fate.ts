/**
 * What a reply means for a recipient (RFC 5321 §4.2.1).
 *
 * @module
 */
import type { ErrorCode } from '../errors.ts';
import type { Failure } from '../failure.ts';
import { printable } from '../printable.ts';
import { replyText } from './reply.ts';
import type { RecipientResult, Reply } from './types.ts';

type WithoutRecipient<T> = T extends unknown ? Omit<T, 'recipient'> : never;

/** A {@link RecipientResult} that is not yet tied to its recipient. */
export type Fate = WithoutRecipient<RecipientResult>;

/** A step of the dialogue that a server may refuse. */
export interface Step {
  /** For the failure: `MAIL`, `RCPT TO:<a@example.test>`. */
  readonly name: string;
  readonly refused: ErrorCode;
}

/** Is it a positive completion reply? */
export function isPositive(reply: Reply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

/** What a reply that is not the wanted one means: 4xx waits, 5xx is final, all else is nonsense and waits. */
export function refusal(label: string, step: Step, reply: Reply): Fate {
  const detail = `${label} answered ${printable(step.name, 120)} with ${replyText(reply)}`;
  if (reply.code === 421) {
    return { status: 'deferred', failure: { code: 'SMTP_SERVER_CLOSING', detail }, reply };
  }
  if (reply.code >= 500)
    return { status: 'failed', failure: { code: step.refused, detail }, reply };
  if (reply.code >= 400)
    return { status: 'deferred', failure: { code: step.refused, detail }, reply };
  return { status: 'deferred', failure: { code: 'SMTP_REPLY_UNEXPECTED', detail }, reply };
}

/**
 * Does a refusal of a recipient mean "not in this transaction", and nothing of the recipient itself?
 * Some servers write 552 for it (RFC 5321 §4.5.3.1.10); a full mailbox (x.2.x) is another thing.
 */
export function saysTooMany({ code, enhanced }: Reply): boolean {
  if (code === 452) return enhanced === undefined || enhanced === '4.5.3';
  return code === 552 && (enhanced === undefined || enhanced === '5.5.3');
}

/** Refusal of one recipient: one for whom there was no room, with whatever code, is deferred. */
export function recipientRefusal(label: string, address: string, reply: Reply): Fate {
  const step: Step = { name: `RCPT TO:<${address}>`, refused: 'SMTP_RCPT_REFUSED' };
  const fate = refusal(label, step, reply);
  return saysTooMany(reply) && fate.status === 'failed' ? { ...fate, status: 'deferred' } : fate;
}

/** Another try may help. */
export function deferred(failure: Failure): Fate {
  return { status: 'deferred', failure };
}

/** No further try can help. */
export function failed(failure: Failure): Fate {
  return { status: 'failed', failure };
}
