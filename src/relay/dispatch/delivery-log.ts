/**
 * Log lines and numbers of attempts.
 *
 * @module
 */
import type { Log } from '../../log/log.ts';
import type { RelayAttemptOutcome, RelayMetrics } from '../../metrics/relay-types.ts';
import type { Job } from '../queue/types.ts';
import { isRouteFault } from '../routes/route-fault.ts';
import type { RecipientReport } from '../types.ts';
import type { AttemptEnd } from './attempt.ts';
import type { Written } from './patience.ts';
import { textOf, type RecipientOutcome } from './settlement.ts';
import { wouldWait } from './would-wait.ts';

type Ended = Extract<AttemptEnd, { kind: 'ended' }>;

/** Addresses in one line at most. */
const RECIPIENTS_SHOWN = 20;

/** Tells of jobs whose end could not be written. */
export function recordUnwritten(written: Written, jobs: readonly Job[], log: Log): void {
  if (written === 'done') return;
  for (const { messageId: id, destination } of jobs) {
    const fields = { event: 'not-written', id, destination };
    if (written === 'not-ours') log.warn(fields, 'another node has taken the job meanwhile');
    else log.error(fields, 'the result of a delivery could not be written: it may be repeated');
  }
}

/** Writes down what an attempt came to, and counts it. */
export function recordAttempt(
  end: Ended,
  { log, metrics }: { readonly log: Log; readonly metrics: RelayMetrics },
): void {
  const { job, endedAt } = end.attempt;
  metrics.attempted(classOf(end));
  for (const group of alike(end.consequences.outcomes)) {
    const [first] = group;
    if (first === undefined) continue;
    metrics.recipients(first.state === 'waiting' ? 'deferred' : first.state, group.length);
    if (first.state === 'delivered') {
      for (const _ of group) metrics.delivered(endedAt - job.message.acceptedAt);
    }
    writeLine(end, group, first, log);
  }
  recordShadow(end, { log, metrics });
  for (const { recipient, why } of end.dropped) {
    const fields = { event: 'notice-dropped', id: job.messageId, recipient, why };
    log.info(fields, `nobody is told about <${recipient}>: ${why}`);
  }
  if (end.bug !== undefined) {
    const error = end.bug instanceof Error ? (end.bug.stack ?? end.bug.message) : 'no Error';
    log.error(
      { event: 'delivery-broken', id: job.messageId, destination: job.destination, error },
      'an error of this program in a delivery: the message is tried again',
    );
  }
}

/** An attempt that was broken off because the service stops. */
export function recordBrokenOff(
  job: Job,
  { log, metrics }: { readonly log: Log; readonly metrics: RelayMetrics },
): void {
  metrics.attempted('stopped');
  const fields = { event: 'delivery', id: job.messageId, destination: job.destination };
  log.info({ ...fields, status: 'given-back' }, 'given back untried: the service stops');
}

function writeLine(
  { attempt, consequences }: Ended,
  group: readonly RecipientOutcome[],
  { report, state, expired }: RecipientOutcome,
  log: Log,
): void {
  const { job, endedAt, startedAt } = attempt;
  const events = attempt.report.hops.flatMap(({ attempts }) => attempts);
  const event = events.findLast(({ host }) => host === report.host) ?? events.at(-1);
  const status = state === 'waiting' ? 'deferred' : state;
  const text = textOf(report);
  const fields = {
    event: 'delivery',
    id: job.messageId,
    destination: job.destination,
    to: group.slice(0, RECIPIENTS_SHOWN).map(({ recipient }) => recipient.address),
    recipients: group.length,
    status,
    host: report.host ?? event?.host,
    address: report.address ?? event?.address,
    tls: report.verdict?.tls,
    requirement: event?.requirement.kind,
    enforcement: isWatched(attempt) ? 'watch' : undefined,
    tls_required_no: job.message.tlsRequiredNo ? true : undefined,
    code: report.status === 'delivered' ? undefined : report.failure.code,
    result_type: report.status === 'delivered' ? undefined : report.failure.resultType,
    reply: text,
    reused: report.reused,
    attempt: job.attempts + 1,
    delay_ms: endedAt - job.message.acceptedAt,
    took_ms: endedAt - startedAt,
    expired: expired ? true : undefined,
    retry_at: state === 'waiting' ? isoTime(consequences.settlement.retryAt) : undefined,
  };
  if (state === 'delivered') log.info(fields, 'delivered');
  else if (isRouteFaultOf(report)) {
    const what = state === 'failed' ? 'returned, for the time is over' : 'waits';
    log.error(fields, `mail of a route ${what}: ${text}`);
  } else log.warn(fields, `${status}: ${text}`);
}

/** All mail of the route waits until somebody mends it, or its time is over. */
function isRouteFaultOf(report: RecipientReport): boolean {
  return report.status === 'deferred' && isRouteFault(report.failure);
}

function isoTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** Policies are looked at and not enforced: for all mail (shadow), or for this message. */
function isWatched({ report }: Ended['attempt']): boolean {
  return report.hops.some(({ policyUse }) => policyUse === 'report-only');
}

function recordShadow(
  { attempt }: Ended,
  { log, metrics }: { readonly log: Log; readonly metrics: RelayMetrics },
): void {
  const { job, settings, report } = attempt;
  if (!('shadow' in settings) || settings.shadow !== true) return;
  for (const { host, failure } of wouldWait(report)) {
    metrics.wouldWait();
    log.warn(
      {
        event: 'would-wait',
        id: job.messageId,
        destination: job.destination,
        host,
        code: failure.code,
        result_type: failure.resultType,
      },
      `would wait if policies were enforced: ${failure.detail}`,
    );
  }
}

/** Recipients of whom the same is to be said. */
function alike(outcomes: readonly RecipientOutcome[]): readonly (readonly RecipientOutcome[])[] {
  if (outcomes.length === 1) return [outcomes];
  const groups = new Map<string, RecipientOutcome[]>();
  for (const outcome of outcomes) {
    const { state, report } = outcome;
    const key = `${state} ${report.host ?? ''} ${textOf(report)}`;
    const group = groups.get(key) ?? [];
    group.push(outcome);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function classOf({
  bug,
  consequences: { outcomes },
  attempt,
  unreachable,
}: Ended): RelayAttemptOutcome {
  if (bug !== undefined) return 'broken';
  const delivered = outcomes.filter(({ report }) => report.status === 'delivered').length;
  if (delivered === outcomes.length) return 'delivered';
  if (delivered > 0) return 'partly';
  if (outcomes.every(({ report }) => report.status === 'failed')) return 'failed';
  if (outcomes.some(({ report }) => report.reply !== undefined)) return 'deferred';
  if (unreachable !== undefined) return 'unreachable';
  const events = attempt.report.hops.flatMap(({ attempts }) => attempts);
  return events.some(({ outcome }) => outcome === 'refused') ? 'policy' : 'unreachable';
}
