/**
 * Reports that are sent, as a person reads them. What stands in records and answers is a stranger's.
 *
 * @module
 */
import type { LoggedReport, LoggedSubject, LoggedTarget } from '../../reporting/send/send-log.ts';
import { dayText } from '../../reporting/summary/day.ts';
import type { Suppression } from '../../reporting/send/suppression.ts';
import { relativeTime, shorten, shown, timeText } from './format.ts';
import type { Paint } from './paint.ts';
import { columns } from './table.ts';

/** How the texts of the log are written. */
export interface ReportTextOptions {
  readonly now: number;
  readonly paint: Paint;
}

/** Longest answer on a line, in characters. */
const ANSWER_WIDTH = 160;

/** Lines of a table, the head first. */
export function suppressionRows(list: readonly Suppression[]): readonly string[] {
  return columns([
    ['PLACE', 'SINCE', 'ADDED BY', 'REASON'],
    ...list.map(({ place, addedAt, addedBy, reason }) => [
      shown(place),
      timeText(addedAt),
      shown(addedBy),
      shown(reason),
    ]),
  ]);
}

/** The log: reports with their places, then domains without a report. */
export function logLines(
  reports: readonly LoggedReport[],
  others: readonly LoggedSubject[],
  options: ReportTextOptions,
): readonly string[] {
  return [
    ...reports.flatMap((report) => reportLines(report, options)),
    ...columns(
      others.map((each) => [
        dayText(each.day),
        shown(each.domain),
        subjectText(each, options.now),
        shorten(shown(each.note), ANSWER_WIDTH),
      ]),
    ),
  ];
}

function reportLines(report: LoggedReport, options: ReportTextOptions): readonly string[] {
  const { day, domain, state, successes, failures, targets } = report;
  const { paint } = options;
  const style = { delivered: 'good', waiting: 'warn', failed: 'bad', suppressed: 'dim' } as const;
  const counts = `${successes.toLocaleString('en')} good, ${failures.toLocaleString('en')} failed`;
  return [
    `${dayText(day)}  ${paint('bold', shown(domain))}  ${paint(style[state], state)}  ${counts}`,
    ...targets.flatMap((target) => targetLines(target, options)),
  ];
}

function targetLines(target: LoggedTarget, { now, paint }: ReportTextOptions): readonly string[] {
  const { attempts, nextAt, last, isUnderWay, state } = target;
  const tries = attempts === 0 ? [] : [`${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`];
  const next = isUnderWay
    ? ['being sent now']
    : nextAt === undefined
      ? []
      : [`next ${relativeTime(nextAt, now)} (${timeText(nextAt)})`];
  const line = [shown(target.target), STATE_TEXT[state], ...tries, ...next].join(', ');
  if (last === undefined || last.text === '') return [`  ${line}`];
  const code = last.code === '' ? '' : ` (${last.code})`;
  const answer = shorten(shown(last.text), ANSWER_WIDTH);
  return [`  ${line}`, `      ${paint('dim', relativeTime(last.at, now))}  ${answer}${code}`];
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

function subjectText({ state, dueAt }: LoggedSubject, now: number): string {
  switch (state) {
    case 'due':
      return `due ${relativeTime(dueAt, now)}`;
    case 'no-record':
      return 'wants no report';
    case 'skipped':
      return 'skipped (reporting.send.skip_domains)';
    case 'nothing':
      return 'nothing to report';
    case 'given-up':
      return 'given up: DNS did not answer';
    default:
      return state satisfies never;
  }
}

/** A report or a domain without one, with times that a tool can read. */
export function reportLogJson(each: LoggedReport | LoggedSubject): object {
  const day = dayText(each.day);
  if (!('targets' in each)) return { ...each, day, dueTime: isoTime(each.dueAt) };
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
