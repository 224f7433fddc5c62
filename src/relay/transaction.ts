/**
 * Hands a message to one session, in portions that every server takes.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { saysTooMany } from '../smtp/fate.ts';
import type {
  Envelope,
  MessageSource,
  Recipient,
  RecipientResult,
  SendOptions,
  SmtpSession,
} from '../smtp/types.ts';

/** Recipients in one transaction: every server takes that many (RFC 5321 §4.5.3.1.8). */
export const RECIPIENTS_PER_TRANSACTION = 100;

/**
 * Sends the message to the recipients, one transaction for up to 100 of them (RFC 5321 §4.5.4.1),
 * as long as the session lasts. Those for whom a server had no room in a transaction that carried the
 * message for others have the next one at once (§4.5.3.1.10), not the next attempt.
 *
 * @returns results by the place of the recipient; none for those whom the session did not get to
 */
export async function sendTo(
  session: SmtpSession,
  envelope: Envelope,
  recipients: readonly Recipient[],
  message: MessageSource,
  { firstReplyMs }: SendOptions = {},
): Promise<ReadonlyMap<Recipient, RecipientResult>> {
  const results = new Map<Recipient, RecipientResult>();
  let left = recipients;
  while (left.length > 0 && (results.size === 0 || session.usable)) {
    const portion = left.slice(0, RECIPIENTS_PER_TRANSACTION);
    const how = results.size === 0 ? { firstReplyMs } : {};
    const sent = await session.send({ ...envelope, recipients: portion }, message, how);
    const wasTaken = sent.some(({ status }) => status === 'delivered');
    for (const [index, result] of sent.entries()) results.set(portion[index]!, result);
    const crowdedOut = portion.filter((_, index) => wasTaken && isCrowdedOut(sent[index]));
    left = [...crowdedOut, ...left.slice(portion.length)];
  }
  return results;
}

function isCrowdedOut(result: RecipientResult | undefined): boolean {
  if (result?.status !== 'deferred' || result.failure.code !== 'SMTP_RCPT_REFUSED') return false;
  return result.reply !== undefined && saysTooMany(result.reply);
}

/** Content that tells whether anybody has begun to read it. */
export interface WatchedSource {
  readonly source: MessageSource;
  begun(): boolean;
}

/** Watches a source; it is read anew as often as the source itself can be. */
export function watched(message: MessageSource): WatchedSource {
  let begun = false;
  const source: MessageSource =
    Symbol.asyncIterator in message
      ? {
          [Symbol.asyncIterator]: () => {
            begun = true;
            return message[Symbol.asyncIterator]();
          },
        }
      : {
          [Symbol.iterator]: () => {
            begun = true;
            return message[Symbol.iterator]();
          },
        };
  return { source, begun: () => begun };
}

/** The server had hung up, was about to, or is gone without a word: no answer to the message. */
export function isStale(result: RecipientResult): boolean {
  return result.status === 'deferred' && HUNG_UP.has(result.failure.code);
}

const HUNG_UP: ReadonlySet<Failure['code']> = new Set<Failure['code']>([
  'SMTP_CONNECTION_LOST',
  'SMTP_SESSION_SILENT',
  'SMTP_SERVER_CLOSING',
  'SMTP_REPLY_UNSOLICITED',
]);
