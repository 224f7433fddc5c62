/**
 * Reports, and an archive in memory, for tests.
 *
 * @module
 */
import { FakeClock } from '../../clock.fixture.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import { type Log, silentLog } from '../../log/log.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import type {
  ReceivedDetail,
  ReceivedPolicy,
  ReceivedPolicyResult,
  ReceivedReport,
} from '../../tlsrpt/report.ts';
import type { Authenticity, IncomingReport } from '../types.ts';
import { createArchive } from './archive.ts';
import type { Archive, ReadArchived } from './types.ts';

/** 2026-03-02, a Monday; and the milliseconds of a day. */
export const MONDAY: number = Date.UTC(2026, 2, 2);
export const DAY_MS = 86_400_000;

/** A policy with its sessions. */
export function policyResult(
  [successes, failures]: readonly [number, number],
  more: Partial<ReceivedPolicy> & { readonly details?: readonly ReceivedDetail[] } = {},
): ReceivedPolicyResult {
  const { details = [], ...policy } = more;
  const type = policy.type ?? 'sts';
  return {
    policy: {
      type,
      rawType: type,
      domain: 'shop.test',
      domainFrom: 'report',
      strings: type === 'sts' ? ['version: STSv1', 'mode: enforce', 'mx: mx.shop.test'] : [],
      mxHosts: [],
      ...policy,
    },
    successes,
    failures,
    details,
  };
}

/** A failure. */
export function detail(count: number, more: Partial<ReceivedDetail> = {}): ReceivedDetail {
  const resultType = more.resultType ?? 'certificate-expired';
  return {
    rawResultType: resultType,
    count,
    receivingMxHostname: 'mx.shop.test',
    ...more,
    resultType,
  };
}

/** A report of Monday by a large sender: 5 sessions went well. */
export function report(more: Partial<ReceivedReport> = {}): ReceivedReport {
  return {
    organizationName: 'Big Mail Inc.',
    contactInfo: 'tls@bigmail.test',
    reportId: '2026-03-02_shop.test',
    start: MONDAY,
    end: MONDAY + DAY_MS,
    policies: [policyResult([5, 0])],
    ...more,
  };
}

/** A valid signature of this domain. */
export function verified(domain = 'bigmail.test'): Authenticity {
  return { kind: 'verified', domain, selector: 's1', notes: [] };
}

/** It came by mail with a valid signature, unless said otherwise. Its octets are its JSON. */
export function incoming(
  said: ReceivedReport = report(),
  more: Partial<IncomingReport> = {},
): IncomingReport {
  return {
    raw: Buffer.from(JSON.stringify(said)),
    report: said,
    deviations: [],
    way: 'smtp',
    authenticity: verified(),
    receivedAt: MONDAY + DAY_MS + 3_600_000,
    ...more,
  };
}

/** Reads what {@link incoming} has made of a report. */
export const readOwn: ReadArchived = async (bytes) =>
  await Promise.resolve({
    report: JSON.parse(Buffer.from(bytes).toString()) as ReceivedReport,
    deviations: [],
  });

/** Settings with every default, but domains: `shop.test` and all below `other.test`. */
export function settingsWith(change: Partial<ReportReceiveSettings> = {}): ReportReceiveSettings {
  const { receive } = loadConfig({}).value!.reporting;
  return { ...receive, domains: ['shop.test', '*.other.test'], ...change };
}

/** An archive of a test. */
export interface ArchiveRig extends AsyncDisposable {
  readonly store: Store;
  readonly archive: Archive;
  readonly clock: FakeClock;
  settings: ReportReceiveSettings;
}

/** An archive on a store in memory; `store`: on that one. */
export async function archiveRig(
  options: {
    readonly settings?: Partial<ReportReceiveSettings>;
    readonly read?: ReadArchived;
    readonly store?: Store;
    readonly log?: Log;
  } = {},
): Promise<ArchiveRig> {
  const store = options.store ?? (await openStore('sqlite::memory:'));
  const clock = new FakeClock(MONDAY + DAY_MS);
  const rig = { settings: settingsWith(options.settings) };
  const archive = createArchive({
    store,
    clock,
    log: options.log ?? silentLog,
    settings: () => rig.settings,
    read: options.read ?? readOwn,
  });
  return Object.assign(rig, {
    store,
    clock,
    archive,
    [Symbol.asyncDispose]: async () => {
      await archive.idle();
      if (options.store === undefined) await store.close();
    },
  });
}

/** What the archive did, in words: `stored`, or the code of its failure. */
export async function taken(
  archive: Archive,
  ...reports: readonly IncomingReport[]
): Promise<string[]> {
  const outcomes = [];
  for (const each of reports) outcomes.push(await archive.take(each));
  return outcomes.map((outcome) => (outcome.ok ? outcome.value.kind : outcome.failure.code));
}

/** All daily sums. */
export async function sumsOf(store: Store): Promise<{
  readonly daily: readonly string[];
  readonly senders: readonly string[];
  readonly failures: readonly string[];
}> {
  const daily = await store.db.selectFrom('report_daily').selectAll().execute();
  const senders = await store.db.selectFrom('report_daily_sender').selectAll().execute();
  const failures = await store.db.selectFrom('report_daily_failure').selectAll().execute();
  return {
    daily: daily
      .map(
        (row) =>
          `${row.domain} ${dateOf(row.day)} ${row.reports}: ${row.successes}/${row.failures}`,
      )
      .sort(),
    senders: senders
      .map(
        (row) =>
          `${row.domain} ${dateOf(row.day)} ${row.sender} ${row.reports}: ${row.successes}/${row.failures}` +
          ` verified ${row.verified_successes}/${row.verified_failures}` +
          ` tlsa ${row.tlsa_successes}/${row.tlsa_failures} sts ${row.sts_successes}/${row.sts_failures}` +
          ` none ${row.none_successes}/${row.none_failures} other ${row.other_successes}/${row.other_failures}`,
      )
      .sort(),
    failures: failures
      .map((row) =>
        [
          row.domain,
          dateOf(row.day),
          row.sender,
          row.result_type,
          row.raw_type,
          row.mx,
          row.reason,
          row.sessions,
        ]
          .filter((each) => each !== '')
          .join(' '),
      )
      .sort(),
  };
}

/** `03-02`. */
function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(5, 10);
}

/** Every stored report, in the order of arrival: `counted verified`. */
export async function statesOf(store: Store): Promise<readonly string[]> {
  const rows = await store.db.selectFrom('received_report').selectAll().orderBy('id').execute();
  return rows.map(({ state, auth_kind }) => `${state} ${auth_kind}`);
}
