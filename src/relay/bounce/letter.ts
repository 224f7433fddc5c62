/**
 * The first part of a report: what a person reads.
 *
 * @module
 */
import { printable } from '../../printable.ts';
import type { AttemptEvent } from '../../tls-policy/attempt-event.ts';
import { basisOf, wayOf, type Basis } from './basis.ts';
import { CAUSE_TEXTS, demandText, refusalAdvice, type Names } from './cause-texts.ts';
import { CRLF, plainDate } from './mime.ts';
import { noticeStatus } from './notice-status.ts';
import type { Returned } from './returned.ts';
import type { NoticeOptions, NoticeRecipient } from './types.ts';

/** Columns of a text for people. */
const WIDTH = 72;
/** Recipients that are listed by name; all of them stand in the second part. */
const LISTED = 50;
/** Faults that are explained. */
const SECTIONS = 20;
const MORE = 'The other recipients and what happened to them stand in the report that is attached.';
/** Failures of one attempt that are shown. */
const SEEN = 5;
/** Characters of a stranger's text. */
const QUOTED = 900;

/** Recipients to whom the same happened. */
interface Plight {
  readonly recipients: readonly NoticeRecipient[];
  readonly basis: Basis;
  readonly status: string;
}

/** The whole text, with CRLF. */
export function letter(options: NoticeOptions, returned: Returned | undefined): string {
  const plights = group(options);
  const lines = [
    ...opening(options, plights),
    ...plights.slice(0, SECTIONS).flatMap((plight) => section(plight, plights.length > 1, options)),
    ...(plights.length > SECTIONS ? [...wrap(MORE), ''] : []),
    ...closing(options, returned),
  ];
  return lines.map((line) => line.trimEnd()).join(CRLF) + CRLF;
}

/** Recipients with the same fault, in the order of their first. */
function group(options: NoticeOptions): readonly Plight[] {
  const plights = new Map<string, Plight & { recipients: NoticeRecipient[] }>();
  for (const recipient of options.recipients) {
    const basis = basisOf(recipient, options);
    const status = noticeStatus(recipient, options);
    const seen = evidenceText(recipient, basis).replaceAll(recipient.address, '*');
    const key = JSON.stringify([basis.cause, basis.host, status, seen]);
    const plight = plights.get(key) ?? { recipients: [], basis, status };
    plight.recipients.push(recipient);
    plights.set(key, plight);
  }
  return [...plights.values()];
}

function opening(options: NoticeOptions, plights: readonly Plight[]): readonly string[] {
  const { kind, willRetryUntil, recipients, reportingMta, destination } = options;
  const held = plights.some(({ basis }) => basis.held);
  const domain = printable(destination, 255);
  const hello = [`This is the mail system at ${printable(reportingMta, 255)}.`, ''];
  const to = ['', ...addresses(recipients), ''];
  const safe = held ? ['', ...wrap(`Your message was NOT sent unencrypted to ${domain}.`)] : [];
  switch (kind) {
    case 'failed':
      return [
        ...hello,
        'Your message could not be delivered to:',
        ...to,
        ...wrap(ending(options)),
        ...safe,
        '',
      ];
    case 'delayed':
      return [
        ...hello,
        'Your message is late, not lost. It could not be delivered yet to:',
        ...to,
        ...wrap(`${waiting(willRetryUntil)} You need not do anything; do not send it again.`),
        ...safe,
        '',
      ];
    case 'relayed':
      return [...hello, 'You asked to hear when your message arrives. It was handed on to:', ...to];
    default:
      return kind satisfies never;
  }
}

function ending({ ending: how = 'rejected', message, attempts, now }: NoticeOptions): string {
  const since = plainDate(message.acceptedAt);
  switch (how) {
    case 'rejected':
      return 'It will not be tried again.';
    case 'expired':
      return `It was tried ${times(attempts)} from ${since} to ${plainDate(now)}, and is now given up.`;
    case 'operator':
      return `The operator of this mail system returned it. It had been waiting since ${since}.`;
    default:
      return how satisfies never;
  }
}

