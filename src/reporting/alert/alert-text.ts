/**
 * Alerts as plain text for people: every line short and harmless, whatever strangers wrote.
 *
 * @module
 */
import { dayText } from '../day.ts';
import { ACTOR_TEXT } from '../summary/meanings.ts';
import type { AlertEvent } from './types.ts';

/** Columns of a line: longer ones are read badly. */
export const ALERT_WIDTH = 76;
/** Characters of one value. */
const LONGEST_VALUE = 600;
/** Of a title, and of a name among others. */
const LONGEST_TITLE = 300;
const LONGEST_NAME = 80;

/** What stands below a field, behind its name. */
const FIELD = ' '.repeat(13);

const FIRST_REPORT = 'first report of this sender: it was never heard of before';

/** `ascii`: for mail. `every-letter`: for what shows Unicode; letters stay as they are. */
export type Letters = 'ascii' | 'every-letter';

/** How a title is written. */
export interface HeadlineOptions {
  readonly letters?: Letters;
  /** Characters of the title, escapes as they are written. */
  readonly limit?: number;
}

/** One line: what happened. */
export function headline(
  { event, facts }: AlertEvent,
  { letters = 'ascii', limit = LONGEST_TITLE }: HeadlineOptions = {},
): string {
  return `${event === 'opened' ? 'NEW' : 'OVER'}: ${harmless(facts.title, limit, letters)}`;
}

/** All that is known of it, in lines for a mail. */
export function alertLines(event: AlertEvent, letters: Letters = 'ascii'): readonly string[] {
  return alertTexts(event, letters).flatMap(({ text, indent }) => wrap(text, indent));
}

/** One line of any length, and what its next lines begin with where it is broken. */
export interface AlertText {
  readonly text: string;
  readonly indent: string;
}

/** All that is known of it: the title, then a field each, for whoever breaks lines himself. */
export function alertTexts(event: AlertEvent, letters: Letters): readonly AlertText[] {
  const title = { text: headline(event, { letters }), indent: '' };
  const field = (name: string, value: string): readonly AlertText[] => {
    if (value === '') return [];
    const text = `${`${name}:`.padEnd(FIELD.length)}${harmless(value, LONGEST_VALUE, letters)}`;
    return [{ text, indent: FIELD }];
  };
  const { facts, openedAt, closedAt } = event;
  const { firstDay, lastDay, sessions, failures, senders, reasons = [], causes } = facts;
  const { against = [], unseen = [] } = facts;
  if (event.event === 'closed') {
    return [
      title,
      ...field('Open', `from ${timeText(openedAt)} to ${timeText(closedAt ?? openedAt)}`),
    ];
  }
  const days =
    firstDay === lastDay ? dayText(lastDay) : `${dayText(firstDay)} to ${dayText(lastDay)}`;
  const count = failures === undefined ? sessions : failures;
  return [
    title,
    ...field('Days', `${days} (UTC)${count === undefined ? '' : `, ${count} failed sessions`}`),
    ...field(
      'Reported by',
      senders.map((name) => harmless(name, LONGEST_NAME, letters)).join(', '),
    ),
    ...field('Note', facts.firstReport === true ? FIRST_REPORT : ''),
    ...field('Reason', reasons.join(', ')),
    ...field('Means', facts.means),
    ...causes.flatMap((cause) => field('Found', cause)),
    ...against.flatMap((cause) => field('But', cause)),
    ...unseen.flatMap((cause) => field('Note', cause)),
    ...field('To do', facts.todo),
    ...field('Who', ACTOR_TEXT[facts.actor]),
  ];
}

function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Printable ASCII; everything else is escaped, so that no encoding and no terminal can be abused. */
export function ascii(text: string, limit: number = LONGEST_VALUE): string {
  return harmless(text, limit, 'ascii');
}

/** For a log, which escapes in its own way: an escape of ours would be escaped once more. */
export function logText(text: string): string {
  const letters = Array.from(text.slice(0, 2 * LONGEST_TITLE));
  const cut = letters.slice(0, LONGEST_TITLE).join('');
  const more = letters.length > LONGEST_TITLE ? '...' : '';
  return cut.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd') + more;
}

const UNFIT: Readonly<Record<Letters, RegExp>> = {
  ascii: /[^\u0020-\u007e]/u,
  // Control, format and bidi characters, what is no character, separators of lines.
  'every-letter': /[\p{C}\p{Zl}\p{Zp}]/u,
};

/** At most `limit` characters as they are written; an escape is there whole or not at all. */
function harmless(text: string, limit: number, letters: Letters): string {
  const unfit = UNFIT[letters];
  let safe = '';
  // An escape that stands in the text already is one piece too.
  for (const [piece] of text.slice(0, 2 * limit + 12).matchAll(/\\u\{[0-9a-f]{1,6}\}|./gsu)) {
    const next = unfit.test(piece) ? `\\u{${piece.codePointAt(0)!.toString(16)}}` : piece;
    if (safe.length + next.length > limit) return `${safe}...`;
    safe += next;
  }
  return safe;
}

/** Breaks a line at spaces; a word longer than a line is broken too, an escape is not. */
export function wrap(text: string, indent = ''): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > ALERT_WIDTH) {
    const start = lines.length === 0 ? 0 : indent.length;
    const space = rest.lastIndexOf(' ', ALERT_WIDTH);
    const cut = space > start + FIELD.length ? space : besideEscape(rest, ALERT_WIDTH);
    lines.push(rest.slice(0, cut).trimEnd());
    rest = indent + rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}

/** Where to cut instead of in the midst of `\u{…}`, or of a character of two code units. */
function besideEscape(text: string, cut: number): number {
  const [escape] = /\\(?:u(?:\{[0-9a-f]{0,6})?)?$/.exec(text.slice(0, cut)) ?? [];
  if (escape !== undefined) return cut - escape.length;
  return text.slice(0, cut).isWellFormed() ? cut : cut - 1;
}
