/**
 * What the mail server is told about a message of the report mailbox.
 *
 * @module
 */
import { printable } from '../../printable.ts';
import type { Verdict } from './verdict.ts';

/** A reply; the enhanced status code is the one that goes with its code (2.6.0, 4.3.0, 5.6.0). */
export interface MailReply {
  readonly code: 250 | 451 | 452 | 554;
  readonly text: string;
}

/**
 * `250` means: in the archive, or nothing that would be kept at any time.
 *
 * Who speaks LMTP has taken the message already: to refuse it now would make a bounce, to whoever
 * stands in `MAIL FROM`, which in spam is a stranger. So what is no report is taken and dropped.
 * Who speaks SMTP may still have the sender on the line, and is refused.
 */
export function mailReplyTo(verdict: Verdict, protocol: 'lmtp' | 'smtp'): MailReply {
  switch (verdict.kind) {
    case 'kept':
      return { code: 250, text: `reports kept: ${verdict.reports}` };
    case 'known':
      return { code: 250, text: 'the report was here already' };
    case 'later':
      return { code: 451, text: `come again: ${textOf(verdict)}` };
    case 'foreign':
    case 'over-quota':
    case 'not-a-report':
    case 'refused':
      if (protocol === 'smtp') return { code: 554, text: textOf(verdict) };
      return { code: 250, text: `dropped: ${textOf(verdict)}` };
  }
}

/** Replies to what is not read. */
export const MAIL_REPLIES = {
  tooMany: { code: 451, text: 'too many messages within a minute; come again' },
  busy: { code: 451, text: 'many messages are on their way in; come again' },
  tooLarge: { code: 451, text: 'the message is larger than may be' },
  fault: { code: 451, text: 'a fault of this server; come again' },
  recipientTwice: { code: 452, text: 'this recipient stands in the message already' },
} as const satisfies Readonly<Record<string, MailReply>>;

/** Longest text of a failure in a reply line, which may have 512 octets. */
const MAX_TEXT = 200;

function textOf({ failure }: Extract<Verdict, { readonly failure: unknown }>): string {
  return `${asciiReply(printable(failure.detail, MAX_TEXT))} (${failure.code})`;
}

/** A reply is ASCII, and the rule that it names is to be found again. */
function asciiReply(text: string): string {
  return text
    .replaceAll(/§ ?/g, 'section ')
    .replaceAll('…', '...')
    .replaceAll(/[^ -~]/g, '?');
}
