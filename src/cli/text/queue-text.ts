/**
 * The queue in rows, and one of its messages, for a person who was woken up.
 *
 * @module
 */
import type { Behind } from '../../relay/operations/behind.ts';
import type { ListedJob, Totals } from '../../relay/operations/list-jobs.ts';
import type { ShownAttempt, ShownJob, ShownMessage } from '../../relay/operations/read-message.ts';
import type { QueuedMessage } from '../../relay/queue/types.ts';
import { verdictLines } from './attempt-text.ts';
import type { TextOptions } from './explain-text.ts';
import { duration, relativeTime, shorten, shown, timeText } from './format.ts';
import { columns } from './table.ts';

/** `812 B`, `25 KiB`, `1.4 MiB`. */
export function octetsText(octets: number): string {
  if (octets < 1_024) return `${octets} B`;
  const [size, unit] = octets < 1_048_576 ? [octets / 1_024, 'KiB'] : [octets / 1_048_576, 'MiB'];
  return `${size < 10 ? size.toFixed(1).replace(/\.0$/, '') : Math.round(size)} ${unit}`;
}

/** `12 messages`, `1 message`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `<>` for the null reverse-path. */
export function senderText(sender: string): string {
  return sender === '' ? '<>' : shown(sender);
}

const HEAD = ['ID', 'AGE', 'SIZE', 'FROM', 'TO', 'TRIES', 'NEXT', 'LAST SAID'];
/** Widths of the columns but the last: rows are written as they are read, so no row knows the others. */
const WIDTHS = [14, 6, 8, 26, 26, 5, 10];

/** Places in {@link HEAD} that a narrow terminal has no room for: the reason gets a line of its own. */
const SIZE = 2;
const FROM = 3;
const TO = 4;
const REASON = 7;
/** A terminal with so many columns shows everything on one line. */
const WIDE = 140;

/** The line above the rows. @param width columns of a terminal; undefined: it is none, nothing is cut */
export function listHead(width?: number): string {
  const [first = ''] = fitted(HEAD, width);
  return first;
}

/** A job as a row, or as two where the terminal is narrow. */
export function listRow(job: ListedJob, now: number, width?: number): readonly string[] {
  const { messageId, acceptedAt, size, sender, attempts } = job;
  const cells = [
    messageId,
    duration(now - acceptedAt),
    octetsText(size),
    senderText(sender),
    recipientText(job),
    String(attempts),
    nextText(job, now),
    shorten(reasonText(job), 160),
  ];
  return fitted(cells, width);
}

/** What was said of it, or of another one at its destination. */
function reasonText({ lastText, destination, behind }: ListedJob): string {
  return behind === undefined ? shown(lastText) : behindText(destination, behind);
}

/** Why nobody has tried it yet. */
export function behindText(destination: string, { host, code, text }: Behind): string {
  const said = [host, code, text].filter(Boolean).map(shown).join(' ');
  return `not tried yet: ${shown(destination)} rests after: ${said}`;
}

function fitted(cells: readonly string[], width: number | undefined): readonly string[] {
  if (width === undefined) return [joined(cells, WIDTHS)];
  if (width >= WIDE) return [shorten(joined(cells, WIDTHS), width)];
  const hasFrom = width >= WITH_FROM;
  const left = hasFrom ? [SIZE, REASON] : [SIZE, FROM, REASON];
  const widths = WIDTHS.map((each, index) => (index === TO ? toWidth(width, hasFrom) : each));
  const line = joined(without(cells, left), without(widths, left));
  const reason = cells[REASON] ?? '';
  const isHead = cells === HEAD;
  return isHead || reason === ''
    ? [shorten(line, width)]
    : [shorten(line, width), shorten(`    ${reason}`, width)];
}

/** Columns of a terminal from which on the sender has room. */
const WITH_FROM = 100;

/** What the other columns and the spaces between them leave to the recipient. */
function toWidth(width: number, hasFrom: boolean): number {
  const others = [14, 6, 5, 10, ...(hasFrom ? [26] : [])];
  return Math.max(12, width - others.reduce((sum, each) => sum + each + 2, 0));
}

function without<T>(list: readonly T[], places: readonly number[]): readonly T[] {
  return list.filter((_, index) => !places.includes(index));
}

function joined(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, index) => {
    const width = widths[index];
    return width === undefined ? cell : shorten(cell, width).padEnd(width);
  });
  return padded.join('  ').trimEnd();
}

/** One recipient is named; of several the destination is. */
function recipientText({ recipients, recipient, destination }: ListedJob): string {
  return recipients === 1 ? shown(recipient) : `${shown(destination)} (${recipients})`;
}

/** When a job is tried next, or why it is not. */
export function nextText(job: Pick<ListedJob, 'state' | 'nextAt'>, now: number): string {
  switch (job.state) {
    case 'held':
      return 'held';
    case 'delivering':
      return 'now';
    case 'waiting':
      return isDue(job.nextAt, now) ? 'due' : relativeTime(job.nextAt, now);
  }
}

