/**
 * Making the reports of the days that are over: by one node at a time, each domain at its own time
 * after midnight.
 *
 * @module
 */
import type { Clock } from '../../clock.ts';
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Resolver } from '../../dns/types.ts';
import type { Log } from '../../log/log.ts';
import { releaseLease, takeLease } from '../../store/lease.ts';
import { reasonOf } from '../../store/store-error.ts';
import type { Store } from '../../store/types.ts';
import { submitterOf } from '../../tlsrpt/write-report.ts';
import { dayOf, dayText, endOf } from '../day.ts';
import type { UtcDay } from '../types.ts';
import { tellLateCounts } from './late-counts.ts';
import { postPrepared, type Prepared, prepareReport } from './prepare-report.ts';
import { dueAt, earliestAfterDay, MAKE_WITHIN_MS, nextLookUp } from './send-time.ts';
import {
  addSubjects,
  type DueSubject,
  dueSubjects,
  knownDomains,
  settleSubject,
} from './subjects.ts';
import type { ReportSendMetrics, TallyReader } from './types.ts';

/** What the maker stands on. */
export interface ReportMakerOptions {
  readonly store: Store;
  readonly tally: TallyReader;
  readonly clock: Clock;
  readonly log: Log;
  readonly resolver: Resolver;
  /** This node; unique to the process. */
  readonly node: string;
  readonly onSubject: ReportSendMetrics['subject'];
  readonly signal: AbortSignal;
}

/** Makes what is due. */
export interface ReportMaker {
  /** Makes all reports that are due now, if this node leads or can. Rejects if the store does not answer. */
  run(settings: ReportSendSettings): Promise<void>;
  readonly isLeader: () => boolean;
  /** Lets another node lead. */
  resign(): Promise<void>;
}

const LEASE = 'report-making';
/** Longer than a batch takes. */
const LEASE_MS = 5 * 60_000;
/** Counts of a day may come late: another node had no store for a while. */
const LIST_AGAIN_MS = 60 * 60_000;
/** Domains between two renewals of the lease. */
const BATCH = 48;
/** Look-ups at once. */
const AT_ONCE = 8;

/** Makes a maker; nothing happens before {@link ReportMaker.run}. */
export function createReportMaker(options: ReportMakerOptions): ReportMaker {
  const { store, clock, node, signal } = options;
  const listedAt = new Map<UtcDay, number>();
  let leads = false;

  const lead = async (): Promise<boolean> => {
    leads = await takeLease(store, {
      name: LEASE,
      owner: node,
      now: clock.now(),
      holdMs: LEASE_MS,
    });
    return leads;
  };

  return {
    isLeader: () => leads,
    async run(settings) {
      if (!(await lead())) return;
      for (const day of openDays(clock.now(), settings)) {
        const now = clock.now();
        if (Math.abs(now - (listedAt.get(day) ?? -LIST_AGAIN_MS)) < LIST_AGAIN_MS) continue;
        await listDay(day, settings, options);
        await tellLateCounts(day, settings, options);
        listedAt.set(day, now);
      }
      for (const day of listedAt.keys()) {
        if (endOf(day) + MAKE_WITHIN_MS < clock.now()) listedAt.delete(day);
      }
      while (!signal.aborted) {
        const due = await dueSubjects(store, clock.now(), BATCH);
        if (due.length === 0) return;
        await inTurns(due, async (subject) => await makeOne(subject, settings, options));
        if (due.length < BATCH || !(await lead())) return;
      }
    },
    async resign() {
      if (leads) await releaseLease(store, { name: LEASE, owner: node });
      leads = false;
    },
  };
}

/** Days that are over, and not so long that nobody wants to know. */
function openDays(now: number, { spreadMs }: ReportSendSettings): readonly UtcDay[] {
  const today = dayOf(now);
  return [today - 3, today - 2, today - 1].filter(
    (day) => endOf(day) + earliestAfterDay(spreadMs) <= now && endOf(day) + MAKE_WITHIN_MS > now,
  );
}

