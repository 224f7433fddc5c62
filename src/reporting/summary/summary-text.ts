/**
 * The summary as a person reads it at night on 80 columns: how much failed, since when, what it
 * means and what to do; then the tables.
 *
 * @module
 */
import { dayText } from '../day.ts';
import { kindGroups } from './failure-kinds.ts';
import { groupLines } from './kind-text.ts';
import {
  type Column,
  domainText,
  type Emphasis,
  harmless,
  numberText,
  percentText,
  table,
  WIDTH,
  wrapped,
} from './text-lines.ts';
import type { Cause } from './causes.ts';
import type { Counts, FailureKind, Summary } from './summary-types.ts';

/** How to show it. */
export interface SummaryTextOptions {
  readonly emphasis: Emphasis;
  /** What a comparison with ourselves shows; absent: none was made. */
  readonly causesOf?: (kind: FailureKind) => readonly Cause[];
  /** Nothing is cut. */
  readonly all?: boolean;
  /** Columns of the terminal; more than 80 are not used. */
  readonly width?: number;
}

const MOST_KINDS = 10;
const MOST_ROWS = 20;
/** More days are shown by month. */
const MOST_DAYS = 45;
const BAR = 28;
const SHORTEST_BAR = 6;
/** What stands beside the bar: the day, and numbers of usual size. */
const BESIDE_BAR = 46;

/** The lines of a summary. */
export function summaryText(summary: Summary, options: SummaryTextOptions): readonly string[] {
  const { emphasis, all = false } = options;
  const width = Math.min(WIDTH, options.width ?? WIDTH);
  const most = all ? Number.POSITIVE_INFINITY : MOST_ROWS;
  const title = (text: string): readonly string[] => ['', emphasis('bold', text)];
  const about = summary.domain === undefined ? '' : ` about ${harmless(summary.domain, 60)}`;
  const head = emphasis('bold', `TLS reports${about}`);
  const range = `${dayText(summary.firstDay)} to ${dayText(summary.lastDay)}, UTC`;
  if (summary.total.reports === 0) {
    return [head, range, '', ...nothing(summary, width), ...leftOutLines(summary, width)];
  }
  return [
    head,
    range,
    '',
    ...rateLines(summary, emphasis, width),
    ...twiceLines(summary, width),
    ...leftOutLines(summary, width),
    ...title(summary.days.length > MOST_DAYS ? 'By month' : 'By day'),
    ...chart(summary, width),
    ...failureLines(summary, { ...options, width }, title),
    ...(summary.domains.length > 1
      ? [...title('Domains'), ...domainRows(summary, { most, width })]
      : []),
    ...title('Policies'),
    ...policyRows(summary, width),
    ...title('Senders'),
    ...senderRows(summary, { most, width }),
  ];
}

function nothing({ domain }: Summary, width: number): readonly string[] {
  const of = domain ?? 'DOMAIN';
  return [
    ...wrapped('No report that counts is about these days.', 0, width),
    ...wrapped(
      `Reports come about a day later, and only if the record at _smtp._tls.${harmless(of, 60)} asks for ` +
        'them and reporting.receive.domains names the domain.',
      0,
      width,
    ),
  ];
}

function rateLines(
  { total, senders }: Summary,
  emphasis: Emphasis,
  width: number,
): readonly string[] {
  const { successes, failures, reports } = total;
  const sessions = successes + failures;
  const style = failures === 0 ? 'good' : failures * 100 > sessions * 5 ? 'bad' : 'warn';
  const failed = failures === 0 ? 'none failed' : `${numberText(failures)} failed`;
  const line = `${percentText(successes, sessions)} of ${numberText(sessions)} sessions went well, ${failed}.`;
  return [
    ...wrapped(line, 0, width).map((each) => emphasis(style, each)),
    `${numberText(reports)} ${reports === 1 ? 'report' : 'reports'} of ${numberText(senders.length)} ${senders.length === 1 ? 'sender' : 'senders'}.`,
  ];
}

/** DANE results stand under the MX host, those of MTA-STS under the domain: no report says which are the same. */
const COUNTED_TWICE =
  'Sessions under DANE at an MX host of yours and under MTA-STS may count twice here.';

