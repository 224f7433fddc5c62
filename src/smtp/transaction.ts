/**
 * One mail transaction (RFC 5321 §3.3), in one group where the server pipelines (RFC 2920), else step by step.
 *
 * @module
 */
import type { Failure, Outcome } from '../failure.ts';
import { sendCounted, sendDotted, sendNothing } from './content.ts';
import type { ContentJob } from './content.ts';
import { deferred, isPositive, recipientRefusal, refusal } from './fate.ts';
import type { Fate } from './fate.ts';
import type { LineSocket, Wait } from './line-socket.ts';
import type { Plan } from './plan.ts';
import type { MessageSource, Reply, SmtpTimeouts } from './types.ts';

/** What a transaction takes. */
export interface TransactionJob {
  readonly line: LineSocket;
  readonly timeouts: SmtpTimeouts;
  readonly plan: Plan;
  readonly message: MessageSource;
  readonly pace: 'pipelined' | 'lock-step';
  /** `reset`: RSET comes first, so that nothing of the last transaction is left. */
  readonly start: 'clean' | 'reset';
  /** Longest wait for the first reply, where it is another than that for MAIL. */
  readonly firstReplyMs?: number | undefined;
}

/** A command of the envelope. */
type EnvelopeStep =
  | { readonly kind: 'rset' | 'mail' | 'data'; readonly text: string; readonly wait: Wait }
  | { readonly kind: 'rcpt'; readonly text: string; readonly wait: Wait; readonly index: number };

/** How far the envelope came. */
interface Progress {
  /** By recipient; empty: undecided. */
  readonly fates: (Fate | undefined)[];
  readonly accepted: number[];
  /** What holds for all undecided recipients. */
  verdict: Fate | undefined;
  data: Reply | undefined;
}

/**
 * Runs a transaction.
 *
 * @returns one fate for each recipient of the plan, in its order
 */
export async function transact(job: TransactionJob): Promise<readonly Fate[]> {
  const { line, plan } = job;
  const progress: Progress = {
    fates: plan.recipients.map((planned) =>
      planned.kind === 'settled' ? planned.fate : undefined,
    ),
    accepted: [],
    verdict: undefined,
    data: undefined,
  };
  if (plan.recipients.some(({ kind }) => kind === 'say')) {
    await sendEnvelope(job, progress);
    await sendContent(job, progress);
  }
  const rest = progress.verdict ?? deferred(line.closed ?? nothingDecided(line));
  return progress.fates.map((fate) => fate ?? rest);
}

async function sendEnvelope(job: TransactionJob, progress: Progress): Promise<void> {
  const { line, pace } = job;
  const steps = stepsOf(job);
  if (pace === 'pipelined') {
    const written = await line.command(
      steps.map(({ text }) => text),
      { timeoutMs: job.firstReplyMs ?? job.timeouts.mail, what: 'room for the envelope' },
    );
    if (!written.ok && !line.unread) {
      progress.verdict = deferred(silent(job, written.failure));
      return;
    }
  }
  for (const step of steps) {
    if (pace === 'lock-step' && !isNeeded(step, progress)) continue;
    const reply = await replyTo(job, step);
    if (!reply.ok) {
      const { failure } = reply;
      progress.verdict ??= deferred(step === steps[0] ? silent(job, failure) : failure);
      return;
    }
    record(job, progress, step, reply.value);
  }
}

/** Who was asked for a quick word and gave none is another matter than a server that is slow. */
function silent({ firstReplyMs }: TransactionJob, failure: Failure): Failure {
  return firstReplyMs === undefined || failure.code !== 'SMTP_TIMEOUT'
    ? failure
    : { ...failure, code: 'SMTP_SESSION_SILENT' };
}