/** Gives each domain of the day its time. */
async function listDay(
  day: UtcDay,
  settings: ReportSendSettings,
  { store, tally, clock }: ReportMakerOptions,
): Promise<void> {
  const known = await knownDomains(store, day);
  const subjects = await tally.subjects(day);
  const domains = new Set(subjects.map(({ domain }) => domain).filter((each) => !known.has(each)));
  const how = {
    submitter: submitterOf(settings.contact),
    spreadMs: settings.spreadMs,
    now: clock.now(),
  };
  await addSubjects(
    store,
    day,
    Array.from(domains, (domain) => ({ domain, dueAt: dueAt({ day, domain }, how) })),
  );
}

async function makeOne(
  subject: DueSubject,
  settings: ReportSendSettings,
  options: ReportMakerOptions,
): Promise<void> {
  const { tally, resolver, signal } = options;
  let prepared: Prepared;
  try {
    prepared = await prepareReport(subject, { tally, resolver, settings, signal });
  } catch (error) {
    // One domain that cannot be reported must not keep the others waiting.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    await postpone(subject, { code: 'REPORT_SEND_FAULT', detail: reasonOf(error) }, options);
    return;
  }
  if (signal.aborted) return;
  await settle(subject, prepared, { ...options, settings });
}

async function settle(
  subject: DueSubject,
  prepared: Prepared,
  options: ReportMakerOptions & { readonly settings: ReportSendSettings },
): Promise<void> {
  const { store, log, onSubject } = options;
  const { domain, day } = subject;
  switch (prepared.kind) {
    case 'report':
      await takeIn(subject, prepared, options);
      return;
    case 'unknown':
      await postpone(subject, prepared.failure, options);
      return;
    case 'no-record': {
      const { code, detail } = prepared.failure;
      await settleSubject(store, subject, { state: 'no-record', note: `${code}: ${detail}` });
      log.debug({ event: 'report-not-wanted', domain, day: dayText(day), code }, detail);
      onSubject('no-record');
      return;
    }
    case 'skipped':
    case 'nothing':
      await settleSubject(store, subject, { state: prepared.kind, note: '' });
      onSubject(prepared.kind);
      return;
    default:
      prepared satisfies never;
  }
}

async function takeIn(
  subject: DueSubject,
  prepared: Extract<Prepared, { kind: 'report' }>,
  options: ReportMakerOptions & { readonly settings: ReportSendSettings },
): Promise<void> {
  const { store, clock, log, node, settings, onSubject } = options;
  const { domain, day } = subject;
  const { report, cut } = prepared.packed;
  const isNew = await postPrepared(store, prepared, {
    day,
    domain,
    mode: settings.targets,
    madeBy: node,
    now: clock.now(),
  });
  await settleSubject(store, subject, { state: 'made', note: '' });
  if (!isNew) return;
  onSubject('made');
  const fields = { event: 'report-made', domain, day: dayText(day), reportId: report.reportId };
  log.info(fields, `the TLS report of ${dayText(day)} for ${domain} is made`);
  if (cut.policies + cut.details === 0) return;
  log.warn(
    { ...fields, event: 'report-cut', code: 'REPORT_SEND_CUT', ...cut },
    `the report for ${domain} sums up ${cut.details} kinds of failures and ${cut.policies} policies`,
  );
}

/** Tries again, until the day is too long ago. */
async function postpone(
  subject: DueSubject,
  failure: { readonly code: string; readonly detail: string },
  { store, clock, log, onSubject }: ReportMakerOptions,
): Promise<void> {
  const { domain, day } = subject;
  const attempts = subject.attempts + 1;
  const dueAt = nextLookUp(attempts, clock.now());
  const note = `${failure.code}: ${failure.detail}`;
  if (dueAt <= endOf(day) + MAKE_WITHIN_MS) {
    await settleSubject(store, subject, { attempts, due_at: dueAt, note });
    return;
  }
  await settleSubject(store, subject, { state: 'given-up', attempts, note });
  onSubject('given-up');
  log.warn(
    { event: 'report-given-up', code: 'REPORT_SEND_RECORD_UNKNOWN', domain, day: dayText(day) },
    `no TLS report of ${dayText(day)} for ${domain}: ${failure.detail}`,
  );
}

async function inTurns<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await task(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
