/**
 * Received reports for a person, and as JSON. Whatever a stranger wrote is made harmless.
 *
 * @module
 */
import { ERRORS, type ErrorCode } from '../../errors.ts';
import type { ShownReport, StoredReport } from '../../reporting/archive/read-archive.ts';
import { dayText } from '../../reporting/day.ts';
import type { ReceivedDetail } from '../../tlsrpt/report.ts';
import { toUnicode } from '../../dns/name.ts';
import { hanging, indented, wrapped } from './fit.ts';
import { shown, timeText } from './format.ts';
import type { Paint } from './paint.ts';
import { domainsOf } from './received-rows.ts';

/** A report in a list, as JSON. */
export function receivedJson(report: StoredReport): object {
  return {
    id: report.id,
    sender: report.sender,
    organization: report.organization,
    contact: report.contact,
    reportId: report.report_id,
    start: new Date(report.starts_at).toISOString(),
    end: new Date(report.ends_at).toISOString(),
    day: dayText(report.day),
    domains: domainsOf(report),
    state: report.state,
    ...(report.other_id === null ? {} : { countsInItsPlace: report.other_id }),
    successes: report.successes,
    failures: report.failures,
    receivedAt: new Date(report.received_at).toISOString(),
    way: report.way,
    authenticity: {
      kind: report.auth_kind,
      ...(report.auth_domain === null ? {} : { domain: report.auth_domain }),
      ...(report.auth_selector === null ? {} : { selector: report.auth_selector }),
      notes: JSON.parse(report.auth_notes) as unknown,
    },
    deviations: JSON.parse(report.deviations) as unknown,
    octets: report.size,
    hasDetails: report.has_details === 1,
  };
}

/** A report with all that it says, as JSON. */
export function shownReportJson({ report, policies }: ShownReport): object {
  return { ...receivedJson(report), policies };
}

/** A report with all that it says, for a person. */
export function shownReportText({ report, policies }: ShownReport, page: Page): readonly string[] {
  const lines = [...facts(report, page), ''];
  for (const policy of policies) lines.push(...policyText(policy, page), '');
  if (report.has_details === 0) lines.push('What it says was deleted because of its age.', '');
  lines.push(...deviationText(JSON.parse(report.deviations) as ErrorCode[], page));
  return lines;
}

/** What it is written on. */
export interface Page {
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly width: number;
}

type Style = Parameters<Paint>[0];
/** A text, and how it looks; it is painted line by line. */
type Styled = readonly [text: string, style?: Style];

/** Cells of the names of facts, and the gap behind them. */
const NAMES = 14;

function facts(report: StoredReport, page: Page): readonly string[] {
  const notes = (JSON.parse(report.auth_notes) as string[]).map((note) => [shown(note)] as const);
  const rows: readonly (readonly [name: string, ...texts: Styled[]])[] = [
    ['Report', [report.id, 'bold']],
    ['Sender', [shown(report.sender)]],
    ['Calls itself', [shown(report.organization)]],
    ['Contact', [shown(report.contact ?? 'none')]],
    ['Report-ID', [shown(report.report_id)]],
    ['Range', [`${timeText(report.starts_at)} to ${timeText(report.ends_at)}`]],
    ['Counts on', [dayText(report.day)]],
    ['Came', [`${timeText(report.received_at)}, by ${report.way}, ${report.size} octets`]],
    ['Proof', proofText(report), ...notes],
    ['State', stateText(report)],
    ['Sessions', [`${report.successes} went well, ${report.failures} failed`]],
  ];
  return rows.flatMap(([name, ...texts]) =>
    texts
      .flatMap(([text, style]) =>
        wrapped(text, page.width - NAMES).map((line) => painted([line, style], page)),
      )
      .map((line, index) => `${(index === 0 ? name : '').padEnd(NAMES)}${line}`),
  );
}

function painted(
  [text, style]: readonly [text: string, style: Style | undefined],
  page: Page,
): string {
  return style === undefined ? text : page.paint(style, text);
}

