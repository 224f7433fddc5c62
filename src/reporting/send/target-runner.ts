/**
 * Working through the outbox: claims what is due, sends it, writes down what came of it.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { Store } from '../../store/types.ts';
import { dayText } from '../day.ts';
import type { SendMail } from '../types.ts';
import { attempt } from './attempt.ts';
import { CLAIM_MS, limitAttempt } from './attempt-limit.ts';
import {
  beginTarget,
  type Begun,
  claimTarget,
  type ClaimOptions,
  type DueTarget,
  dueTargets,
} from './claim.ts';
import { deliverReport } from './deliver-report.ts';
import { settleTarget, type TargetSettlement } from './outbox.ts';
import type { ClaimedTarget, PostReport, ReportSendMetrics, SignerSource } from './types.ts';

/** What the runner stands on. */
export interface TargetRunnerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly sendMail: SendMail;
  readonly postReport: PostReport;
  readonly signer: SignerSource;
  readonly random: () => number;
  /** This node; unique to the process. */
  readonly node: string;
  readonly onTarget: ReportSendMetrics['target'];
  /** Told when the store did not answer. */
  readonly onStoreTrouble: (error: unknown) => void;
}

/** Sends what is due. */
export interface TargetRunner {
  /** Starts attempts as long as there are due targets and room. Rejects if the store does not answer. */
  pump(settings: ReportSendSettings): Promise<void>;
  /** Writes down what could not be written before. @returns whether nothing is left */
  settleLeft(): Promise<boolean>;
  /** Resolves when no attempt is under way. */
  idle(): Promise<void>;
  /** Starts nothing more. */
  stop(): void;
  /** Calls off what is under way. */
  abort(): void;
  readonly numbers: () => { readonly inFlight: number; readonly unsettled: number };
}

/** Attempts at once, in all and to one place. */
const MOST_AT_ONCE = 32;
const MOST_PER_PLACE = 2;

interface Settled {
  readonly target: ClaimedTarget;
  readonly settlement: TargetSettlement;
}

interface Running {
  readonly place: string;
  readonly done: Promise<void>;
}

/** Makes a runner; nothing happens before {@link TargetRunner.pump}. */
export function createTargetRunner(options: TargetRunnerOptions): TargetRunner {
  const { store, clock, node } = options;
  const running = new Map<string, Running>();
  /** No attempt is started any more; those under way are called off. */
  const [closing, stopping] = [new AbortController(), new AbortController()];
  let unsettled: readonly Settled[] = [];
  let lastPump: Promise<unknown> = Promise.resolve();
  /** Waits for its turn: whoever wants one meanwhile is served by it. */
  let nextPump: Promise<void> | undefined;
  /** First attempts are noted one by one: else two at once would both be the last of a limit. */
  let lastBegun: Promise<unknown> = Promise.resolve();

  const claimOptions = (settings: ReportSendSettings): ClaimOptions => ({
    owner: node,
    now: clock.now(),
    holdMs: CLAIM_MS,
    maxPerTarget: settings.maxPerTarget,
  });

  const begin = async (target: ClaimedTarget, settings: ReportSendSettings): Promise<Begun> => {
    const turn = lastBegun.then(
      async () => await beginTarget(store, target, claimOptions(settings)),
    );
    lastBegun = turn.catch(() => undefined);
    return await turn;
  };

  const writeDown = async (settled: Settled): Promise<void> => {
    const { target, settlement } = settled;
    try {
      const isOurs = await settleTarget(store, { ...target, owner: node }, settlement);
      if (isOurs) tell(settled, options);
    } catch (error) {
      // What was sent must not be sent again: the result is kept until it can be written.
      unsettled = [...unsettled, settled];
      options.onStoreTrouble(error);
    }
  };

  const run = async (target: ClaimedTarget, settings: ReportSendSettings): Promise<void> => {
    const limit = limitAttempt(clock, stopping.signal);
    try {
      const settlement = await attempt(target, {
        store,
        settings,
        now: () => clock.now(),
        random: options.random,
        begin: async (each) => await begin(each, settings),
        deliver: async (each) =>
          await deliverReport(each, {
            ...options,
            settings,
            now: clock.now(),
            signal: limit.signal,
          }),
        isStopping: () => stopping.signal.aborted,
      });
      if (settlement !== undefined) await writeDown({ target, settlement });
    } catch (error) {
      // Nothing was sent; the claim ends by itself.
      options.onStoreTrouble(error);
    } finally {
      limit.end();
    }
  };

  const start = (target: ClaimedTarget, settings: ReportSendSettings): void => {
    const key = keyOf(target);
    const done = run(target, settings).then(async () => {
      running.delete(key);
      // Its room is free, and another place of its report may have its turn now.
      await pump(settings).catch(options.onStoreTrouble);
    });
    running.set(key, { place: target.place, done });
  };

  const startSome = async (settings: ReportSendSettings): Promise<void> => {
    while (!closing.signal.aborted && unsettled.length === 0 && running.size < MOST_AT_ONCE) {
      const claim = claimOptions(settings);
      const due = await dueTargets(store, claim, {
        limit: MOST_AT_ONCE,
        without: busyPlaces(running),
      });
      let started = 0;
      for (const each of due) {
        if (closing.signal.aborted || running.size >= MOST_AT_ONCE || !hasRoom(each, running))
          continue;
        const claimed = await claimTarget(store, each, claim);
        if (claimed === undefined) continue;
        start(claimed, settings);
        started += 1;
      }
      if (started === 0) return;
    }
  };

  const pump = async (settings: ReportSendSettings): Promise<void> => {
    nextPump ??= lastPump.then(async () => {
      nextPump = undefined;
      await startSome(settings);
    });
    lastPump = nextPump.catch(() => undefined);
    await nextPump;
  };

  return {
    pump,
    async settleLeft() {
      const left = unsettled;
      unsettled = [];
      for (const settled of left) await writeDown(settled);
      return unsettled.length === 0;
    },
    async idle() {
      while (running.size > 0) {
        await Promise.all(Array.from(running.values(), ({ done }) => done));
      }
    },
    stop() {
      closing.abort('the service stops');
    },
    abort() {
      stopping.abort('the service stops');
    },
    numbers: () => ({ inFlight: running.size, unsettled: unsettled.length }),
  };
}