function stepsOf(job: TransactionJob): readonly EnvelopeStep[] {
  const { plan, start, timeouts, firstReplyMs = timeouts.mail } = job;
  const wait = (timeoutMs: number, command: string): Wait => ({
    timeoutMs,
    what: `the reply to ${command}`,
  });
  const rcpts = plan.recipients.flatMap((planned, index): EnvelopeStep[] =>
    planned.kind === 'settled'
      ? []
      : [{ kind: 'rcpt', text: planned.line, wait: wait(timeouts.rcpt, 'RCPT'), index }],
  );
  const mailMs = start === 'clean' ? firstReplyMs : timeouts.mail;
  return [
    ...(start === 'clean'
      ? []
      : [{ kind: 'rset', text: 'RSET', wait: wait(firstReplyMs, 'RSET') } as const]),
    { kind: 'mail', text: plan.mail, wait: wait(mailMs, 'MAIL') },
    ...rcpts,
    ...(plan.framing === 'dot'
      ? [{ kind: 'data', text: 'DATA', wait: wait(timeouts.dataStart, 'DATA') } as const]
      : []),
  ];
}

/** In lock-step nothing is said that cannot succeed any more. */
function isNeeded(step: EnvelopeStep, progress: Progress): boolean {
  if (step.kind === 'data') return progress.accepted.length > 0;
  return progress.verdict === undefined;
}

async function replyTo(
  { line, pace }: TransactionJob,
  step: EnvelopeStep,
): Promise<Outcome<Reply>> {
  return pace === 'pipelined' ? await line.reply(step.wait) : await line.ask(step.text, step.wait);
}

function record(job: TransactionJob, progress: Progress, step: EnvelopeStep, reply: Reply): void {
  const { line, plan } = job;
  switch (step.kind) {
    case 'rset':
    case 'mail': {
      if (isPositive(reply)) return;
      const fate = refusal(
        line.label,
        { name: step.kind.toUpperCase(), refused: 'SMTP_MAIL_REFUSED' },
        reply,
      );
      progress.verdict ??= step.kind === 'rset' ? waiting(fate) : fate;
      break;
    }
    case 'rcpt': {
      if (progress.verdict !== undefined) return;
      if (isPositive(reply)) {
        progress.accepted.push(step.index);
        return;
      }
      progress.fates[step.index] = recipientRefusal(
        line.label,
        plan.recipients[step.index]!.address,
        reply,
      );
      break;
    }
    case 'data':
      progress.data = reply;
      return;
    default:
      step satisfies never;
  }
  // A code that has no place here: we do not know any more what the server answers to.
  if (reply.code < 400)
    line.destroy({ code: 'SMTP_REPLY_UNEXPECTED', detail: `${line.label} is out of step` });
}

/** Trouble with RSET is about the session, not about the message. */
function waiting(fate: Fate): Fate {
  return fate.status === 'failed' ? { ...fate, status: 'deferred' } : fate;
}

async function sendContent(job: TransactionJob, progress: Progress): Promise<void> {
  const { line, plan } = job;
  const isAccepted = progress.accepted.length > 0 && progress.verdict === undefined;
  const content: ContentJob = { ...job, octets: plan.octets };
  if (plan.framing === 'counted') {
    if (isAccepted && line.closed === undefined) settle(progress, await sendCounted(content));
    return;
  }
  const { data } = progress;
  if (data === undefined) return;
  if (data.code === 354) {
    if (isAccepted) settle(progress, await sendDotted(content));
    else await sendNothing(job);
    return;
  }
  const fate = refusal(line.label, { name: 'DATA', refused: 'SMTP_DATA_REFUSED' }, data);
  if (data.code < 400 && fate.status !== 'delivered') line.destroy(fate.failure);
  if (isAccepted) settle(progress, fate);
}

function settle(progress: Progress, fate: Fate): void {
  for (const index of progress.accepted) progress.fates[index] = fate;
}

/** Cannot happen while every path above settles its recipients; if it does, the message waits. */
function nothingDecided(line: LineSocket): { code: 'SMTP_REPLY_UNEXPECTED'; detail: string } {
  return { code: 'SMTP_REPLY_UNEXPECTED', detail: `${line.label} left a recipient undecided` };
}