function proofText({ auth_kind, auth_domain }: StoredReport): Styled {
  const by = auth_domain === null ? '' : shown(auth_domain);
  switch (auth_kind) {
    case 'verified':
      return [`verified: signed by ${by}`, 'good'];
    case 'unaligned':
      return [`unaligned: signed by ${by}, who is somebody else than the reporter`, 'warn'];
    case 'broken':
      return ['broken: it is signed, and no signature is valid', 'warn'];
    case 'unsigned':
      return ['unsigned: anybody may have sent it', 'warn'];
    case 'temporary':
      return ['temporary: the key could not be looked up when it came', 'warn'];
    case 'unauthenticated':
      return ['unauthenticated: nothing says who sent it'];
  }
}

function stateText({ state, other_id }: StoredReport): Styled {
  switch (state) {
    case 'counted':
      return ['counted', 'good'];
    case 'conflict':
      return [`conflict: ${other_id ?? 'another one'} has the same id and counts`, 'warn'];
    case 'replaced':
      return [`replaced: ${other_id ?? 'another one'} counts in its place`, 'dim'];
    case 'not-counted':
      return ['not counted: nothing proves who sent it', 'warn'];
  }
}

function policyText(
  { policy, successes, failures, details, isOurs }: ShownReport['policies'][number],
  { paint, width }: Page,
): readonly string[] {
  const type = policy.type === 'other' ? `other (${shown(policy.rawType)})` : policy.type;
  const from = policy.domainFrom === 'report' ? '' : ` (from the ${policy.domainFrom})`;
  const domain = policy.domain === '' ? 'unknown domain' : shown(policy.domain);
  const unicode = toUnicode(policy.domain);
  const also = unicode === policy.domain ? '' : ` (${shown(unicode)})`;
  const ours = isOurs === false ? ', not one of ours: not counted' : '';
  const itemised = details.reduce((sum, { count }) => sum + count, 0);
  const odd = itemised === failures ? '' : `, ${itemised} of them itemised`;
  const counts = `${successes} went well, ${failures} failed${failures === 0 ? '' : odd}`;
  const head = hanging(`${type} ${domain}${also}${from}${ours}`, width, { indent: '    ' });
  return [
    ...head.map((line) => paint('bold', line)),
    ...indented(counts, width, '  '),
    ...policy.strings.flatMap((line) =>
      hanging(shown(line), width, { first: '  | ', indent: '    ' }).map((each) =>
        paint('dim', each),
      ),
    ),
    ...details.flatMap((detail) => detailText(detail, { paint, width })),
  ];
}

function detailText(detail: ReceivedDetail, { paint, width }: Page): readonly string[] {
  const { resultType, rawResultType, count } = detail;
  const type = resultType === 'unknown' ? `unknown (${shown(rawResultType)})` : resultType;
  const helo = detail.receivingMxHelo?.split(/\r?\n/)[0];
  const facts = [
    ['host', detail.receivingMxHostname],
    ['address', detail.receivingIp],
    ['helo', helo],
    ['from', detail.sendingMtaIp],
    ['reason', detail.reasonCode],
    ['more', detail.additionalInformation],
  ].filter((pair): pair is [string, string] => pair[1] !== undefined);
  const text = facts.map(([name, value]) => `${name} ${shown(value)}`).join(', ');
  const what = `${count} x ${type}`;
  const lines = hanging(text === '' ? what : `${what}: ${text}`, width, {
    first: '  ',
    indent: '      ',
  });
  // A name that no RFC knows may be longer than a line.
  return lines.map((line) => line.replace(`  ${what}`, () => `  ${paint('bad', what)}`));
}

function deviationText(codes: readonly ErrorCode[], { paint, width }: Page): readonly string[] {
  if (codes.length === 0) return ['It is written as the standard says.'];
  const names = Math.max(...codes.map((code) => shown(code).length));
  const isBeside = width - names - 4 >= LEAST_MEANING;
  return [
    'Odd about it:',
    ...codes.flatMap((code) => {
      const name = shown(code);
      const meaning = meaningOf(code);
      if (!isBeside) return [`  ${paint('dim', name)}`, ...indented(meaning, width, '      ')];
      const indent = ' '.repeat(names + 4);
      const [first = '', ...more] = indented(meaning, width, indent);
      return [`  ${paint('dim', name.padEnd(names))}  ${first.trimStart()}`.trimEnd(), ...more];
    }),
  ];
}

/** Columns for what a code means; where there are fewer it stands below. */
const LEAST_MEANING = 32;

function meaningOf(code: string): string {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].meaning : '';
}
