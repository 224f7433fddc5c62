/**
 * From when to when a report counts (RFC 8460 §4.1, §4.4), whatever the time zone of this machine.
 *
 * @module
 */
import { quoted } from '../problems.ts';
import type { FileNameFacts } from './read-report-hints.ts';
import type { ReportNotes } from './read-report-notes.ts';
import { type Fields, type Found, openFields, readWord } from './read-report-values.ts';

/** Milliseconds since the Unix epoch, half-open. */
export interface ReportRange {
  readonly start: number;
  readonly end: number;
}

const SECOND = 1000;
const DAY = 86_400_000;
const LONGEST_RANGE = 31 * DAY;

const RANGE_KEYS = { 'start-datetime': [], 'end-datetime': [] } as const;

/** The range of a report; undefined, and noted, where there is none that can be used. */
export function readRange(
  report: Fields,
  { fromFileName, notes }: { fromFileName: FileNameFacts; notes: ReportNotes },
): ReportRange | undefined {
  const fields = openFields(report.get('date-range'), { parent: report, known: RANGE_KEYS, notes });
  const start = readEdge(fields, 'start-datetime', notes);
  const end = readEdge(fields, 'end-datetime', notes);
  if (start === 'invalid' || end === 'invalid') return undefined;
  if (start !== undefined && end !== undefined) return checkRange(start, end, { fields, notes });
  if (fromFileName.range === undefined) {
    const which = start === undefined ? 'start' : 'end';
    notes.add('TLSRPT_REPORT_RANGE_MISSING', fields, `the ${which} of the date-range is missing`);
    return undefined;
  }
  notes.add('TLSRPT_REPORT_RANGE_FROM_FILE_NAME', fields, 'taken from the name of the file');
  const range = fromFileName.range;
  return checkRange(
    start ?? plainMoment(range.start),
    end ?? { ...plainMoment(range.end), isExclusive: true },
    { fields, notes },
  );
}

interface Moment {
  readonly at: number;
  readonly hasTime: boolean;
  /** Names the last second of the range: 23:59:59. */
  readonly isLastSecond: boolean;
  readonly isExclusive?: boolean;
}

function plainMoment(at: number): Moment {
  return { at, hasTime: true, isLastSecond: false };
}

function checkRange(
  start: Moment,
  end: Moment,
  { fields, notes }: { fields: Fields; notes: ReportNotes },
): ReportRange | undefined {
  let last = endOf(start, end);
  if (last < start.at) {
    const text = `the range ends at ${timeText(end.at)}, before it begins at ${timeText(start.at)}`;
    notes.add('TLSRPT_REPORT_RANGE_BACKWARDS', fields, text);
    return undefined;
  }
  if (last === start.at) {
    notes.add('TLSRPT_REPORT_RANGE_EMPTY', fields, 'the range ends when it begins');
    last += SECOND;
  }
  const length = last - start.at;
  if (length > LONGEST_RANGE) {
    const text = `the range covers ${Math.ceil(length / DAY)} days; 31 are the most`;
    notes.add('TLSRPT_REPORT_RANGE_TOO_LONG', fields, text);
    return undefined;
  }
  if (start.at % DAY !== 0 || length !== DAY) {
    notes.add('TLSRPT_REPORT_RANGE_NOT_A_DAY', fields, 'the range is not one whole UTC day');
  } else if (!end.isLastSecond && end.hasTime && end.isExclusive !== true) {
    notes.add('TLSRPT_REPORT_END_MIDNIGHT', fields, 'the range ends with the next midnight');
  }
  return { start: start.at, end: last };
}

/** The first moment after the range: what ends with a 59th second includes it. */
function endOf(start: Moment, end: Moment): number {
  if (end.isLastSecond) return Math.floor(end.at / SECOND) * SECOND + SECOND;
  // Two dates that are equal mean that day.
  return !end.hasTime && end.at === start.at ? end.at + DAY : end.at;
}

function readEdge(
  fields: Fields,
  key: keyof typeof RANGE_KEYS,
  notes: ReportNotes,
): Moment | 'invalid' | undefined {
  const found = fields.get(key);
  const text = readWord(found, notes);
  if (found === undefined || text === undefined) return undefined;
  const moment = readTime(text, found, notes);
  if (moment !== undefined) return moment;
  notes.add('TLSRPT_REPORT_TIME_INVALID', found, `${quoted(text)} is no time`);
  return 'invalid';
}

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)([.,]\d{1,12})?)?[ ]?([Zz]|[+-]\d\d:?\d\d)?)?$/;
const STRICT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** RFC 3339 §5.6 and what comes near it; without a zone it is UTC, never local time. */
function readTime(text: string, found: Found, notes: ReportNotes): Moment | undefined {
  const match = text.length > 60 ? null : TIME.exec(text);
  if (match === null) return undefined;
  const [, yearText, monthText, dayText, hourText, minuteText = 0, secondText = 0, fraction, zone] =
    match;
  const [month, day] = [Number(monthText), Number(dayText)];
  const [hour, minute, second] = [Number(hourText ?? 0), Number(minuteText), Number(secondText)];
  const midnight = Date.UTC(Number(yearText), month - 1, day);
  const date = new Date(midnight);
  const isDate = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  // 24:00 is the prose of RFC 8460 §4.1; a 60th second is a leap second.
  const isTime = hour < 24 || (hour === 24 && minute === 0 && second === 0);
  const offset = zoneOffset(zone);
  if (!isDate || !isTime || minute > 59 || second > 60 || offset === undefined) return undefined;
  noteForm(text, { hasTime: hourText !== undefined, zone, found, notes });
  const parts = ((hour * 60 + minute) * 60 + second) * SECOND + milliseconds(fraction);
  const at = midnight + parts - offset;
  // Nobody reported before there was Unix time; what counts days need not know of them.
  if (at < 0) return undefined;
  return {
    at,
    hasTime: hourText !== undefined,
    isLastSecond: secondText === '59',
  };
}

function noteForm(
  text: string,
  {
    hasTime,
    zone,
    found,
    notes,
  }: { hasTime: boolean; zone: string | undefined; found: Found; notes: ReportNotes },
): void {
  if (hasTime && zone === undefined) {
    notes.add('TLSRPT_REPORT_TIME_NO_ZONE', found, `${quoted(text)} has no zone; taken for UTC`);
  } else if (!STRICT.test(text) || text.includes('T24:')) {
    notes.add('TLSRPT_REPORT_TIME_FORM', found, `${quoted(text)} is an unusual form`);
  }
}

function milliseconds(fraction: string | undefined): number {
  return fraction === undefined ? 0 : Math.floor(Number(`0.${fraction.slice(1)}`) * SECOND);
}

/** In milliseconds; undefined for an offset that no clock has. */
function zoneOffset(zone: string | undefined): number | undefined {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60 * SECOND;
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
