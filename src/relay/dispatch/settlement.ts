/**
 * What an attempt means for the queue: new states, the next try, whom to tell. Pure.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import { replyText } from '../../smtp/reply.ts';
import { noticeStatus } from '../bounce/notice-status.ts';
import type { NoticeKind, NoticeOptions, NoticeRecipient } from '../bounce/types.ts';
import type { AttemptEvidence, DueJob, Job, QueuedRecipient, Settlement } from '../queue/types.ts';
import { nextStep, scheduleBy, type ScheduleSettings } from '../schedule.ts';
import type { DeliveryReport, RecipientReport } from '../types.ts';

/** An attempt that has ended. Milliseconds since the Unix epoch. */
export interface EndedAttempt {
  readonly job: Job;
  /** Recipients in the order of the job. */
  readonly report: DeliveryReport;
  readonly startedAt: number;
  readonly endedAt: number;
  /** The message's time had run out before it began. */
  readonly isLast: boolean;
  readonly settings: ScheduleSettings;
  /** Our own host name, for notifications. */
  readonly reportingMta: string;
}

/** What follows. Notifications are written by whoever can. */
export interface Consequences {
  readonly settlement: Settlement;
  readonly notices: readonly NoticeOptions[];
  readonly outcomes: readonly RecipientOutcome[];
}

/** One recipient and its new state. */
export interface RecipientOutcome {
  readonly recipient: QueuedRecipient;
  readonly report: RecipientReport;
  readonly state: 'delivered' | 'failed' | 'waiting';
  /** A failure that might pass, but the message's time is over. */
  readonly expired: boolean;
}

const DAY_MS = 24 * 3_600_000;

/** Whether the message's time is over. */
export function isExpired(
  { message }: Pick<Job, 'message'>,
  settings: ScheduleSettings,
  now: number,
): boolean {
  const { giveUpAfter } = scheduleBy(settings, message.envelope.from);
  return now >= message.acceptedAt + giveUpAfter;
}

/** When the time of a job is over that nobody has taken yet; undefined: not known. */
export function endOfDue(
  { acceptedAt, isNotice }: Pick<DueJob, 'acceptedAt' | 'isNotice'>,
  { giveUpAfterMs, bounceGiveUpAfterMs }: ScheduleSettings,
): number | undefined {
  if (acceptedAt === undefined) return undefined;
  if (isNotice !== undefined) return acceptedAt + (isNotice ? bounceGiveUpAfterMs : giveUpAfterMs);
  return acceptedAt + Math.max(giveUpAfterMs, bounceGiveUpAfterMs);
}

/** Works out what follows from an attempt (RFC 5321 §4.5.4.1, §6.1). */
export function consequencesOf(attempt: EndedAttempt): Consequences {
  const { job, report, startedAt, endedAt } = attempt;
  const step = stepAfter(attempt);
  const outcomes = job.recipients.map((recipient, index) =>
    outcomeOf(recipient, report.recipients[index], step.kind === 'give-up'),
  );
  const waits = outcomes.some(({ state }) => state === 'waiting');
  const tellDelay = waits && step.kind === 'retry' && step.sendDelayNotice;
  const evidence = evidenceOf(report, startedAt, endedAt);
  return {
    outcomes,
    settlement: {
      at: endedAt,
      recipients: outcomes.map(settledRecipient),
      ...(waits && step.kind === 'retry' ? { retryAt: step.at } : {}),
      delayNoticeSent: job.delayNoticeSent || tellDelay,
      counts: true,
      // A message that leaves the queue takes its evidence with it: nothing is written for it.
      ...(waits ? { evidence } : {}),
      notifications: [],
    },
    notices: noticesOf(attempt, outcomes, tellDelay),
  };
}

/**
 * The end comes with an attempt that began after the message's time, so that it had the look for a
 * newer policy in it; and not while DNS keeps that look from being made, for a day at most
 * (RFC 8461 §5.1 step 3).
 */
function stepAfter(attempt: EndedAttempt): ReturnType<typeof nextStep> {
  const { job, report, endedAt, isLast, settings } = attempt;
  const { acceptedAt, envelope } = job.message;
  const schedule = scheduleBy(settings, envelope.from);
  const end = acceptedAt + schedule.giveUpAfter;
  const state = {
    acceptedAt,
    failedAttempts: job.attempts + 1,
    delayNoticeSent: job.delayNoticeSent,
  };
  if (!isLast) return nextStep({ ...state, now: Math.min(endedAt, end - 1) }, schedule);
  const unlooked = report.hops.some(({ doubt }) => doubt?.code.startsWith('DNS_') === true);
  if (!unlooked || endedAt >= end + DAY_MS) return { kind: 'give-up' };
  const wait = schedule.waits.at(-1) ?? DAY_MS;
  return { kind: 'retry', at: Math.min(endedAt + wait, end + DAY_MS), sendDelayNotice: false };
}

