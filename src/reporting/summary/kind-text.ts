/**
 * A failure kind as a person reads it: what, where, since when, by whom, why, and what to do.
 *
 * @module
 */
import type { Cause } from './causes.ts';
import { dayText } from './day.ts';
import { ACTOR_TEXT } from './meanings.ts';
import type { FailureKind, Share } from './summary-types.ts';
import { domainText, type Emphasis, harmless, numberText, wrapped } from './text-lines.ts';

/** How to show it. */
export interface KindTextOptions {
  readonly number: number;
  readonly emphasis: Emphasis;
  /** Where the domain does not stand above already. */
  readonly withDomain: boolean;
  /** Absent: nobody has compared. */
  readonly causes?: readonly Cause[];
}

const LABEL: Readonly<Record<Cause['kind'], string>> = {
  explains: 'Found',
  denies: 'But',
  unseen: 'Note',
};
const INDENT = 4;
const MOST_SHARES = 5;

/** The lines of a kind. */
export function kindLines(kind: FailureKind, options: KindTextOptions): readonly string[] {
  const { number, emphasis, withDomain, causes } = options;
  const { type, rawType, mxHost, domain, meaning, reasons } = kind;
  const name = type === 'unknown' ? `unknown result type "${harmless(rawType, 60)}"` : type;
  const where = mxHost === '' ? '' : ` at ${harmless(mxHost, 100)}`;
  const of = withDomain && domain !== mxHost ? ` (${domainText(domain, 100)})` : '';
  const known = reasons.filter(({ name: reason }) => reason !== '');
  const head = wrapped(`${String(number).padStart(2)}. ${name}${where}${of}`, INDENT);
  return [
    ...head.map((line) => emphasis('bold', line)),
    ...wrapped(`    ${countText(kind)}`, INDENT),
    ...(known.length === 0 ? [] : field('Reason', sharesText(known, 80))),
    ...field('Means', harmless(meaning.means, 900)),
    ...(causes ?? []).flatMap(({ kind: found, text }) => field(LABEL[found], harmless(text, 600))),
    ...(causes?.length === 0 ? field('Found', 'nothing on our side that explains it') : []),
    ...field('To do', harmless(meaning.todo, 900)),
    ...field('Who', ACTOR_TEXT[meaning.actor]),
  ];
}

function countText({ sessions, firstDay, lastDay, senders }: FailureKind): string {
  const count = `${numberText(sessions)} ${sessions === 1 ? 'session' : 'sessions'}`;
  const days =
    firstDay === lastDay
      ? `on ${dayText(firstDay)}`
      : `first ${dayText(firstDay)}, last ${dayText(lastDay)}`;
  return `${count}, ${days}; reported by ${sharesText(senders, 40)}`;
}

function sharesText(shares: readonly Share[], limit: number): string {
  const shown = shares
    .slice(0, MOST_SHARES)
    .map(({ name, sessions }) => `${harmless(name, limit)} (${numberText(sessions)})`);
  const left = shares.length - shown.length;
  return [...shown, ...(left > 0 ? [`${left} more`] : [])].join(', ');
}

function field(name: string, text: string): readonly string[] {
  return wrapped(`    ${`${name}:`.padEnd(8)}${text}`, INDENT + 8);
}
