/**
 * The report sender: after midnight UTC one node makes the reports of the day before, and all nodes
 * send them.
 *
 * @module
 */
import type { Clock, Timer } from '../../clock.ts';
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Resolver } from '../../dns/types.ts';
import type { Log } from '../../log/log.ts';
import { reasonOf } from '../../store/store-error.ts';
import type { Store } from '../../store/types.ts';
import type { SendMail } from '../types.ts';
import { hasIdentity } from './identity.ts';
import { dropOldReports } from './outbox.ts';
import { createReportMaker } from './report-maker.ts';
import { storedTally } from './stored-tally.ts';
import { createTargetRunner } from './target-runner.ts';
import type {
  PostReport,
  ReportSenderNumbers,
  ReportSendMetrics,
  SignerSource,
  TallyReader,
  TargetState,
} from './types.ts';
import { dayOf } from '../day.ts';

/** What the sender stands on. */
export interface ReportSenderOptions {
  readonly store: Store;
  /** What was counted; default: the counts of the store. */
  readonly tally?: TallyReader;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: ReportSendMetrics;
  /** Read anew each time: a reload changes them. */
  readonly settings: () => ReportSendSettings;
  readonly resolver: Resolver;
  readonly sendMail: SendMail;
  readonly postReport: PostReport;
  /** Asked for each mail: a reload changes the key. */
  readonly signer: SignerSource;
  /** This node; unique to the process. */
  readonly node: string;
  /** From 0 to 1, not included; default `Math.random`. */
  readonly random?: () => number;
  /** How often it is looked for what is due, milliseconds; default 15,000. */
  readonly tickMs?: number;
}

/** A running sender. */
export interface ReportSender {
  /** Does all that is due now, and resolves when it is done. */
  tick(): Promise<void>;
  stats(): ReportSenderNumbers;
  /** Starts nothing more, gives what is under way a moment, then calls it off. */
  close(): Promise<void>;
}

const TICK_MS = 15_000;
/** What is under way at the end may take so long. */
const GRACE_MS = 5_000;
/** How long the log of sent reports is kept, days. */
const KEEP_DAYS = 90;
const TIDY_MS = 6 * 60 * 60_000;

/** Starts it. */
export function startReportSender(options: ReportSenderOptions): ReportSender {
  const { store, clock, log, metrics, node } = options;
  const numbers = createNumbers();
  let storeUp = true;
  let toldIdentity = false;
  let tidiedAt = Number.NEGATIVE_INFINITY;
  let timer: Timer | undefined;
  let closed = false;
  let running: Promise<void> = Promise.resolve();
  const ending = new AbortController();

  const onStoreTrouble = (error: unknown): void => {
    const fields = { event: 'report-store', code: 'REPORT_SEND_STORE', reason: reasonOf(error) };
    if (storeUp) log.error(fields, `TLS reports wait for the store: ${reasonOf(error)}`);
    storeUp = false;
  };
  const onSubject: ReportSendMetrics['subject'] = (state) => {
    numbers.subjects[state] += 1;
    metrics?.subject(state);
  };
  const onTarget: ReportSendMetrics['target'] = (kind, state) => {
    numbers.targets[state] += 1;
    metrics?.target(kind, state);
  };
  const maker = createReportMaker({
    ...options,
    tally: options.tally ?? storedTally(store),
    onSubject,
    signal: ending.signal,
  });
  const runner = createTargetRunner({
    ...options,
    random: options.random ?? Math.random,
    onTarget,
    onStoreTrouble,
  });

  const knowsWho = (settings: ReportSendSettings): boolean => {
    const has = hasIdentity(settings);
    if (!has && !toldIdentity) {
      const text =
        'reporting.send.organization and reporting.send.contact, a plain address, must be set';
      log.error({ event: 'report-identity', code: 'REPORT_SEND_NO_IDENTITY' }, text);
    }
    toldIdentity = !has;
    return has;
  };

  const tidy = async (): Promise<void> => {
    const now = clock.now();
    if (Math.abs(now - tidiedAt) < TIDY_MS) return;
    await dropOldReports(store, dayOf(now) - KEEP_DAYS);
    tidiedAt = now;
  };

  const cycle = async (): Promise<void> => {
    const settings = options.settings();
    try {
      if (!(await runner.settleLeft()) || closed) return;
      if (!settings.enabled || !knowsWho(settings)) return;
      await maker.run(settings);
      await runner.pump(settings);
      await tidy();
      if (!storeUp) log.info({ event: 'report-store' }, 'TLS reports: the store is back');
      storeUp = true;
    } catch (error) {
      onStoreTrouble(error);
    }
  };

  /** After the one under way. */
  const inTurn = async (): Promise<void> => {
    running = running.then(cycle);
    await running;
  };

  const schedule = (): void => {
    if (closed) return;
    timer = clock.after(options.tickMs ?? TICK_MS, () => {
      void inTurn().finally(schedule);
    });
  };
  schedule();

  return {
    async tick() {
      await inTurn();
      await runner.idle();
    },
    stats: () => ({
      subjects: { ...numbers.subjects },
      targets: { ...numbers.targets },
      ...runner.numbers(),
      storeUp,
      isLeader: maker.isLeader(),
    }),
    async close() {
      closed = true;
      timer?.cancel();
      ending.abort('the service stops');
      runner.stop();
      const grace = clock.after(GRACE_MS, () => runner.abort());
      await running;
      await runner.idle();
      grace.cancel();
      await runner.settleLeft();
      await maker.resign().catch(() => undefined);
      log.debug({ event: 'report-sender-closed', node }, 'the report sender has stopped');
    },
  };
}

interface Numbers {
  readonly subjects: Record<keyof ReportSenderNumbers['subjects'], number>;
  readonly targets: Record<TargetState, number>;
}

function createNumbers(): Numbers {
  return {
    subjects: { made: 0, 'no-record': 0, skipped: 0, nothing: 0, 'given-up': 0, late: 0 },
    targets: {
      waiting: 0,
      standby: 0,
      accepted: 0,
      refused: 0,
      expired: 0,
      suppressed: 0,
      'over-limit': 0,
      'not-needed': 0,
    },
  };
}
