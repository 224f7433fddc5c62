/**
 * The whole queue on one screen.
 *
 * @module
 */
import type { QueueSurvey } from '../../relay/operations/survey.ts';
import { duration, relativeTime, shorten, shown, timeText } from './format.ts';
import type { Paint } from './paint.ts';
import { counted, octetsText } from './queue-text.ts';

/** How to write a survey. */
export interface SurveyTextOptions {
  readonly paint: Paint;
  /** Columns of the terminal; undefined: no limit. */
  readonly width: number | undefined;
  /** The survey before, for rates. */
  readonly before?: QueueSurvey;
}

const AGE_NAMES = ['< 5 min', '< 1 h', '< 4 h', '< 1 d', '> 1 d'] as const;
const BAR = 30;
/** Widths: destination, then numbers. */
const NAME_WIDTH = 36;
const NARROWEST_NAME = 12;
const NUMBERS_WIDTH = 40;

/** The lines of a survey. */
export function surveyText(survey: QueueSurvey, options: SurveyTextOptions): readonly string[] {
  const { paint, width } = options;
  const { messages, octets, waiting, held, delivering, oldestAcceptedAt, at } = survey;
  const oldest =
    oldestAcceptedAt === undefined ? '' : `, the oldest ${duration(at - oldestAcceptedAt)} old`;
  const lines = [
    `${timeText(at)}  ${counted(messages, 'message')}, ${octetsText(octets)}${oldest}`,
    `waiting ${number(waiting)}  held ${number(held)}  in delivery ${number(delivering)}${rates(survey, options.before)}`,
    ...(messages === 0 ? [] : ['', ...ageLines(survey), '', ...topLines(survey, width)]),
  ];
  const cut = width === undefined ? lines : lines.map((line) => shorten(line, width));
  return cut.map((line, index) => (index === 0 ? paint('bold', line) : line));
}

function number(value: number): string {
  return value.toLocaleString('en');
}

/** What came between two looks, and what is gone; a message that came and went is in neither. */
function rates(survey: QueueSurvey, before: QueueSurvey | undefined): string {
  if (before === undefined || survey.arrived === undefined) return '';
  const seconds = Math.max(0.001, (survey.at - before.at) / 1_000);
  const left = Math.max(0, before.messages + survey.arrived - survey.messages);
  return `  in ${(survey.arrived / seconds).toFixed(1)}/s  out ${(left / seconds).toFixed(1)}/s`;
}

function ageLines({ ages, messages }: QueueSurvey): readonly string[] {
  return ages.map(({ messages: count }, index) => {
    const bar = '#'.repeat(Math.ceil((count / Math.max(1, messages)) * BAR));
    return `${AGE_NAMES[index]!.padEnd(8)} ${number(count).padStart(9)}  ${bar}`.trimEnd();
  });
}

function topLines({ top, destinations, at }: QueueSurvey, width: number | undefined): string[] {
  const name = Math.max(NARROWEST_NAME, Math.min(NAME_WIDTH, (width ?? 80) - NUMBERS_WIDTH));
  const row = (cells: readonly [string, string, string, string, string]): string =>
    [
      shorten(cells[0], name).padEnd(name),
      cells[1].padStart(8),
      cells[2].padStart(6),
      cells[3].padStart(8),
      cells[4],
    ]
      .join('  ')
      .trimEnd();
  const rows = top.map((each) =>
    row([
      shown(each.destination),
      number(each.jobs),
      number(each.held),
      number(each.delivering),
      nextOf(each.nextAt, at),
    ]),
  );
  const more = destinations - top.length;
  return [
    row(['DESTINATION', 'QUEUED', 'HELD', 'SENDING', 'NEXT']),
    ...rows,
    ...(more > 0 ? [`and ${counted(more, 'more destination')}`] : []),
  ];
}

function nextOf(nextAt: number | undefined, now: number): string {
  if (nextAt === undefined) return '';
  return nextAt <= now ? 'due' : relativeTime(nextAt, now);
}
