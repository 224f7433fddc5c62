/**
 * One attempt at one job: deliver, and work out what follows.
 *
 * @module
 */
import type { Failure } from '../../failure.ts';
import { deliver } from '../deliver.ts';
import type { OwnIdentity } from '../mx-walk-order.ts';
import type { Job, Notification } from '../queue/types.ts';
import { messageDemand, type TlsRequiredNo } from '../require-tls.ts';
import type { SessionSource } from '../session-pool/types.ts';
import type { MessageSource } from '../../smtp/types.ts';
import type { DeliveryReport } from '../types.ts';
import type { DroppedNotice } from '../bounce/types.ts';
import type { HopSign } from './hop-pace.ts';
import { hopSign, networkFault, onlyFull, refusedByPolicy, wasBrokenOff } from './hop-sign.ts';
import { consequencesOf, isExpired, type Consequences, type EndedAttempt } from './settlement.ts';
import type { DispatchConfig, DispatcherOptions } from './types.ts';

/** What attempts are made with; the present settings are asked for each time. */
export interface AttemptDeps extends Pick<
  DispatcherOptions,
  'engine' | 'clock' | 'notify' | 'onAttempt' | 'delivery'
> {
  readonly config: DispatchConfig;
  readonly routes: DispatcherOptions['routes'];
  readonly own: OwnIdentity | undefined;
  readonly sessions: SessionSource;
  readonly signal: AbortSignal;
}

/** How an attempt ended. */
export type AttemptEnd =
  /** Nothing became of it: the job goes back as it was. */
  | { readonly kind: 'broken-off' }
  /** Nothing was tried: these hosts, `address:port`, have no room for another session. */
  | { readonly kind: 'host-full'; readonly hosts: readonly string[] }
  | {
      readonly kind: 'ended';
      readonly attempt: EndedAttempt;
      readonly consequences: Consequences;
      readonly dropped: readonly DroppedNotice[];
      readonly sign: HopSign;
      /** Why the hop cannot be reached at all, where that is so. */
      readonly unreachable?: Failure;
      /** A policy did not let a session pass. */
      readonly refused: boolean;
      /** An error of this program, for the log. */
      readonly bug?: unknown;
    };

/** An attempt that leaves something to write. */
export type WrittenEnd = Exclude<AttemptEnd, { readonly kind: 'host-full' }>;

/**
 * Makes an attempt. Never rejects: what this program does wrong is a reason to try again later,
 * as everything else is.
 *
 * @param known why the hop is known to be out of reach: a message at the end of its time is not
 *   made to find that out once more, unless the look for a newer policy shows one
 */
export async function attemptJob(
  job: Job,
  deps: AttemptDeps,
  known?: Failure,
): Promise<AttemptEnd> {
  const startedAt = deps.clock.now();
  const isLast = isExpired(job, deps.config.relay, startedAt);
  let bug: unknown;
  let report: DeliveryReport;
  try {
    report = await deliver({
      ...deliveryOf(job, deps, isLast),
      ...(isLast && known !== undefined ? { known } : {}),
    });
  } catch (error) {
    bug = error;
    report = reportFor(job, brokenBy(error));
  }
  const attempt: EndedAttempt = {
    job,
    report,
    startedAt,
    endedAt: deps.clock.now(),
    isLast,
    settings: deps.config.relay,
    reportingMta: deps.config.smtp.heloName,
  };
  try {
    if (bug === undefined && wasBrokenOff(report)) return { kind: 'broken-off' };
    const hosts = bug === undefined ? onlyFull(report) : undefined;
    if (hosts !== undefined) return { kind: 'host-full', hosts };
    return concluded(attempt, deps, bug);
  } catch (error) {
    return lastResort({ ...attempt, report: reportFor(job, brokenBy(error)) }, bug ?? error);
  }
}

/** Whatever is wrong with the report of the attempt: the job comes again, and somebody is told. */
function lastResort(attempt: EndedAttempt, bug: unknown): AttemptEnd {
  const { job, endedAt } = attempt;
  const { code, detail } = brokenBy(bug);
  const recipients = job.recipients.map(
    ({ number }) => ({ number, state: 'waiting', text: detail, code: '', host: '' }) as const,
  );
  const settlement = {
    at: endedAt,
    recipients,
    retryAt: endedAt + LAST_RESORT_MS,
    delayNoticeSent: job.delayNoticeSent,
    counts: true,
    notifications: [],
  };
  const consequences = { settlement, notices: [], outcomes: [] };
  return {
    kind: 'ended',
    attempt,
    consequences,
    dropped: [],
    sign: 'none',
    refused: false,
    bug: bug ?? code,
  };
}

