/**
 * Failure kinds as a person reads it: what, where, since when, by whom, why, and what to do.
 *
 * @module
 */
import type { Cause } from './causes.ts';
import { dayText } from '../day.ts';
import type { KindGroup } from './failure-kinds.ts';
import { ACTOR_TEXT, meaningFor } from './meanings.ts';
import type { FailureKind, Share } from './summary-types.ts';
import { domainText, type Emphasis, harmless, numberText, wrapped } from './text-lines.ts';

/** How to show them. */
export interface KindTextOptions {
  readonly number: number;
  readonly emphasis: Emphasis;
  /** Where the domain does not stand above already. */
  readonly withDomain: boolean;
  /** Absent: nobody has compared. */
  readonly causesOf?: (kind: FailureKind) => readonly Cause[];
  /** Places at most. */
  readonly most: number;
  /** Columns of the terminal. */
  readonly width: number;
}

const LABEL: Readonly<Record<Cause['kind'], string>> = {
  explains: 'Found',
  denies: 'But',
  unseen: 'Note',
};
const INDENT = 4;
const MOST_SHARES = 5;

/** The lines of a group: a kind by itself, or what several have in common and then each place. */
export function groupLines(group: KindGroup, options: KindTextOptions): readonly string[] {
  const [only, ...others] = group.kinds;
  return others.length === 0 ? kindLines(only, options) : commonLines(group, options);
}

function kindLines(kind: FailureKind, options: KindTextOptions): readonly string[] {
  const { number, emphasis, withDomain, causesOf, width } = options;
  const { mxHost, domain } = kind;
  const meaning = meaningFor(domain, kind.meaning);
  const where = mxHost === '' ? '' : ` at ${harmless(mxHost, 100)}`;
  const of = withDomain && domain !== mxHost ? ` (${domainText(domain, 100)})` : '';
  const head = wrapped(`${numbered(number)}${typeName(kind)}${where}${of}`, INDENT, width);
  const at = { indent: INDENT, width };
  return [
    ...head.map((line) => emphasis('bold', line)),
    ...wrapped(`    ${countText(kind)}`, INDENT, width),
    ...reasonLines(kind, at),
    ...field('Means', harmless(meaning.means, 900), at),
    ...causeLines(causesOf?.(kind), at),
    ...field('To do', harmless(meaning.todo, 900), at),
    ...field('Who', ACTOR_TEXT[meaning.actor], at),
  ];
}

function commonLines(group: KindGroup, options: KindTextOptions): readonly string[] {
  const { number, emphasis, most, width } = options;
  const at = { indent: INDENT, width };
  const { kinds, meaning, sessions } = group;
  const places = `${numberText(kinds.length)} places`;
  const text = `${numbered(number)}${typeName(kinds[0])} at ${places}, ${numberText(sessions)} sessions`;
  const left = kinds.length - most;
  return [
    ...wrapped(text, INDENT, width).map((line) => emphasis('bold', line)),
    ...field('Means', harmless(meaning.means, 900), at),
    ...field('To do', harmless(meaning.todo, 900), at),
    ...field('Who', ACTOR_TEXT[meaning.actor], at),
    ...kinds.slice(0, most).flatMap((kind) => placeLines(kind, options)),
    ...(left > 0
      ? wrapped(`    ... and ${numberText(left)} more places (--all shows them)`, INDENT, width)
      : []),
  ];
}

function placeLines(
  kind: FailureKind,
  { withDomain, causesOf, width }: KindTextOptions,
): readonly string[] {
  const at = { indent: INDENT + 2, width };
  const { mxHost, domain } = kind;
  const host = mxHost === '' ? 'no host named' : harmless(mxHost, 100);
  const of = withDomain && domain !== mxHost ? ` (${domainText(domain, 100)})` : '';
  return [
    ...wrapped(`    - ${host}${of}`, INDENT + 2, width),
    ...wrapped(`      ${countText(kind)}`, INDENT + 2, width),
    ...reasonLines(kind, at),
    ...causeLines(causesOf?.(kind), at),
  ];
}

function numbered(number: number): string {
  return `${String(number).padStart(2)}. `;
}

function typeName({ type, rawType }: FailureKind): string {
  return type === 'unknown' ? `unknown result type "${harmless(rawType, 60)}"` : type;
}

/** Where lines begin and end. */
interface Margins {
  readonly indent: number;
  readonly width: number;
}

function reasonLines({ reasons }: FailureKind, at: Margins): readonly string[] {
  const known = reasons.filter(({ name }) => name !== '');
  return known.length === 0 ? [] : field('Reason', sharesText(known, 80), at);
}

function causeLines(causes: readonly Cause[] | undefined, at: Margins): readonly string[] {
  if (causes?.length === 0) return field('Found', 'nothing on our side that explains it', at);
  return (causes ?? []).flatMap(({ kind, text }) => field(LABEL[kind], harmless(text, 600), at));
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

function field(name: string, text: string, { indent, width }: Margins): readonly string[] {
  return wrapped(`${' '.repeat(indent)}${`${name}:`.padEnd(8)}${text}`, indent + 8, width);
}
