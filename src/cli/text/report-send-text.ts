/**
 * Reports that are sent, as a person reads them. What stands in records and answers is a stranger's.
 *
 * @module
 */
import type { LoggedReport, LoggedSubject, LoggedTarget } from '../../reporting/send/send-log.ts';
import { dayText } from '../../reporting/day.ts';
import { recordFault, type RecordFault } from '../../reporting/send/record-fault.ts';
import type { Suppression } from '../../reporting/send/suppression.ts';
import { fitted, indented, wrapped } from './fit.ts';
import { relativeTime, shorten, shown, timeText } from './format.ts';
import type { Paint } from './paint.ts';

/** How the texts of the log are written. */
export interface ReportTextOptions {
  readonly now: number;
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Longest answer, in characters. */
const ANSWER_WIDTH = 400;

/** Lines of a table, the head first. */
export function suppressionRows(list: readonly Suppression[], width: number): readonly string[] {
  return fitted(
    [
      { cells: ['PLACE', 'SINCE', 'ADDED BY'], last: ['REASON'] },
      ...list.map(({ place, addedAt, addedBy, reason }) => ({
        cells: [shown(place), timeText(addedAt), shown(addedBy)],
        last: [shown(reason)],
      })),
    ],
    width,
  );
}

/** The log: reports with their places, then domains without a report. */
export function logLines(
  reports: readonly LoggedReport[],
  others: readonly LoggedSubject[],
  options: ReportTextOptions,
): readonly string[] {
  const rows = others.map((each) => ({
    cells: [dayText(each.day), shown(each.domain)],
    last: subjectTexts(each, options.now),
  }));
  return [
    ...reports.flatMap((report) => reportLines(report, options)),
    ...fitted(rows, options.width),
  ];
}

function reportLines(report: LoggedReport, options: ReportTextOptions): readonly string[] {
  const { reportId, day, domain, state, successes, failures, targets } = report;
  const { paint, width } = options;
  const style = { delivered: 'good', waiting: 'warn', failed: 'bad', suppressed: 'dim' } as const;
  const counts = `${successes.toLocaleString('en')} good, ${failures.toLocaleString('en')} failed`;
  const head = [dayText(day), shown(domain), state, counts];
  const fits = head.join('  ').length <= width;
  const painted = [head[0], paint('bold', shown(domain)), paint(style[state], state)].join('  ');
  return [
    ...(fits ? [`${painted}  ${counts}`] : [painted, `    ${counts}`]),
    ...indented(shown(reportId), width, '  ').map((line) => paint('dim', line)),
    ...targets.flatMap((target) => targetLines(target, options)),
  ];
}

function targetLines(
  target: LoggedTarget,
  { now, paint, width }: ReportTextOptions,
): readonly string[] {
  const { attempts, nextAt, last, isUnderWay, state } = target;
  const tries = attempts === 0 ? [] : [`${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`];
  const next = isUnderWay
    ? ['being sent now']
    : nextAt === undefined
      ? []
      : [`next ${relativeTime(nextAt, now)} (${timeText(nextAt)})`];
  const [first = '', ...more] = wrapped(
    [shown(target.target), STATE_TEXT[state], ...tries, ...next].join(', '),
    width - 4,
  );
  const lines = [`  ${first}`, ...more.map((line) => `    ${line}`)];
  if (last === undefined || last.text === '') return lines;
  const code = last.code === '' ? '' : ` (${last.code})`;
  const answer = `${shorten(shown(last.text), ANSWER_WIDTH)}${code}`;
  const when = paint('dim', relativeTime(last.at, now));
  const room = width - 8 - relativeTime(last.at, now).length;
  return [
    ...lines,
    ...wrapped(answer, room).map((line, index) =>
      index === 0 ? `      ${when}  ${line}` : `${' '.repeat(width - room)}${line}`,
    ),
  ];
}

const STATE_TEXT: Readonly<Record<LoggedTarget['state'], string>> = {
  waiting: 'waits',
  standby: 'waits for the place before it',
  accepted: 'accepted',
  refused: 'refused',
  expired: 'given up',
  suppressed: 'suppressed',
  'over-limit': 'over the limit of its day',
  'not-needed': 'not needed',
};

/** What came of it, then why if that does not say it. */
function subjectTexts(subject: LoggedSubject, now: number): readonly string[] {
  const { state, dueAt, note } = subject;
  const why = note === '' ? [] : [shorten(shown(note), ANSWER_WIDTH)];
  switch (state) {
    case 'due':
      return [`due ${relativeTime(dueAt, now)}`, ...why];
    case 'no-record':
      return noRecordTexts(subject, why);
    case 'skipped':
      return ['skipped (reporting.send.skip_domains)', ...why];
    case 'nothing':
      return ['nothing to report', ...why];
    case 'given-up':
      return ['given up: DNS did not answer', ...why];
    default:
      return state satisfies never;
  }
}

function noRecordTexts({ note }: LoggedSubject, why: readonly string[]): readonly string[] {
  switch (faultOf(note)) {
    case 'no-record':
      return ['wants no report'];
    case 'several-records':
      return ['has several records: none of them counts', ...why];
    case 'broken-record':
      return ['its record is broken', ...why];
  }
}

/** The note begins with the code. */
function faultOf(note: string): RecordFault {
  return recordFault(note.split(':', 1)[0] ?? '');
}

/** A report or a domain without one, with times that a tool can read. */
export function reportLogJson(each: LoggedReport | LoggedSubject): object {
  const day = dayText(each.day);
  if (!('targets' in each)) {
    const state = each.state === 'no-record' ? faultOf(each.note) : each.state;
    return { ...each, state, day, dueTime: isoTime(each.dueAt) };
  }
  return {
    ...each,
    day,
    madeTime: isoTime(each.madeAt),
    targets: each.targets.map((target) => ({
      ...target,
      ...(target.nextAt === undefined ? {} : { nextTime: isoTime(target.nextAt) }),
      ...(target.last === undefined ? {} : { lastTime: isoTime(target.last.at) }),
    })),
  };
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