const LAST_RESORT_MS = 3_600_000;

function concluded(attempt: EndedAttempt, { notify }: AttemptDeps, bug: unknown): AttemptEnd {
  const { report } = attempt;
  const unreachable = networkFault(report);
  const consequences = consequencesOf(attempt);
  const end = {
    kind: 'ended',
    attempt,
    sign: hopSign(report),
    refused: refusedByPolicy(report),
    ...(unreachable === undefined ? {} : { unreachable }),
  } as const;
  try {
    const notices = consequences.notices.map((notice) => notify(notice));
    const notifications = notices.flatMap((each): readonly Notification[] => each.notifications);
    const settlement = { ...consequences.settlement, notifications };
    return {
      ...end,
      consequences: { ...consequences, settlement },
      dropped: notices.flatMap(({ dropped }) => dropped),
      ...(bug === undefined ? {} : { bug }),
    };
  } catch (error) {
    // Nobody is returned unheard: who could not be written to is tried again.
    const spared = consequencesOf({ ...sparedOf(attempt), isLast: false });
    return { ...end, consequences: spared, dropped: [], bug: bug ?? error };
  }
}

/** The attempt with those that failed as if they were only deferred. */
function sparedOf(attempt: EndedAttempt): EndedAttempt {
  const recipients = attempt.report.recipients.map((report) =>
    report.status === 'failed' ? ({ ...report, status: 'deferred' } as const) : report,
  );
  const job = { ...attempt.job, delayNoticeSent: true };
  return { ...attempt, job, report: { ...attempt.report, recipients } };
}

type DeliveryOptions = Parameters<typeof deliver>[0];

function deliveryOf(job: Job, deps: AttemptDeps, isLast: boolean): DeliveryOptions {
  const { config, routes, own, onAttempt } = deps;
  const { message } = job;
  return {
    engine: deps.engine,
    config,
    clock: deps.clock,
    envelope: { ...message.envelope, recipients: job.recipients, size: message.size },
    message: rereadable(job),
    tlsRequiredNo: headerOf(job, config),
    firstContactMs: config.mtaSts.firstContactRelayMs,
    enforcement: config.relay.shadow ? 'watch' : 'enforce',
    isLast,
    sessions: deps.sessions,
    signal: deps.signal,
    ...(routes === undefined ? {} : { route: (destination: string) => routes.of(destination) }),
    ...(own === undefined ? {} : { own }),
    ...(onAttempt === undefined ? {} : { onAttempt }),
    ...deps.delivery,
  };
}

function headerOf({ message }: Job, { relay }: DispatchConfig): TlsRequiredNo {
  return {
    present: message.tlsRequiredNo,
    submitted: message.origin.via !== 'network',
    use: relay.tlsRequiredNo,
  };
}

/** Whether no policy stands in its way: `TLS-Required: No` (RFC 8689 §4.2.2). */
export function asksLess(job: Job, config: DispatchConfig): boolean {
  return messageDemand(job.message.envelope, headerOf(job, config)) === 'report-only';
}

/** The content, from its start for each transaction. */
function rereadable({ content }: Job): MessageSource {
  const first = content();
  if (Array.isArray(first)) return first as readonly Uint8Array[];
  let unused: MessageSource | undefined = first;
  return {
    async *[Symbol.asyncIterator]() {
      const source = unused ?? content();
      unused = undefined;
      yield* source;
    },
  };
}

function reportFor({ recipients }: Job, failure: Failure): DeliveryReport {
  return {
    recipients: recipients.map(({ address }) => ({
      recipient: address,
      status: 'deferred',
      failure,
    })),
    hops: [],
  };
}

function brokenBy(error: unknown): Failure {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : 'something else';
  return {
    code: 'POLICY_DELIVERY_BROKEN',
    detail: `an error of this program broke the delivery off (${what.slice(0, 200)})`,
  };
}
