/**
 * Why a message waits, in words for whoever runs this service.
 *
 * @module
 */
import { ERRORS } from '../../errors.ts';
import { type Basis, basisOf } from '../../relay/bounce/basis.ts';
import { CAUSE_TEXTS } from '../../relay/bounce/cause-texts.ts';
import { isPolicyCause } from '../../relay/bounce/causes.ts';
import {
  failureBehind,
  type ShownAttempt,
  type ShownJob,
  type ShownMessage,
  type ShownRecipient,
} from '../../relay/operations/read-message.ts';
import type { Behind } from '../../relay/operations/behind.ts';
import type { DecisionRecord } from '../../tls-policy/types.ts';
import type { TextOptions } from './explain-text.ts';
import { duration, relativeTime, shown, timeLeft, timeText } from './format.ts';
import { behindText, counted, isDue } from './queue-text.ts';

/** A job with what is known of its newest attempt. */
export interface WaitingJob {
  readonly job: ShownJob;
  readonly attempt?: ShownAttempt;
  readonly decision?: DecisionRecord;
  /** What was said of another message at its destination, where it was not tried itself. */
  readonly behind?: Behind;
  /** When the message is returned; milliseconds since the Unix epoch. */
  readonly givenUpAt: number;
}

/** What stands first: state and times, each recipient, what to do. */
export function whyLines(
  waiting: WaitingJob,
  found: ShownMessage,
  options: TextOptions,
): readonly string[] {
  const { job } = waiting;
  const { paint } = options;
  const advice = adviceLines(waiting, found);
  return [
    `${paint('bold', `${job.messageId} to ${shown(job.destination)}`)}: ${stateText(waiting, found, options)}`,
    ...recipientsOf(job, found).map((each) => recipientLine(each, waiting, options)),
    ...(advice.length === 0 ? [] : ['', paint('bold', 'Why, and who can end it')]),
    ...advice.map((line) => `  - ${line}`),
  ];
}

function recipientsOf(job: ShownJob, { recipients }: ShownMessage): readonly ShownRecipient[] {
  return recipients.filter(({ destination }) => destination === job.destination);
}

function stateText(
  { job, givenUpAt }: WaitingJob,
  { message }: ShownMessage,
  { now }: TextOptions,
): string {
  const waited = `accepted ${relativeTime(message.acceptedAt, now)}, ${counted(job.attempts, 'attempt')}`;
  const failing =
    job.firstFailedAt === undefined ? '' : `, failing for ${duration(now - job.firstFailedAt)}`;
  const end =
    givenUpAt <= now
      ? 'its time is over: the next attempt is the last'
      : `given up in ${timeLeft(givenUpAt - now)} (${timeText(givenUpAt)})`;
  switch (job.state) {
    case 'held':
      return `held by an operator: nobody tries. ${waited}${failing}`;
    case 'delivering':
      return `being delivered now. ${waited}${failing}`;
    case 'waiting': {
      return `waits, ${dueText(job.nextAt, now)}; ${end}. ${waited}${failing}`;
    }
  }
}

/** A service that runs tries within seconds what is due, unless nobody at the next hop answers. */
const PROMPT_MS = 60_000;

function dueText(nextAt: number, now: number): string {
  if (!isDue(nextAt, now)) return `next try ${relativeTime(nextAt, now)}`;
  const lateMs = now - nextAt;
  return lateMs < PROMPT_MS
    ? 'due now'
    : `due for ${duration(lateMs)} (no service runs, or it leaves the next hop alone for now)`;
}

function recipientLine(
  recipient: ShownRecipient,
  { job, behind }: WaitingJob,
  { now }: TextOptions,
): string {
  const { address, state, lastAt, lastHost, lastCode, lastText } = recipient;
  const said = [lastHost, lastCode, lastText].filter(Boolean).map(shown).join(' ');
  const untried = behind === undefined ? 'not tried yet' : behindText(job.destination, behind);
  const when = lastAt === 0 ? untried : `${relativeTime(lastAt, now)}: ${said}`;
  return `  ${shown(address)}  ${state}, ${when}`;
}

/** What can be done, and by whom; each line once. */
export function adviceLines(waiting: WaitingJob, found: ShownMessage): readonly string[] {
  const { job } = waiting;
  if (job.state === 'held') {
    return [`Let it go on with \`smtp-sts queue release ${job.messageId}\`.`];
  }
  const lines = recipientsOf(job, found)
    .filter(({ state, lastText }) => state === 'waiting' && lastText !== '')
    .flatMap((recipient) => recipientAdvice(recipient, waiting, found));
  return [...new Set(lines)];
}

function recipientAdvice(
  recipient: ShownRecipient,
  { job, attempt, decision }: WaitingJob,
  { message }: ShownMessage,
): readonly string[] {
  const events = attempt?.events ?? [];
  const failure = failureBehind(recipient.lastText, events, decision);
  const host = recipient.lastHost === '' ? job.destination : recipient.lastHost;
  if (failure === undefined) {
    return [
      `${shown(host)} has put it off in its own words: ask its operator if that lasts. Nothing is wrong here.`,
    ];
  }
  const basis = basisOf(
    { address: recipient.address, failure, host: recipient.lastHost },
    {
      kind: 'delayed',
      message,
      content: () => [],
      recipients: [],
      destination: job.destination,
      ...(decision === undefined ? {} : { decision }),
      events,
      attempts: job.attempts,
      reportingMta: '',
      now: 0,
    },
  );
  return causeAdvice(basis, job.destination);
}

function causeAdvice(basis: Basis, destination: string): readonly string[] {
  const { cause, failure, demander } = basis;
  const host = basis.host === '' ? `the mail server of ${shown(destination)}` : shown(basis.host);
  const names = {
    domain: shown(destination),
    host,
    tlsaName: `_${basis.port}._tcp.${host}`,
    demander,
  };
  const text = CAUSE_TEXTS[cause];
  const mend = text.mend?.(names);
  const here = failure === undefined ? undefined : ERRORS[failure.code].action;
  const code = failure === undefined ? '' : ` (${failure.code})`;
  return [
    `${text.happened(names)}${code}`,
    ...(mend === undefined ? [] : [`The other side must mend it: ${mend}`]),
    ...(here === undefined ? [] : [`Here: ${here}`]),
    ...(isPolicyCause(cause) && ['sts', 'dane'].includes(demander)
      ? [skipAdvice(destination)]
      : []),
  ];
}

function skipAdvice(destination: string): string {
  const domain = shown(destination);
  return (
    `If it must go although nobody protects it: \`smtp-sts overrides add ${domain} --skip --reason "…" --for 1d\`, ` +
    `then \`smtp-sts queue retry --destination ${domain}\`.`
  );
}
