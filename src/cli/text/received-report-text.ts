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
import { shown, timeText } from './format.ts';
import type { Paint } from './paint.ts';
import { domainsOf } from './received-rows.ts';
import { columns } from './table.ts';

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
export function shownReportText(
  { report, policies }: ShownReport,
  paint: Paint,
): readonly string[] {
  const lines = [...facts(report, paint), ''];
  for (const policy of policies) lines.push(...policyText(policy, paint), '');
  if (report.has_details === 0) lines.push('What it says was deleted because of its age.', '');
  lines.push(...deviationText(JSON.parse(report.deviations) as ErrorCode[], paint));
  return lines;
}

function facts(report: StoredReport, paint: Paint): readonly string[] {
  const rows = [
    ['Report', paint('bold', report.id)],
    ['Sender', shown(report.sender)],
    ['Calls itself', shown(report.organization)],
    ['Contact', shown(report.contact ?? 'none')],
    ['Report-ID', shown(report.report_id)],
    ['Range', `${timeText(report.starts_at)} to ${timeText(report.ends_at)}`],
    ['Counts on', dayText(report.day)],
    ['Came', `${timeText(report.received_at)}, by ${report.way}, ${report.size} octets`],
    ['Proof', proofText(report, paint)],
    ['State', stateText(report, paint)],
    ['Sessions', `${report.successes} went well, ${report.failures} failed`],
  ];
  const notes = (JSON.parse(report.auth_notes) as string[]).map((note) => ['', shown(note)]);
  return columns([...rows.slice(0, 9), ...notes, ...rows.slice(9)]);
}

function proofText({ auth_kind, auth_domain }: StoredReport, paint: Paint): string {
  const by = auth_domain === null ? '' : shown(auth_domain);
  switch (auth_kind) {
    case 'verified':
      return paint('good', `verified: signed by ${by}`);
    case 'unaligned':
      return paint('warn', `unaligned: signed by ${by}, who is somebody else than the reporter`);
    case 'broken':
      return paint('warn', 'broken: it is signed, and no signature is valid');
    case 'unsigned':
      return paint('warn', 'unsigned: anybody may have sent it');
    case 'temporary':
      return paint('warn', 'temporary: the key could not be looked up when it came');
    case 'unauthenticated':
      return 'unauthenticated: nothing says who sent it';
  }
}

function stateText({ state, other_id }: StoredReport, paint: Paint): string {
  switch (state) {
    case 'counted':
      return paint('good', 'counted');
    case 'conflict':
      return paint('warn', `conflict: ${other_id ?? 'another one'} has the same id and counts`);
    case 'replaced':
      return paint('dim', `replaced: ${other_id ?? 'another one'} counts in its place`);
    case 'not-counted':
      return paint('warn', 'not counted: nothing proves who sent it');
  }
}

function policyText(
  { policy, successes, failures, details, isOurs }: ShownReport['policies'][number],
  paint: Paint,
): readonly string[] {
  const type = policy.type === 'other' ? `other (${shown(policy.rawType)})` : policy.type;
  const from = policy.domainFrom === 'report' ? '' : ` (from the ${policy.domainFrom})`;
  const domain = policy.domain === '' ? 'unknown domain' : shown(policy.domain);
  const unicode = toUnicode(policy.domain);
  const also = unicode === policy.domain ? '' : ` (${shown(unicode)})`;
  const ours = isOurs === false ? paint('dim', ', not one of ours: not counted') : '';
  const itemised = details.reduce((sum, { count }) => sum + count, 0);
  const odd = itemised === failures ? '' : paint('dim', `, ${itemised} of them itemised`);
  return [
    `${paint('bold', `${type} ${domain}`)}${also}${from}${ours}`,
    `  ${successes} went well, ${failures} failed${failures === 0 ? '' : odd}`,
    ...policy.strings.map((line) => paint('dim', `  | ${shown(line)}`)),
    ...details.flatMap((detail) => detailText(detail, paint)),
  ];
}

function detailText(detail: ReceivedDetail, paint: Paint): readonly string[] {
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
  return [`  ${paint('bad', `${count} x ${type}`)}${text === '' ? '' : `: ${text}`}`];
}

function deviationText(codes: readonly ErrorCode[], paint: Paint): readonly string[] {
  if (codes.length === 0) return ['It is written as the standard says.'];
  const rows = codes.map((code) => [paint('dim', shown(code)), meaningOf(code)]);
  return ['Odd about it:', ...columns(rows, '  ')];
}

function meaningOf(code: string): string {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].meaning : '';
}