function outcomeOf(
  recipient: QueuedRecipient,
  report: RecipientReport | undefined,
  givenUp: boolean,
): RecipientOutcome {
  const known = report ?? unreported(recipient);
  switch (known.status) {
    case 'delivered':
    case 'failed':
      return { recipient, report: known, state: known.status, expired: false };
    case 'deferred':
      return { recipient, report: known, state: givenUp ? 'failed' : 'waiting', expired: givenUp };
    default:
      return known satisfies never;
  }
}

/** Cannot happen while every recipient gets a report; if it does, the recipient waits. */
function unreported({ address }: QueuedRecipient): RecipientReport {
  const failure: Failure = {
    code: 'POLICY_DELIVERY_BROKEN',
    detail: 'the delivery ended without a word on this recipient',
  };
  return { recipient: address, status: 'deferred', failure };
}

function settledRecipient(outcome: RecipientOutcome): Settlement['recipients'][number] {
  const { recipient, report, state, expired } = outcome;
  const kind: NoticeKind =
    state === 'delivered' ? 'relayed' : state === 'failed' ? 'failed' : 'delayed';
  return {
    number: recipient.number,
    state,
    text: textOf(report),
    code: noticeStatus(noticeRecipient(outcome), {
      kind,
      ending: expired ? 'expired' : 'rejected',
    }),
    host: report.host ?? '',
  };
}

/** What was said, by the server or by us; one line. */
export function textOf(report: RecipientReport): string {
  return report.status === 'delivered' ? replyText(report.reply) : report.failure.detail;
}

function evidenceOf(report: DeliveryReport, startedAt: number, endedAt: number): AttemptEvidence {
  const decision = report.hops[0]?.decision;
  return {
    startedAt,
    endedAt,
    ...(decision === undefined ? {} : { decision }),
    events: report.hops.flatMap(({ attempts }) => attempts),
  };
}

function noticesOf(
  attempt: EndedAttempt,
  outcomes: readonly RecipientOutcome[],
  tellDelay: boolean,
): readonly NoticeOptions[] {
  const { job, endedAt, settings } = attempt;
  const failed = outcomes.filter(({ state }) => state === 'failed');
  const { giveUpAfter } = scheduleBy(settings, job.message.envelope.from);
  const about = (
    which: readonly RecipientOutcome[],
    more: Pick<NoticeOptions, 'kind' | 'ending' | 'willRetryUntil'>,
  ): readonly NoticeOptions[] =>
    which.length === 0
      ? []
      : [{ ...noticeBase(attempt), ...more, recipients: which.map(noticeRecipient) }];
  return [
    ...about(
      failed.filter(({ expired }) => !expired),
      { kind: 'failed', ending: 'rejected' },
    ),
    ...about(
      failed.filter(({ expired }) => expired),
      { kind: 'failed', ending: 'expired' },
    ),
    ...about(outcomes.filter(isEndOfDsn), { kind: 'relayed' }),
    ...about(tellDelay ? outcomes.filter(({ state }) => state === 'waiting') : [], {
      kind: 'delayed',
      willRetryUntil: Math.max(endedAt, job.message.acceptedAt + giveUpAfter),
    }),
  ];
}

function noticeBase({
  job,
  report,
  endedAt,
  reportingMta,
}: EndedAttempt): Omit<NoticeOptions, 'kind' | 'recipients'> {
  const { decision, events } = evidenceOf(report, endedAt, endedAt);
  return {
    message: job.message,
    content: job.content,
    destination: job.destination,
    ...(decision === undefined ? {} : { decision }),
    events,
    attempts: job.attempts + 1,
    lastAttemptAt: endedAt,
    reportingMta,
    now: endedAt,
  };
}

/** The author wants to hear of a success, and the server will not tell (RFC 3461 §5.2.2). */
function isEndOfDsn({ recipient, report, state }: RecipientOutcome): boolean {
  const asked = recipient.notify?.includes('SUCCESS') === true;
  return state === 'delivered' && asked && report.speaksDsn !== true;
}

function noticeRecipient({ recipient, report }: RecipientOutcome): NoticeRecipient {
  const { address, notify, orcpt } = recipient;
  return {
    address,
    ...(notify === undefined ? {} : { notify }),
    ...(orcpt === undefined ? {} : { orcpt }),
    ...(report.status === 'delivered' ? {} : { failure: report.failure }),
    ...(report.reply === undefined ? {} : { reply: report.reply }),
    ...(report.host === undefined ? {} : { host: report.host }),
  };
}
