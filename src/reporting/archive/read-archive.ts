/**
 * Looking at stored reports.
 *
 * @module
 */
import { sql } from 'kysely';
import type { ReceivedReportTable, ReportState } from '../../store/archive-tables.ts';
import type { Store } from '../../store/types.ts';
import type { ReceivedPolicyResult } from '../../tlsrpt/report.ts';
import { readReportFile } from '../../tlsrpt/read-report-file.ts';
import type { IncomingReport } from '../types.ts';
import { policyResultOf } from './rows.ts';
import type { ReadArchived } from './types.ts';

/** A report as the store knows it. */
export type StoredReport = ReceivedReportTable;

/** Which reports are meant. */
export interface ReportFilter {
  /** A policy domain that they speak of. */
  readonly domain?: string;
  /** Normalised name. */
  readonly sender?: string;
  readonly state?: ReportState;
  /** Whose sender is proven, or is not. */
  readonly isVerified?: boolean;
  /** That came at this time or later. */
  readonly since?: number;
  /** At most so many; absent: all. */
  readonly limit?: number;
}

/** Rows that are read at once. */
const PIECE = 500;

/** The newest first. */
export async function* listReports(
  store: Store,
  filter: ReportFilter,
): AsyncGenerator<StoredReport> {
  let left = filter.limit ?? Number.POSITIVE_INFINITY;
  let before: string | undefined;
  while (left > 0) {
    const rows = await piece(store, filter, before, Math.min(PIECE, left));
    yield* rows;
    left -= rows.length;
    before = rows.at(-1)?.id;
    if (rows.length < PIECE) return;
  }
}

async function piece(
  store: Store,
  { domain, sender, state, isVerified, since }: ReportFilter,
  before: string | undefined,
  limit: number,
): Promise<readonly StoredReport[]> {
  let query = store.db.selectFrom('received_report').selectAll();
  if (before !== undefined) query = query.where('id', '<', before);
  if (since !== undefined) query = query.where('received_at', '>=', since);
  if (sender !== undefined) query = query.where('sender', '=', sender);
  if (state !== undefined) query = query.where('state', '=', state);
  if (isVerified !== undefined) query = query.where('verified', '=', isVerified ? 1 : 0);
  if (domain !== undefined) {
    const speaking = store.db
      .selectFrom('received_policy')
      .select('report_id')
      .where('domain', '=', domain);
    query = query.where((is) =>
      is.or([is(placeOf(store, domain), '>', 0), is('id', 'in', speaking)]),
    );
  }
  return await query.orderBy('id', 'desc').limit(limit).execute();
}

/** Where a domain stands in the column `domains`; 0: nowhere. */
export function placeOf(
  { traits }: Pick<Store, 'traits'>,
  domain: string,
): ReturnType<typeof sql<number>> {
  const marked = ` ${domain} `;
  return traits.engine === 'sqlite'
    ? sql<number>`instr(domains, ${marked})`
    : sql<number>`strpos(domains, ${marked})`;
}

/** All that is known of a report. */
export interface ShownReport {
  readonly report: StoredReport;
  /** Empty once its details are gone because of their age. */
  readonly policies: readonly ShownPolicy[];
}

/** What it says of a policy. `isOurs` is not worked out for a report that does not count. */
export type ShownPolicy = ReceivedPolicyResult & { readonly isOurs?: boolean };

/**
 * Reads one; undefined: there is none of that id. What a report says that does not count is read
 * from its octets, for the store has it nowhere else.
 *
 * @param read default: the reader of `tlsrpt/`
 */
export async function readStoredReport(
  store: Store,
  id: string,
  read: ReadArchived = readReportFile,
): Promise<ShownReport | undefined> {
  const report = await store.db
    .selectFrom('received_report')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  if (report === undefined) return undefined;
  if (report.state !== 'counted') return { report, policies: await saidOf(store, report, read) };
  const rows = await store.db
    .selectFrom('received_policy')
    .selectAll()
    .where('report_id', '=', id)
    .orderBy('number')
    .execute();
  return {
    report,
    policies: rows.map((row) => ({ ...policyResultOf(row), isOurs: row.ours === 1 })),
  };
}

async function saidOf(
  store: Store,
  { id, hints, size }: StoredReport,
  read: ReadArchived,
): Promise<readonly ShownPolicy[]> {
  const raw = await readRawReport(store, id);
  if (raw === undefined) return [];
  const limits = { maxPackedBytes: size, maxJsonBytes: MOST_JSON };
  const known = JSON.parse(hints) as NonNullable<IncomingReport['hints']>;
  const { report } = await read(raw, { limits, hints: known });
  return report?.policies ?? [];
}

/** It was within the limits of the settings when it came, whatever these were. */
const MOST_JSON = 67_108_864;

/** The octets as they came; undefined where they are gone or there is no such report. */
export async function readRawReport(store: Store, id: string): Promise<Uint8Array | undefined> {
  const row = await store.db
    .selectFrom('received_raw')
    .select('data')
    .where('report_id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : new Uint8Array(row.data);
}