function twiceLines({ domain, domains, policyTypes }: Summary, width: number): readonly string[] {
  const has = (type: 'tlsa' | 'sts'): boolean =>
    policyTypes.some((one) => one.type === type && one.successes + one.failures > 0);
  const mayBe = domain === undefined && domains.length > 1 && has('tlsa') && has('sts');
  return mayBe ? wrapped(COUNTED_TWICE, 0, width) : [];
}

function leftOutLines(summary: Summary, width: number): readonly string[] {
  const texts = [...notCountedTexts(summary), ...ignoredTexts(summary)];
  return texts.flatMap((text) => wrapped(text, 0, width));
}

function ignoredTexts({ ignored }: Summary): readonly string[] {
  if (ignored.length === 0) return [];
  const names = ignored.slice(0, MOST_KINDS).map(({ sender }) => harmless(sender, 40));
  const left = ignored.length - names.length;
  const reports = ignored.reduce((so, one) => so + one.reports, 0);
  const count = `${numberText(reports)} ${reports === 1 ? 'report' : 'reports'}`;
  const who = [...names, ...(left > 0 ? [`${left} more`] : [])].join(', ');
  return [`Left out by reporting.receive.ignore_senders: ${count} of ${who} (--all: with them).`];
}

/** Each kind with the command that names them; and what it takes that they count. */
function notCountedTexts({ notCounted }: Summary): readonly string[] {
  const { unproven, conflicts, replaced } = notCounted;
  // What is kept already is judged again by `report reparse` alone.
  const mend = `; after a change of reporting.receive.unauthenticated, smtp-sts report reparse counts ${unproven === 1 ? 'it' : 'them'}`;
  return [
    ...notCountedText(unproven, {
      one: 'report whose sender is not proven',
      several: 'reports whose sender is not proven',
      state: 'not-counted',
      mend,
    }),
    ...notCountedText(conflicts, {
      one: 'report that contradicts another one',
      several: 'reports that contradict others',
      state: 'conflict',
    }),
    ...notCountedText(replaced, {
      one: 'report that a better proven one replaced',
      several: 'reports that better proven ones replaced',
      state: 'replaced',
    }),
  ];
}

interface NotCountedWords {
  readonly one: string;
  readonly several: string;
  /** As `report list` knows it. */
  readonly state: string;
  readonly mend?: string;
}

function notCountedText(
  count: number,
  { one, several, state, mend = '' }: NotCountedWords,
): readonly string[] {
  if (count === 0) return [];
  const what = `${numberText(count)} ${count === 1 ? one : several}`;
  return [`Not counted: ${what} (smtp-sts report list --state ${state})${mend}.`];
}

/** `#` went well, `x` failed: a failure is never too small to be seen. */
function chart({ days, months }: Summary, width: number): readonly string[] {
  const rows: readonly (readonly [string, Counts])[] =
    days.length > MOST_DAYS
      ? months.map((counts) => [counts.month, counts] as const)
      : days.map((counts) => [dayText(counts.day), counts] as const);
  const largest = rows.reduce((so, [, of]) => Math.max(so, of.successes + of.failures), 1);
  const length = Math.max(SHORTEST_BAR, Math.min(BAR, width - BESIDE_BAR));
  const cells = rows.map(([name, counts]) => {
    const { reports, successes, failures } = counts;
    if (reports === 0) return [name, '', 'no report', '', ''];
    const sessions = successes + failures;
    const failed = failures === 0 ? '' : `${numberText(failures)} failed`;
    const rate = percentText(successes, sessions);
    return [name, bar(counts, { largest, length }), numberText(sessions), rate, failed];
  });
  const columns: readonly Column[] = [
    { head: '', align: 'left' },
    { head: '', align: 'left' },
    { head: 'sessions', align: 'right' },
    { head: 'well', align: 'right', leaveOut: 1 },
    { head: '', align: 'right', leaveOut: 2 },
  ];
  return [...table(columns, cells, width), '(# went well, x failed)'];
}

function bar(
  { successes, failures }: Counts,
  { largest, length }: { readonly largest: number; readonly length: number },
): string {
  const full = Math.max(1, Math.round(((successes + failures) / largest) * length));
  const share = Math.round((failures / Math.max(1, successes + failures)) * full);
  const bad = failures === 0 ? 0 : Math.max(1, share);
  return '#'.repeat(Math.max(0, full - bad)) + 'x'.repeat(bad);
}

