/**
 * Making the report of one domain and day: what was counted, whether and where it is wanted now.
 *
 * @module
 */
import type { ReportSendSettings } from '../../config/reporting-types.ts';
import type { Resolver } from '../../dns/types.ts';
import type { Failure } from '../../failure.ts';
import type { Store } from '../../store/types.ts';
import { discoverTlsrpt } from '../../tlsrpt/discover.ts';
import { packReport, reportFileName } from '../../tlsrpt/report-file.ts';
import type { TlsReport } from '../../tlsrpt/report.ts';
import type { TlsrptRecord } from '../../tlsrpt/types.ts';
import { submitterOf, writeReport } from '../../tlsrpt/write-report.ts';
import { buildLimitedReport, mergeTallies } from '../build/build-report.ts';
import type { ReportCut } from '../build/types.ts';
import type { SubjectTally, UtcDay } from '../types.ts';
import { isListed } from './place.ts';
import type { TallyReader } from './types.ts';
import { addReport, type NewReport } from './outbox.ts';

/** What making a report stands on. */
export interface PrepareOptions {
  readonly tally: TallyReader;
  readonly resolver: Resolver;
  readonly settings: ReportSendSettings;
  readonly signal?: AbortSignal;
}

/** A report as it is stored and sent. */
export interface PackedReport {
  readonly report: TlsReport;
  readonly json: Uint8Array;
  readonly gzip: Uint8Array;
  readonly fileName: string;
  readonly submitter: string;
  readonly cut: ReportCut;
}

/** What came of it. */
export type Prepared =
  | {
      readonly kind: 'report';
      readonly packed: PackedReport;
      readonly record: TlsrptRecord;
      /** The TXT record as published. */
      readonly recordText: string;
    }
  /** The domain wants no report. */
  | { readonly kind: 'no-record'; readonly failure: Failure; readonly packed: PackedReport }
  /** DNS did not answer: nothing is known. */
  | { readonly kind: 'unknown'; readonly failure: Failure; readonly packed: PackedReport }
  /** Its settings say that it gets none. */
  | { readonly kind: 'skipped' }
  /** No session was counted, or none failed and only failures are reported. */
  | { readonly kind: 'nothing' };

/** Makes the report and asks DNS, past the cache, who wants it (RFC 8460 §3). */
export async function prepareReport(
  of: { readonly day: UtcDay; readonly domain: string },
  options: PrepareOptions,
): Promise<Prepared> {
  const { tally, resolver, settings, signal } = options;
  if (isListed(of.domain, settings.skipDomains)) return { kind: 'skipped' };
  const packed = packTally(await tallyOf(tally, of), settings);
  if (packed === undefined) return { kind: 'nothing' };
  const found = await discoverTlsrpt({
    resolver,
    policyDomain: of.domain,
    fresh: true,
    ...(signal === undefined ? {} : { signal }),
  });
  switch (found.kind) {
    case 'record':
      return { kind: 'report', packed, record: found.record, recordText: found.text };
    case 'absent':
      return { kind: 'no-record', failure: found.failure, packed };
    case 'failed':
      return { kind: 'unknown', failure: found.failure, packed };
    default:
      return found satisfies never;
  }
}

/** What was counted for a domain, as a recipient domain and as an MX host. */
export async function tallyOf(
  tally: TallyReader,
  of: { readonly day: UtcDay; readonly domain: string },
): Promise<SubjectTally> {
  const recipient = await tally.read({ ...of, scope: 'recipient' });
  const mxHost = await tally.read({ ...of, scope: 'mx-host' });
  return mergeTallies(recipient, mxHost);
}

/** The report of a tally in all its forms; undefined where there is nothing to report. */
export function packTally(
  tally: SubjectTally,
  settings: ReportSendSettings,
): PackedReport | undefined {
  const built = buildLimitedReport(tally, settings);
  if (built === undefined) return undefined;
  const { report, cut } = built;
  const json = writeReport(report);
  const submitter = submitterOf(report.contactInfo);
  const { start, end } = report;
  const fileName = reportFileName({
    submitter,
    domain: tally.domain,
    start,
    end,
    unique: '001',
    packed: true,
  });
  return { report, json, gzip: packReport(json), fileName, submitter, cut };
}

/** What of a report in the outbox whoever puts it there decides. */
export interface Posting extends Pick<NewReport, 'day' | 'domain' | 'mode' | 'madeBy'> {
  /** When it was made, and may be sent. */
  readonly now: number;
}

/** Puts a prepared report into the outbox. @returns false where it is there already */
export async function postPrepared(
  store: Store,
  prepared: Extract<Prepared, { kind: 'report' }>,
  posting: Posting,
): Promise<boolean> {
  return await addReport(store, newReport(prepared, posting));
}

/** A prepared report as the outbox takes it. */
function newReport(
  { packed, record, recordText }: Extract<Prepared, { kind: 'report' }>,
  { now, ...posting }: Posting,
): NewReport {
  const { report } = packed;
  return {
    ...posting,
    reportId: report.reportId,
    fileName: packed.fileName,
    submitter: packed.submitter,
    organization: report.organizationName,
    policies: report.policies.length,
    ...sumOf(report),
    record: recordText,
    content: packed.gzip,
    targets: record.rua,
    madeAt: now,
    sendAt: now,
  };
}

/** Sessions of all policies together: one that was held to two policies counts twice (RFC 8460 §4). */
export function sumOf({ policies }: TlsReport): {
  readonly successes: number;
  readonly failures: number;
} {
  return {
    successes: policies.reduce((sum, { successes }) => sum + successes, 0),
    failures: policies.reduce((sum, { failures }) => sum + failures, 0),
  };
}
