/**
 * Alerts as a mail: plain text in ASCII, no value of a stranger in a header but escaped.
 *
 * @module
 */
import type { OutgoingMail } from '../types.ts';
import { alertLines, ascii, headline, wrap } from './alert-text.ts';
import type { AlertEvent } from './types.ts';

/** What goes into a mail. */
export interface AlertMailOptions {
  /** Identifies the message: the same at each attempt. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly events: readonly AlertEvent[];
  /** Milliseconds since the Unix epoch. */
  readonly date: number;
}

/** Told in full; of the others the first line, and of those beyond the number. */
const MOST_IN_FULL = 10;
const MOST_LINES = 100;
const LONGEST_SUBJECT = 140;

/** Writes the mail. */
export function alertMail(options: AlertMailOptions): OutgoingMail {
  const { id, from, to, events, date } = options;
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const head = [
    `From: TLS report alerts <${ascii(from)}>`,
    `To: <${ascii(to)}>`,
    `Subject: ${subject(events)}`,
    `Date: ${new Date(date).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <alert.${id}@${ascii(domain)}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    'Content-Transfer-Encoding: 7bit',
  ];
  const text = [...head, '', ...body(events), ''].join('\r\n');
  return { reversePath: from, to, content: Buffer.from(text, 'latin1'), kind: 'alert' };
}

function subject(events: readonly AlertEvent[]): string {
  const [first] = events;
  const more = events.length > 1 ? ` (and ${events.length - 1} more)` : '';
  // Folding is not needed below 998 characters (RFC 5322 §2.1.1).
  return `[TLS reports] ${headline(first!, { limit: LONGEST_SUBJECT })}${more}`;
}

function body(events: readonly AlertEvent[]): readonly string[] {
  const full = events.slice(0, MOST_IN_FULL).flatMap((event) => [...alertLines(event), '']);
  const brief = events.slice(MOST_IN_FULL, MOST_LINES).flatMap((event) => wrap(headline(event)));
  const left = events.length - MOST_LINES;
  return [
    ...full,
    ...brief,
    ...(left > 0 ? [`... and ${left} more`] : []),
    ...wrap('What is open now: smtp-sts report alerts --open'),
    ...wrap('All that the reports say: smtp-sts report summary'),
  ];
}
