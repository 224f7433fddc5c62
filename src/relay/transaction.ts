/**
 * Hands a message to one session, in portions that every server takes.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
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
 * as long as the session lasts.
 *
 * @returns results in the order of the recipients; shorter where the session ended early
 */
export async function sendTo(
  session: SmtpSession,
  envelope: Envelope,
  recipients: readonly Recipient[],
  message: MessageSource,
  { firstReplyMs }: SendOptions = {},
): Promise<readonly RecipientResult[]> {
  const results: RecipientResult[] = [];
  while (results.length < recipients.length) {
    if (results.length > 0 && !session.usable) break;
    const portion = recipients.slice(results.length, results.length + RECIPIENTS_PER_TRANSACTION);
    const how = results.length === 0 ? { firstReplyMs } : {};
    results.push(...(await session.send({ ...envelope, recipients: portion }, message, how)));
  }
  return results;
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