/** Due, or so soon that nobody has to wait for it. */
export function isDue(nextAt: number, now: number): boolean {
  return nextAt < now + 5_000;
}

/** What the rows come to. */
export function totalsLine(totals: Totals, now: number): string {
  const { messages, jobs, waiting, held, delivering, octets, oldestAcceptedAt } = totals;
  const states = [
    ...(waiting > 0 ? [`${waiting.toLocaleString('en')} waiting`] : []),
    ...(held > 0 ? [`${held.toLocaleString('en')} held`] : []),
    ...(delivering > 0 ? [`${delivering.toLocaleString('en')} in delivery`] : []),
  ];
  const places = jobs === messages ? '' : ` at ${counted(jobs, 'destination')}`;
  const oldest =
    oldestAcceptedAt === undefined ? '' : `; the oldest is ${duration(now - oldestAcceptedAt)} old`;
  return `${counted(messages, 'message')}${places}, ${octetsText(octets)}: ${states.join(', ')}${oldest}`;
}

/** A message with all that is known of it. */
export function messageText(found: ShownMessage, options: TextOptions): readonly string[] {
  const { message, recipients, jobs, attempts } = found;
  const { paint } = options;
  const rows = recipients.map((each) => [
    each.state,
    shown(each.address),
    each.lastAt === 0 ? '' : relativeTime(each.lastAt, options.now),
    [each.lastHost, each.lastCode, each.lastText].filter(Boolean).map(shown).join(' '),
  ]);
  return [
    paint('bold', message.id),
    ...columns(envelopeRows(message, options.now), '  '),
    '',
    paint('bold', 'Recipients'),
    ...columns(rows, '  '),
    '',
    ...(jobs.length === 0 ? [] : [paint('bold', 'Destinations where somebody waits')]),
    ...columns(
      jobs.map((job) => jobRow(job, options.now)),
      '  ',
    ),
    ...(attempts.length === 0 ? [] : ['', paint('bold', 'Attempts that left somebody waiting')]),
    ...attempts.flatMap((attempt) => attemptText(attempt, options)),
  ];
}

function envelopeRows(message: QueuedMessage, now: number): readonly (readonly string[])[] {
  const { acceptedAt, envelope, size, messageIdHeader } = message;
  const wishes = wishesOf(message);
  return [
    ['accepted', `${timeText(acceptedAt)} (${relativeTime(acceptedAt, now)})`],
    ['came', originText(message)],
    ['from', senderText(envelope.from)],
    ['size', octetsText(size)],
    ...(messageIdHeader === '' ? [] : [['Message-ID', shown(messageIdHeader)]]),
    ...(wishes.length === 0 ? [] : [['asks for', wishes.join(', ')]]),
  ];
}

function originText({ origin }: QueuedMessage): string {
  const { via, user, clientAddress, heloName } = origin;
  if (via === 'own') return 'from this service: a notification';
  const who = user === undefined ? 'from a trusted network' : `from user ${shown(user)}`;
  const where = clientAddress === undefined ? '' : `, ${shown(clientAddress)}`;
  return `${who}${where}${heloName === undefined ? '' : ` (${shown(heloName)})`}`;
}

function wishesOf({ envelope, tlsRequiredNo }: QueuedMessage): readonly string[] {
  return [
    ...(envelope.requireTls === true ? ['REQUIRETLS'] : []),
    ...(tlsRequiredNo ? ['TLS-Required: No'] : []),
    ...(envelope.smtpUtf8 === true ? ['SMTPUTF8'] : []),
    ...(envelope.body === undefined ? [] : [envelope.body]),
    ...(envelope.ret === undefined ? [] : [`RET=${envelope.ret}`]),
    ...(envelope.envid === undefined ? [] : [`ENVID=${shown(envelope.envid)}`]),
  ];
}

function jobRow(job: ShownJob, now: number): readonly string[] {
  return [
    shown(job.destination),
    job.state,
    counted(job.attempts, 'attempt'),
    `next: ${nextText(job, now)}`,
    job.delayNoticeSent ? 'the author knows of the delay' : '',
  ];
}

function attemptText(attempt: ShownAttempt, { now, paint }: TextOptions): readonly string[] {
  const { destination, number, startedAt, endedAt, events } = attempt;
  const took = duration(endedAt - startedAt);
  const when = `${timeText(startedAt)} (${relativeTime(startedAt, now)})`;
  return [
    `  ${number}  ${when}  ${shown(destination)}, took ${took}`,
    ...events.flatMap((event) => [
      `      ${shown(event.host)}  ${event.address === undefined ? 'not contacted' : `${event.address} port ${event.port}`}`,
      ...verdictLines(event, paint),
    ]),
  ];
}
