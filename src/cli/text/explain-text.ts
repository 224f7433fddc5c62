/**
 * An explanation as a person reads it: the verdict first, then why, then every answer.
 *
 * @module
 */
import type { Explanation } from '../../check/explain.ts';
import type { HostProbe, ProbedAddress } from '../../check/probe.ts';
import type { Status } from '../../check/status.ts';
import { ERRORS } from '../../errors.ts';
import type { Failure } from '../../failure.ts';
import type { Evidence, HostPolicy } from '../../tls-policy/types.ts';
import { demandText, verdictLines } from './attempt-text.ts';
import { answerRows } from './answer-text.ts';
import { adviceFor } from './advice.ts';
import { relativeTime, shown } from './format.ts';
import { overrideLines } from './override-text.ts';
import type { Paint } from './paint.ts';
import { policyLines } from './policy-text.ts';
import { columns } from './table.ts';

/** How to write. */
export interface TextOptions {
  /** Milliseconds since the Unix epoch, for ages. */
  readonly now: number;
  readonly paint: Paint;
}

/** How to write an explanation. */
export interface ExplainTextOptions extends TextOptions {
  /** What the reader asked for. */
  readonly title: string;
}

type Headline = readonly [style: 'good' | 'warn' | 'bad', text: string];

const HEADLINE: Readonly<Record<Status, Headline>> = {
  protected: ['good', 'mail is deliverable and protected'],
  unprotected: ['warn', 'mail is deliverable but NOT protected'],
  unsafe: ['bad', 'mail is NOT deliverable safely; it would wait'],
  unknown: ['bad', 'could not tell; try again later'],
};

const NEVER_DELIVERABLE: Headline = [
  'bad',
  'mail is NOT deliverable; it would be returned at once',
];

/** The lines of an explanation. */
export function explainText(
  explanation: Explanation,
  options: ExplainTextOptions,
): readonly string[] {
  const { status, record, probes, answers } = explanation;
  const { paint } = options;
  const [style, headline] = record.policy.outcome === 'fail' ? NEVER_DELIVERABLE : HEADLINE[status];
  return [
    `${paint('bold', options.title)}: ${paint(style, headline)}`,
    ...(record.policy.failure === undefined ? [] : failureLines(record.policy.failure, paint)),
    '',
    ...section('How the hosts were found', foundLines(record.evidence), paint),
    ...section('Override', overrideLines(record.evidence.override, options), paint),
    ...section(
      'MTA-STS',
      [...policyLines(record.evidence.sts, options), ...renewedLines(explanation, options)],
      paint,
    ),
    ...section('MX hosts, in the order of delivery', hostLines(explanation, options), paint),
    ...section(
      probes === undefined
        ? 'DNS answers (hosts were not connected to; --connect does)'
        : 'DNS answers',
      columns(answers.flatMap(answerRows), '  '),
      paint,
    ),
    ...section('What to do', adviceFor(explanation), paint),
  ];
}

function section(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0 ? [] : [paint('bold', title), ...lines, ''];
}

function failureLines(failure: Failure, paint: Paint): readonly string[] {
  const rule =
    'rule' in ERRORS[failure.code] ? ` (${ERRORS[failure.code as 'STS_RECORD_NONE'].rule})` : '';
  return [`  ${paint('bad', shown(failure.detail))}${rule}  ${paint('dim', failure.code)}`];
}

function renewedLines({ cachedBefore }: Explanation, { now }: TextOptions): readonly string[] {
  if (cachedBefore === undefined) return [];
  const { id, fetchedAt } = cachedBefore;
  return [`  cached policy id ${shown(id)}, fetched ${relativeTime(fetchedAt, now)}; renewed now`];
}

function foundLines(evidence: Evidence): readonly string[] {
  const { mx, hostsFrom } = evidence;
  const mixed =
    hostsFrom === 'mx' &&
    mx?.kind === 'records' &&
    mx.records.some(({ exchange }) => exchange === '');
  return [foundText(evidence), ...(mixed ? [MIXED_NULL_MX] : [])];
}

const MIXED_NULL_MX =
  '  a null MX record stands beside others, where it has no meaning: it is passed over (RFC 7505 §3)';

function foundText(evidence: Evidence): string {
  const signed = evidence.mxSecurity === 'secure';
  switch (evidence.hostsFrom) {
    case 'mx':
      return signed
        ? '  by MX records that DNSSEC vouches for'
        : '  by MX records that are not signed: DNS alone cannot tell a forged one';
    case 'implicit':
      return `  no MX record: the domain is its own host (RFC 5321 §5.1), ${signed ? 'signed' : 'not signed'}`;
    case 'null-mx':
      return '  a null MX record: the domain takes no mail (RFC 7505)';
    case 'smart-host':
      return '  named by you: no MX look-up, the host is its own policy domain (RFC 8461 §3.4)';
    case 'address-literal':
      return '  an address: no policy applies (RFC 8461 §3.4)';
    case 'nothing':
      return '  no host was found';
  }
}

function hostLines(explanation: Explanation, options: TextOptions): readonly string[] {
  return explanation.record.policy.hosts.flatMap((host) => [
    ...hostHead(host, options.paint),
    ...probeLines(
      explanation.probes?.find((probe) => probe.hostPolicy === host),
      options.paint,
    ),
  ]);
}

function hostHead(host: HostPolicy, paint: Paint): readonly string[] {
  const addresses = host.addresses.length === 0 ? 'no address' : host.addresses.join(', ');
  const { requirement, why } = host;
  const refused = requirement.kind === 'refused';
  // A refusal says why by itself; only an override adds to it.
  const isSaid = refused && why === requirement.failure.detail;
  return [
    `  ${String(host.preference).padStart(3)} ${paint('bold', host.host)}  ${addresses}`,
    `      ${refused ? paint('bad', demandText(requirement)) : `must show: ${demandText(requirement)}`}`,
    ...(isSaid ? [] : [`      because:   ${shown(why)}`]),
  ];
}

function probeLines(probe: HostProbe | undefined, paint: Paint): readonly string[] {
  return (probe?.connections ?? []).flatMap((each) => connectionLines(each, paint));
}

function connectionLines(
  { address, event, certificate }: ProbedAddress,
  paint: Paint,
): readonly string[] {
  const tls = event.tls === undefined ? 'no TLS' : `${event.tls.protocol} ${event.tls.cipher}`;
  const lines = [
    `      connected: ${address} port ${event.port}, ${event.outcome === 'unreachable' ? 'no session' : tls}`,
  ];
  const told = certificate !== undefined && event.verdict?.why.includes(certificate) === true;
  if (certificate !== undefined && !told) lines.push(`                 ${shown(certificate)}`);
  lines.push(...verdictLines(event, paint));
  return lines;
}
