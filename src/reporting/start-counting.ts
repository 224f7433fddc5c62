/**
 * Counting, put together: the tally with its sources.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { TallySettings } from '../config/reporting-types.ts';
import type { Log } from '../log/log.ts';
import type { ReportingMetrics } from '../metrics/reporting-types.ts';
import type { Store } from '../store/types.ts';
import type { AttemptEvent } from '../tls-policy/attempt-event.ts';
import type { DecisionRecord } from '../tls-policy/types.ts';
import { countPolicyFailures } from './tally/count-policy-failures.ts';
import { startDatagramSocket } from './tally/datagram-socket.ts';
import { sessionResults } from './tally/session-results.ts';
import { createTally } from './tally/tally.ts';

/** What counting stands on. */
export interface CountingOptions {
  readonly settings: TallySettings;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ReportingMetrics;
  /** A datagram socket that is open already: systemd's. */
  readonly datagramFd?: number;
}

/** Counting under way. */
export interface Counting {
  /** A session of the relay has come about, or was refused. */
  readonly onAttempt: (event: AttemptEvent, decision: DecisionRecord) => void;
  /** The policy server tells MTAs of policies that fail; the sessions are the MTAs'. */
  readonly policyFailures: ReturnType<typeof countPolicyFailures>;
  /** Path of the datagram socket, if there is one. */
  readonly socket: string | undefined;
  /** Writes what was counted. */
  close(): Promise<void>;
}

/** Starts it. Rejects with a `DatagramSocketError` where the socket cannot be opened. */
export async function startCounting(options: CountingOptions): Promise<Counting | undefined> {
  const { settings, metrics } = options;
  if (!settings.enabled) return undefined;
  const tally = createTally({ ...options, flushMs: settings.flushMs });
  metrics.watchTally(() => tally.stats());
  const count = (results: ReturnType<typeof sessionResults>): void => {
    for (const result of results) tally.count(result);
  };
  try {
    const socket = await openSocket(options, count);
    return {
      onAttempt: (event, decision) => count(sessionResults(event, decision)),
      policyFailures: countPolicyFailures(tally),
      socket: socket === undefined ? undefined : settings.datagrams.socket,
      async close() {
        await socket?.close();
        await tally.close();
      },
    };
  } catch (error) {
    await tally.close();
    throw error;
  }
}

type Socket = Awaited<ReturnType<typeof startDatagramSocket>>;

async function openSocket(
  { settings, clock, log, metrics, datagramFd }: CountingOptions,
  onResults: (results: ReturnType<typeof sessionResults>) => void,
): Promise<Socket | undefined> {
  const { socket: path, mode, owner } = settings.datagrams;
  if (path === '' && datagramFd === undefined) return undefined;
  const invalid = firstOfMany(log);
  const socket = await startDatagramSocket({
    path,
    mode,
    owner,
    onResults,
    onInvalid: invalid,
    clock,
    log,
    ...(datagramFd === undefined ? {} : { fd: datagramFd }),
  });
  metrics.watchDatagrams(() => socket.stats());
  return socket;
}

/** Every invalid datagram is counted; the log gets the 1st, the 10th, the 100th and so on. */
function firstOfMany(log: Log): (failure: { code: string; detail: string }) => void {
  let seen = 0;
  let next = 1;
  return ({ code, detail }) => {
    seen += 1;
    if (seen < next) return;
    next *= 10;
    log.warn({ event: 'report-datagram', code, seen }, `datagram left out: ${detail}`);
  };
}
