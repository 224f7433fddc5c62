/**
 * Numbers and times as a person reads them.
 *
 * @module
 */
import { printable } from '../../printable.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `1.2 s`, `5 min`, `3 h`, `12 d`: one unit, no more exact than anyone needs. */
export function duration(ms: number): string {
  return inOneUnit(Math.abs(ms), Math.round);
}

/** A time that is left, `4 d 23 h`, cut and not rounded: nobody may count on more than there is. */
export function timeLeft(ms: number): string {
  const size = Math.max(0, ms);
  if (size >= 2 * DAY) return inTwoUnits(size, [DAY, 'd'], [HOUR, 'h']);
  if (size >= 2 * HOUR) return inTwoUnits(size, [HOUR, 'h'], [MINUTE, 'min']);
  return inOneUnit(size, Math.floor);
}

type Unit = readonly [ms: number, name: string];

function inTwoUnits(size: number, [large, name]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((size % large) / small);
  return `${Math.floor(size / large)} ${name}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

function inOneUnit(size: number, whole: (value: number) => number): string {
  if (size < 1000) return `${whole(size)} ms`;
  if (size < MINUTE) return `${trim(size / 1000)} s`;
  if (size < 2 * HOUR) return `${whole(size / MINUTE)} min`;
  if (size < 2 * DAY) return `${whole(size / HOUR)} h`;
  return `${whole(size / DAY)} d`;
}

function trim(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}

/** `2026-03-01 12:00:07 UTC`. */
export function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `3 h ago`, `just now`, `in 5 min`. */
export function relativeTime(at: number, now: number): string {
  const difference = at - now;
  if (Math.abs(difference) < 5000) return 'just now';
  return difference < 0 ? `${duration(difference)} ago` : `in ${duration(difference)}`;
}

/** Longest text of one message, in characters. */
const LONGEST_TEXT = 2000;

/** Control characters made visible: nothing that a stranger wrote moves the cursor of a terminal. */
export function shown(text: string): string {
  return printable(text, LONGEST_TEXT);
}

/** Cuts a text that is too long for a line. */
export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;
}
