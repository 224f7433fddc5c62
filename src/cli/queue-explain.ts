/**
 * `smtp-sts queue explain`: why a message waits, for how long, and who can end it.
 *
 * @module
 */
import { Command } from 'commander';
import { statusAfterProbes } from '../check/status.ts';
import type { HostProbe } from '../check/probe.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/types.ts';
import { type Behind, readBehind } from '../relay/operations/behind.ts';
import {
  readDecision,
  readMessage,
  type ShownAttempt,
  type ShownJob,
  type ShownMessage,
} from '../relay/operations/read-message.ts';
import type { Store } from '../store/types.ts';
import { decisionToJson } from '../tls-policy/decision-record.ts';
import type { DecisionRecord } from '../tls-policy/types.ts';
import { type Io, say, sayJson } from './io.ts';
import { complainOfMissing, onQueue } from './queue-store.ts';
import type { SharedOptions } from './shared-options.ts';
import { explainText } from './text/explain-text.ts';
import { relativeTime, shown } from './text/format.ts';
import { paintFor } from './text/paint.ts';
import { adviceLines, whyLines } from './text/why-text.ts';

/** Builds the command. */
export function explainQueuedCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('explain')
    .description('why a message waits, since when, until when, and who must mend what')
    .argument('<id>', 'the message')
    .action(async (id: string, _options: object, leaf: Command) => {
      done(await explainQueued(id.toLowerCase(), leaf.optsWithGlobals<SharedOptions>(), io));
    });
}

/** A job with what is known of its newest attempt. */
export interface ExplainedJob {
  readonly job: ShownJob;
  readonly attempt?: ShownAttempt;
  readonly decision?: DecisionRecord;
  /** What was said of another message at its destination, where it was not tried itself. */
  readonly behind?: Behind;
  /** When the message is returned; milliseconds since the Unix epoch. */
  readonly givenUpAt: number;
}

async function explainQueued(id: string, options: SharedOptions, io: Io): Promise<number> {
  return await onQueue(
    { ...options, io },
    async (store, config) => {
      const found = await readMessage(store, id);
      if (found === undefined) return complainOfMissing(id, io);
      for (const job of found.jobs) {
        const explained = await explainedJob(store, { job, found, config });
        if (options.json === true) sayJson(io, jobToJson(explained, found));
        else for (const line of jobText(explained, found, io)) say(io, line);
      }
      return 0;
    },
    () => complainOfMissing(id, io),
  );
}

async function explainedJob(
  store: Store,
  { job, found, config }: { job: ShownJob; found: ShownMessage; config: Config },
): Promise<ExplainedJob> {
  const attempt = found.attempts.findLast(({ destination }) => destination === job.destination);
  const decision = attempt === undefined ? undefined : await readDecision(store, attempt);
  const isUntried = attempt === undefined && job.attempts === 0;
  const behind = isUntried ? await readBehind(store, job.destination) : undefined;
  const { giveUpAfterMs, bounceGiveUpAfterMs } = config.relay;
  const { acceptedAt, envelope } = found.message;
  return {
    job,
    givenUpAt: acceptedAt + (envelope.from === '' ? bounceGiveUpAfterMs : giveUpAfterMs),
    ...(behind === undefined ? {} : { behind }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(decision === undefined ? {} : { decision }),
  };
}

function jobToJson({ decision, ...rest }: ExplainedJob, found: ShownMessage): object {
  const { job } = rest;
  return {
    ...rest,
    recipients: found.recipients.filter(({ destination }) => destination === job.destination),
    advice: adviceLines({ ...rest, ...(decision === undefined ? {} : { decision }) }, found),
    ...(decision === undefined ? {} : { decision: JSON.parse(decisionToJson(decision)) as object }),
  };
}

function jobText(explained: ExplainedJob, found: ShownMessage, io: Io): readonly string[] {
  const { job, attempt, decision } = explained;
  const now = systemClock.now();
  const paint = paintFor(io.stdout);
  const lines = whyLines(explained, found, { now, paint });
  if (attempt === undefined || decision === undefined) return [...lines, ''];
  const title = `The last attempt at ${shown(job.destination)}, ${relativeTime(attempt.startedAt, now)}`;
  const probes = probesOf(decision, attempt);
  const status = statusAfterProbes(decision, probes);
  const explanation = { status, record: decision, answers: [], probes };
  return [...lines, '', ...explainText(explanation, { title, now, paint })];
}

/** The attempt's connections, as if each host had been looked at. */
function probesOf({ policy }: DecisionRecord, { events }: ShownAttempt): readonly HostProbe[] {
  return policy.hosts.map((hostPolicy) => ({
    hostPolicy,
    connections: events.flatMap((event) =>
      event.host === hostPolicy.host && event.address !== undefined
        ? [{ kind: event.outcome, address: event.address, event }]
        : [],
    ),
  }));
}
