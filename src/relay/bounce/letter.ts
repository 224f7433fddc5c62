/**
 * The first part of a report: what a person reads.
 *
 * @module
 */
import { printable } from '../../printable.ts';
import { basisOf, type Basis } from './basis.ts';
import { isPolicyCause } from './causes.ts';
import { CAUSE_TEXTS, demandText, refusalAdvice, type Names } from './cause-texts.ts';
import { CRLF, plainDate } from './mime.ts';
import { noticeStatus } from './notice-status.ts';
import type { Returned } from './returned.ts';
import type { NoticeOptions, NoticeRecipient } from './types.ts';

/** Columns of a text for people. */
const WIDTH = 72;
/** Recipients that are listed by name; all of them stand in the second part. */
const LISTED = 50;
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
    ...plights.flatMap((plight) => section(plight, plights.length > 1, options)),
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
    const key = JSON.stringify([basis.cause, basis.host, status, evidenceText(recipient, basis)]);
    const plight = plights.get(key) ?? { recipients: [], basis, status };
    plight.recipients.push(recipient);
    plights.set(key, plight);
  }
  return [...plights.values()];
}

function opening(options: NoticeOptions, plights: readonly Plight[]): readonly string[] {
  const { kind, willRetryUntil, recipients, reportingMta } = options;
  const held = plights.some(({ basis }) => isPolicyCause(basis.cause));
  const hello = [`This is the mail system at ${printable(reportingMta, 255)}.`, ''];
  const safe = held ? ['', ...wrap('Your message was NOT sent unencrypted.')] : [];
  const to = plights.length === 1 ? ['', ...addresses(recipients), ''] : [''];
  const them = plights.length === 1 ? 'to:' : 'to all of its recipients; see below.';
  switch (kind) {
    case 'failed':
      return [
        ...hello,
        ...wrap(`Your message could not be delivered ${them}`),
        ...to,
        ...wrap(ending(options)),
        ...safe,
        '',
      ];
    case 'delayed':
      return [
        ...hello,
        ...wrap(`Your message is late. It is not lost. It could not be delivered yet ${them}`),
        ...to,
        ...wrap(
          `${waiting(willRetryUntil)} You need not do anything. Please do not send it again.`,
        ),
        ...safe,
        '',
      ];
    case 'relayed':
      return [
        ...hello,
        ...wrap(`You asked to be told when your message arrives. It was handed on ${them}`),
        ...to,
      ];
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

function reason(plight: Plight, { kind, destination }: NoticeOptions): readonly string[] {
  const { basis, recipients } = plight;
  const names = namesOf(basis, destination);
  const held = isPolicyCause(basis.cause);
  const said = recipients[0]?.reply;
  const quote = said === undefined ? [] : ['', ...wrap(replyLine(said), '    ')];
  const blame =
    held && kind === 'delayed'
      ? 'The address is right and its owner has done nothing wrong: a security policy holds the message back.'
      : '';
  const text = [blame, demandText(names), CAUSE_TEXTS[basis.cause].happened(names)];
  return ['What happened', '', ...wrap(text.filter(Boolean).join(' '), '  '), ...quote, ''];
}

function advice({ basis, recipients, status }: Plight, { kind }: NoticeOptions): readonly string[] {
  if (kind !== 'failed') return [];
  const { advice: own } = CAUSE_TEXTS[basis.cause];
  const spoke = recipients[0]?.reply === undefined ? undefined : refusalAdvice(status);
  const tell =
    'Tell the recipient in another way, and pass on the lines below to whoever runs their mail. Once it is mended, send your message again.';
  const text = [own ?? spoke ?? (isPolicyCause(basis.cause) ? '' : undefined), tell];
  const chosen = text[0] === undefined || text[0] === '' ? tell : text[0];
  return ['What you can do', '', ...wrap(chosen, '  '), ''];
}

/** For those who run the other side. */
function details(plight: Plight, options: NoticeOptions): readonly string[] {
  const { basis, recipients, status } = plight;
  const { destination, message } = options;
  const names = namesOf(basis, destination);
  const { mend, rule } = CAUSE_TEXTS[basis.cause];
  const first = recipients[0];
  const seen = first === undefined ? '' : evidenceText(first, basis);
  const rows: readonly (readonly [string, string])[] = [
    ['To mend', mend?.(names) ?? ''],
    ['Rule', typeof rule === 'function' ? rule(names) : (rule ?? '')],
    ['Policy', policyText(basis, options)],
    ['Server', serverText(basis)],
    ['Seen', first?.reply === undefined ? seen : ''],
    ['Last try', options.attempts > 0 ? lastTry(options) : ''],
    ['Waiting', `since ${plainDate(message.acceptedAt)}, tried ${times(options.attempts)}`],
    ['Status', status],
  ];
  return [
    `For those who run the mail of ${printable(destination, 255)}`,
    '',
    ...rows.flatMap(([label, text]) => row(label, text)),
    '',
  ];
}

function lastTry({ lastAttemptAt, now }: NoticeOptions): string {
  return plainDate(lastAttemptAt ?? now);
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
    ...row('Queue id', message.id),
    ...row('Message', message.messageIdHeader),
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

function namesOf({ host, demander }: Basis, destination: string): Names {
  const domain = printable(destination, 255);
  return {
    domain,
    host: host === '' ? `the mail server of ${domain}` : printable(host, 255),
    demander,
  };
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

/** Breaks at blanks; a word that is longer than the line stands alone. */
function wrap(text: string, indent = ''): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ').filter(Boolean)) {
    if (line !== indent && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line];
}