function failureLines(
  summary: Summary,
  { emphasis, causesOf, all = false, width = WIDTH }: SummaryTextOptions,
  title: (text: string) => readonly string[],
): readonly string[] {
  const { failures, total, itemised } = summary;
  if (total.failures === 0 && failures.length === 0) return [];
  const groups = kindGroups(failures);
  const shown = groups.slice(0, all ? groups.length : MOST_KINDS).flatMap((group, index) => [
    ...(index === 0 ? [] : ['']),
    ...groupLines(group, {
      number: index + 1,
      emphasis,
      withDomain: summary.domain === undefined,
      most: all ? group.kinds.length : MOST_KINDS,
      width,
      ...(causesOf === undefined ? {} : { causesOf }),
    }),
  ]);
  const left = groups.length - MOST_KINDS;
  return [
    ...title('What failed, and what to do'),
    ...shown,
    ...(left > 0 && !all
      ? [
          '',
          ...wrapped(
            `... and ${left} more kinds (--all shows them, --domain those of one)`,
            0,
            width,
          ),
        ]
      : []),
    ...itemisedLine(total.failures, itemised, width),
  ];
}

/** Senders itemise badly; the total is what counts. */
function itemisedLine(failures: number, itemised: number, width: number): readonly string[] {
  if (failures === itemised) return [];
  const text =
    itemised < failures
      ? `${numberText(failures - itemised)} failed sessions are not itemised: their senders do not say what failed.`
      : `The items add up to ${numberText(itemised)}, more than the ${numberText(failures)} failed sessions: one session may fail in several ways, and some senders count badly.`;
  return ['', ...wrapped(text, 0, width)];
}

const SESSIONS: readonly Column[] = [
  { head: 'sessions', align: 'right' },
  { head: 'failed', align: 'right' },
  { head: 'well', align: 'right' },
];

function sessionCells(of: { readonly successes: number; readonly failures: number }): string[] {
  const sessions = of.successes + of.failures;
  return [numberText(sessions), numberText(of.failures), percentText(of.successes, sessions)];
}

function more(count: number, most: number): readonly string[] {
  return count > most ? [`... and ${count - most} more (--all shows them)`] : [];
}

interface TableSize {
  /** Rows at most. */
  readonly most: number;
  readonly width: number;
}

function domainRows({ domains }: Summary, { most, width }: TableSize): readonly string[] {
  const rows = domains
    .slice(0, most)
    .map((one) => [domainText(one.domain, 40), ...sessionCells(one)]);
  return [
    ...table([{ head: 'domain', align: 'left' }, ...SESSIONS], rows, width),
    ...more(domains.length, most),
  ];
}

const POLICY_NAME = {
  tlsa: 'DANE (tlsa)',
  sts: 'MTA-STS (sts)',
  'no-policy-found': 'none (no-policy-found)',
  other: 'not known to any RFC',
} as const;

function policyRows({ policyTypes }: Summary, width: number): readonly string[] {
  const rows = policyTypes
    .filter(({ successes, failures }) => successes + failures > 0)
    .map((one) => [POLICY_NAME[one.type], ...sessionCells(one)]);
  return [
    ...table([{ head: 'policy', align: 'left' }, ...SESSIONS], rows, width),
    ...wrapped('(a session under two policies is in both)', 0, width),
  ];
}

function senderRows({ senders }: Summary, { most, width }: TableSize): readonly string[] {
  const rows = senders
    .slice(0, most)
    .map((one) => [
      harmless(one.sender, 24),
      numberText(one.reports),
      one.verifiedReports === one.reports ? 'all' : numberText(one.verifiedReports),
      ...sessionCells(one),
      dayText(one.lastDay),
    ]);
  const columns: readonly Column[] = [
    { head: 'sender', align: 'left' },
    { head: 'reports', align: 'right', leaveOut: 3 },
    { head: 'proven', align: 'right', leaveOut: 2 },
    ...SESSIONS,
    { head: 'last day', align: 'left', leaveOut: 1 },
  ];
  return [...table(columns, rows, width), ...more(senders.length, most)];
}