function keyOf({ reportId, number }: Pick<DueTarget, 'reportId' | 'number'>): string {
  return `${number} ${reportId}`;
}

function busyPlaces(running: ReadonlyMap<string, Running>): readonly string[] {
  const counts = new Map<string, number>();
  for (const { place } of running.values()) counts.set(place, (counts.get(place) ?? 0) + 1);
  return Array.from(counts).flatMap(([place, count]) => (count >= MOST_PER_PLACE ? [place] : []));
}

/** Not the same target again either: its claim may have run out while the clock jumped. */
function hasRoom(due: DueTarget, running: ReadonlyMap<string, Running>): boolean {
  return !running.has(keyOf(due)) && !busyPlaces(running).includes(due.place);
}

/** Log and metrics. */
function tell({ target, settlement }: Settled, { log, onTarget }: TargetRunnerOptions): void {
  const { state, code, text, nextAt } = settlement;
  const { domain, kind, reportId, day } = target;
  onTarget(kind, state);
  const fields = {
    event: `report-${state === 'waiting' ? 'deferred' : state}`,
    domain,
    day: dayText(day),
    reportId,
    to: target.target,
    attempt: target.attempts + (settlement.wasTried ? 1 : 0),
    ...(code === '' ? {} : { code }),
    ...(nextAt === undefined ? {} : { nextAt: new Date(nextAt).toISOString() }),
  };
  const line = `TLS report of ${dayText(day)} for ${domain} to ${target.target}: ${state === 'waiting' ? 'later' : state}, ${text}`;
  const isBad = state === 'refused' || state === 'expired' || state === 'over-limit';
  if (isOurFault(code)) log.error(fields, line);
  else if (isBad) log.warn(fields, line);
  else log.info(fields, line);
}

/** Nothing of the place: our key, or our settings. Nobody else can mend it. */
function isOurFault(code: string): boolean {
  return code.startsWith('DKIM_') || OUR_FAULTS.has(code);
}

const OUR_FAULTS: ReadonlySet<string> = new Set<ErrorCode>([
  'REPORT_SEND_NO_SIGNER',
  'REPORT_SEND_SIGNING_FAILED',
  'REPORT_SEND_FAULT',
]);