function waiting(until: number | undefined): string {
  return until === undefined
    ? 'It is tried again until it arrives or its time is up; you hear of it if that fails.'
    : `It is tried again until ${plainDate(until)}; you hear of it if that fails.`;
}

function section(plight: Plight, several: boolean, options: NoticeOptions): readonly string[] {
  const { recipients } = plight;
  const who = several ? ['-'.repeat(WIDTH), ...addresses(recipients), ''] : [];
  if (options.kind === 'relayed') return [...who, ...relayed(plight)];
  return [
    ...who,
    ...reason(plight, options),
    ...advice(plight, options),
    ...details(plight, options),
  ];
}

/** RFC 3461 §5.2.2: what is known ends here. */
function relayed({ basis }: Plight): readonly string[] {
  const host = printable(basis.host === '' ? 'The next mail server' : basis.host, 255);
  return [
    ...wrap(
      `${host} took it. That server cannot report what becomes of a message: if you hear nothing more, it most likely arrived.`,
    ),
    '',
  ];
}

function reason(plight: Plight, options: NoticeOptions): readonly string[] {
  const { basis, recipients } = plight;
  const names = namesOf(basis, options);
  const said = recipients[0]?.reply;
  const quote = said === undefined ? [] : ['', ...wrap(replyLine(said), '    ')];
  const text = [demandText(names), CAUSE_TEXTS[basis.cause].happened(names)];
  return [
    'What happened',
    '',
    ...wrap(text.filter(Boolean).join(' '), '  '),
    ...quote,
    '',
    ...(basis.held ? [...wrap(NOT_YOU, '  '), ''] : []),
  ];
}

const NOT_YOU =
  'Nothing is wrong with the address. A security rule holds the message back, not the recipient.';

const TELL =
  'Tell the recipient in another way, and pass on the lines below to whoever runs their mail. Once it is mended, send your message again.';

/** Where the fault lies on the operator's own way out, the recipient can do nothing about it. */
const ASK =
  'Ask the people who run this mail system, and show them the lines below. Once it is mended, send your message again.';

function advice({ basis, recipients, status }: Plight, options: NoticeOptions): readonly string[] {
  // A message that waits asks nothing of its author.
  if (options.kind !== 'failed') return [];
  const said = recipients[0]?.reply === undefined ? undefined : refusalAdvice(status);
  const text = CAUSE_TEXTS[basis.cause].advice ?? said ?? (wayOf(options).routed ? ASK : TELL);
  return ['What you can do', '', ...wrap(text, '  '), ''];
}

/** For those who run the other side. */
function details(plight: Plight, options: NoticeOptions): readonly string[] {
  const { basis, recipients, status } = plight;
  const { destination } = options;
  const { domain, routed } = wayOf(options);
  const names = namesOf(basis, options);
  const { mend, rule } = CAUSE_TEXTS[basis.cause];
  const first = recipients[0];
  const seen = first === undefined ? '' : evidenceText(first, basis);
  const rows: readonly (readonly [string, string])[] = [
    ['To mend', mend?.(names) ?? ''],
    ['Rule', typeof rule === 'function' ? rule(names) : (rule ?? '')],
    ['Policy', policyText(basis, options)],
    ['Server', serverText(basis)],
    ['Route', routed ? `mail for ${destination} goes by way of ${domain}` : ''],
    ...(first?.reply === undefined ? seenRows(seen, options) : []),
    ['Tried', tried(options)],
    ['Status', status],
  ];
  const whose =
    basis.cause === 'ours' || basis.cause === 'route'
      ? 'For those who run this mail system'
      : `For those who run the mail of ${names.domain}`;
  return [whose, '', ...rows.flatMap(([label, text]) => row(label, text)), ''];
}

/** What was seen, and what else was seen in the same attempt. */
function seenRows(
  seen: string,
  { events = [] }: NoticeOptions,
): readonly (readonly [string, string])[] {
  const others = events.filter(({ failure }) => failure !== undefined && failure.detail !== seen);
  const all = new Set([seen, ...others.map(eventText)]);
  return [...all]
    .filter(Boolean)
    .slice(0, SEEN)
    .map((text, index) => [index === 0 ? 'Seen' : 'Also', text] as const);
}

