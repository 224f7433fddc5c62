/**
 * Alerts as plain text for people: every line ASCII and short, whatever strangers wrote.
 *
 * @module
 */
import { printable } from '../../printable.ts';
import { dayText } from '../summary/day.ts';
import { ACTOR_TEXT } from '../summary/meanings.ts';
import type { AlertEvent } from './types.ts';

/** Columns of a line. */
const WIDTH = 76;
/** Characters of one value. */
const LONGEST_VALUE = 600;

const FIRST_REPORT = 'first report of this sender: it was never heard of before';

/** One line: what happened. */
export function headline({ event, facts }: AlertEvent): string {
  return `${event === 'opened' ? 'NEW' : 'OVER'}: ${ascii(facts.title, 300)}`;
}

/** All that is known of it. */
export function alertLines(event: AlertEvent): readonly string[] {
  const { facts, openedAt, closedAt } = event;
  const { firstDay, lastDay, sessions, failures, senders, reasons = [], causes } = facts;
  if (event.event === 'closed') {
    return [
      ...wrap(headline(event)),
      ...field('Open', `from ${timeText(openedAt)} to ${timeText(closedAt ?? openedAt)}`),
    ];
  }
  const days =
    firstDay === lastDay ? dayText(lastDay) : `${dayText(firstDay)} to ${dayText(lastDay)}`;
  const count = failures === undefined ? sessions : failures;
  return [
    ...wrap(headline(event)),
    ...field('Days', `${days} (UTC)${count === undefined ? '' : `, ${count} failed sessions`}`),
    ...field('Reported by', senders.join(', ')),
    ...field('Note', facts.firstReport === true ? FIRST_REPORT : ''),
    ...field('Reason', reasons.join(', ')),
    ...field('Means', facts.means),
    ...causes.flatMap((cause) => field('Found', cause)),
    ...field('To do', facts.todo),
    ...field('Who', ACTOR_TEXT[facts.actor]),
  ];
}

function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function field(name: string, value: string): readonly string[] {
  return value === '' ? [] : wrap(`${`${name}:`.padEnd(13)}${ascii(value)}`, '             ');
}

/** Printable ASCII; everything else is escaped, so that no encoding and no terminal can be abused. */
export function ascii(text: string, limit: number = LONGEST_VALUE): string {
  return printable(text, limit).replace(
    /[^\u0020-\u007e]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** Breaks a line at spaces; a word longer than a line is broken too. */
export function wrap(text: string, indent = ''): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > WIDTH) {
    const start = lines.length === 0 ? 0 : indent.length;
    const space = rest.lastIndexOf(' ', WIDTH);
    const cut = space > start + 13 ? space : WIDTH;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = indent + rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}