/** Names the host, where the failure itself does not. */
function eventText({ host, address, failure }: AttemptEvent): string {
  const detail = failure?.detail ?? '';
  const where = address === undefined ? host : `${host} [${address}]`;
  return printable(detail.includes(host) ? detail : `${where}: ${detail}`, QUOTED);
}

function tried({ attempts, message, lastAttemptAt, now }: NoticeOptions): string {
  const last = plainDate(lastAttemptAt ?? now);
  if (attempts === 0) return 'never';
  if (attempts === 1) return last;
  return `${attempts} times, from ${plainDate(message.acceptedAt)} to ${last}`;
}

/** Which policy was in force, and since when it is known. */
function policyText({ demander, cause }: Basis, { decision }: NoticeOptions): string {
  const sts = decision?.evidence.sts;
  if (sts?.kind !== 'policy' || !(demander === 'sts' || cause.startsWith('requiretls'))) return '';
  const { policyDomain, policy, id, fetchedAt, source } = sts.active;
  const origin = source === 'pinned' ? 'set by the operator' : `fetched ${plainDate(fetchedAt)}`;
  const named = id === '' ? '' : `, id ${id}`;
  return `MTA-STS of ${policyDomain}, mode ${policy.mode}${named}, ${origin}`;
}

function serverText({ host, address }: Basis): string {
  if (host === '') return '';
  return address === undefined ? host : `${host}, address ${address}`;
}

function closing(
  { message, kind }: NoticeOptions,
  returned: Returned | undefined,
): readonly string[] {
  const rows = [
    ...row('Subject', returned?.subject ?? ''),
    ...row('Message-ID', message.messageIdHeader),
    ...row('Queue id', message.id),
    ...row('Accepted', plainDate(message.acceptedAt)),
  ];
  return ['Your message', '', ...rows, '', ...wrap(attached(message, kind, returned))];
}

function attached(
  { envelope }: NoticeOptions['message'],
  kind: NoticeOptions['kind'],
  returned: Returned | undefined,
): string {
  if (returned === undefined) return 'It could not be attached.';
  if (returned.what === 'message') return 'It is attached.';
  const why =
    kind === 'failed' && envelope.requireTls === true
      ? ' Its content is not, to keep it protected (REQUIRETLS).'
      : '';
  return `Its header is attached.${why}`;
}

function namesOf({ host, port, demander }: Basis, options: NoticeOptions): Names {
  const domain = printable(wayOf(options).domain, 255);
  const named = host === '' ? `the mail server of ${domain}` : printable(host, 255);
  return { domain, host: named, tlsaName: `_${port}._tcp.${named}`, demander };
}

/** What a stranger said or what was seen: one line. */
function evidenceText({ reply, text }: NoticeRecipient, { failure }: Basis): string {
  if (reply !== undefined) return replyLine(reply);
  return printable(failure?.detail ?? text ?? '', QUOTED);
}

function replyLine({ code, enhanced, lines }: NonNullable<NoticeRecipient['reply']>): string {
  const words = [String(code), enhanced ?? '', ...lines];
  return printable(words.filter(Boolean).join(' '), QUOTED);
}

function addresses(recipients: readonly NoticeRecipient[]): readonly string[] {
  const more = recipients.length - LISTED;
  return [
    ...recipients.slice(0, LISTED).map(({ address }) => `    ${printable(address, 255)}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ];
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function row(label: string, text: string): readonly string[] {
  if (text === '') return [];
  const [first = '', ...rest] = wrap(printable(text, QUOTED), ' '.repeat(13));
  return [`  ${label.padEnd(10)} ${first.trimStart()}`, ...rest];
}

/** Breaks at blanks, but not between a time and its zone; a word that is longer than the line stands alone. */
function wrap(text: string, indent = ''): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/ (?!UTC\b)/).filter(Boolean)) {
    if (line !== indent && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line];
}
