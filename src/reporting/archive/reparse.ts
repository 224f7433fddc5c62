/**
 * Reading stored reports again from their octets, with the reader and the settings of now.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type {
  ReceivedPolicyTable,
  ReceivedReportTable,
  ReportState,
} from '../../store/archive-tables.ts';
import { persistently } from '../../store/group-commit.ts';
import type { Schema, Store } from '../../store/types.ts';
import type { Authenticity, IncomingReport } from '../types.ts';
import { cutDetails } from './cut-details.ts';
import { isWorthy } from './decide.ts';
import { countedReport, factsOf, policyRows, type ReportFacts, understoodColumns } from './rows.ts';
import { sumStatements, type SumStatements } from './statements.ts';
import { storedCounts } from './stored-counts.ts';
import { createSumBook, type SumBook } from './sum-book.ts';
import type { ReadArchived, ReparseNumbers } from './types.ts';
import { writeSums } from './write-sums.ts';

/** Reports in one transaction. */
const PIECE = 50;

/** What reading again needs. */
export interface ReparseOptions {
  readonly store: Store;
  readonly settings: ReportReceiveSettings;
  readonly read: ReadArchived;
  readonly progress?: (done: number, total: number) => void;
}

/** Reads all reports that still have their octets, oldest first. */
export async function reparseReports(options: ReparseOptions): Promise<ReparseNumbers> {
  const { store, progress } = options;
  const statements = sumStatements(store.db);
  const total = await countOf(store);
  let numbers: ReparseNumbers = { read: 0, changed: 0, unreadable: 0 };
  let last = '';
  for (;;) {
    const rows = await nextRows(store, last);
    const end = rows.at(-1);
    if (end === undefined) return numbers;
    const done = await rereadPiece(rows, options, statements);
    numbers = {
      read: numbers.read + rows.length,
      changed: numbers.changed + done.changed,
      unreadable: numbers.unreadable + done.unreadable,
    };
    last = end.id;
    progress?.(numbers.read, total);
  }
}

async function countOf(store: Store): Promise<number> {
  const { count } = await store.db
    .selectFrom('received_raw')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return count;
}

type Row = ReceivedReportTable & { readonly data: Uint8Array };

async function nextRows(store: Store, after: string): Promise<readonly Row[]> {
  return await store.db
    .selectFrom('received_raw')
    .innerJoin('received_report', 'received_report.id', 'received_raw.report_id')
    .selectAll('received_report')
    .select('received_raw.data')
    .where('received_raw.report_id', '>', after)
    .orderBy('received_raw.report_id')
    .limit(PIECE)
    .execute();
}

/** A report as it is understood now, in place of what its row says. */
interface Reread {
  readonly row: Row;
  readonly incoming: IncomingReport;
}

async function rereadPiece(
  rows: readonly Row[],
  { store, settings, read }: ReparseOptions,
  statements: SumStatements,
): Promise<Omit<ReparseNumbers, 'read'>> {
  const all: Reread[] = [];
  for (const row of rows) {
    const reread = await rereadOne(row, settings, read);
    if (reread !== undefined) all.push(reread);
  }
  const changed = await persistently(
    async () =>
      await store.db.transaction().execute(async (db) => {
        const book = createSumBook();
        let count = 0;
        for (const each of all) count += (await replaceOne(db, each, { settings, book })) ? 1 : 0;
        await writeSums(db, book, statements);
        return count;
      }),
  );
  return { changed, unreadable: rows.length - all.length };
}

async function rereadOne(
  row: Row,
  settings: ReportReceiveSettings,
  read: ReadArchived,
): Promise<Reread | undefined> {
  const hints = JSON.parse(row.hints) as NonNullable<IncomingReport['hints']>;
  // It was within the limits when it came; a limit that was lowered since must not lose it.
  const limits = {
    maxPackedBytes: Math.max(settings.maxBytes, row.size),
    maxJsonBytes: settings.maxJsonBytes,
  };
  const raw = new Uint8Array(row.data);
  const { report, deviations } = await read(raw, { limits, hints });
  if (report === undefined) return undefined;
  const incoming: IncomingReport = {
    raw,
    report,
    deviations: [
      ...new Set([...deviations, ...(JSON.parse(row.deviations) as string[]).filter(isOfMail)]),
    ],
    way: row.way,
    authenticity: authenticityOf(row),
    receivedAt: row.received_at,
    hints,
  };
  return { row, incoming };
}

/** What was odd about the mail cannot be read off the octets of the report. */
function isOfMail(code: string): boolean {
  return code.startsWith('REPORT_MAIL_');
}

/** Who sent a stored report, as it was found out when it came. */
export function authenticityOf(
  row: Pick<ReceivedReportTable, 'auth_kind' | 'auth_domain' | 'auth_selector' | 'auth_notes'>,
): Authenticity {
  const notes = JSON.parse(row.auth_notes) as readonly string[];
  const domain = row.auth_domain ?? '';
  switch (row.auth_kind) {
    case 'verified':
      return { kind: row.auth_kind, domain, selector: row.auth_selector ?? '', notes };
    case 'unaligned':
      return { kind: row.auth_kind, domain, notes };
    case 'broken':
    case 'unsigned':
    case 'temporary':
    case 'unauthenticated':
      return { kind: row.auth_kind, notes };
  }
}

/** @returns whether anything is otherwise than before */
async function replaceOne(
  db: Transaction<Schema>,
  { row, incoming: whole }: Reread,
  { settings, book }: { readonly settings: ReportReceiveSettings; readonly book: SumBook },
): Promise<boolean> {
  const before = await policiesOf(db, row.id);
  // A domain that was asked for once stays, whatever the settings are now: `forget` is for the other way.
  const known = before.filter(({ ours }) => ours === 1).map(({ domain }) => domain);
  const facts = factsOf(whole, [...settings.domains, ...known]);
  const incoming = cutDetails(whole);
  const understood = understoodColumns(incoming.report, facts, incoming.deviations);
  const { state, otherId } = await stateNow(db, { row, incoming, facts, settings });
  const digest = await freeDigest(db, row.id, facts);
  const columns = { ...understood, digest, state, other_id: otherId };
  const policies = state === 'counted' ? policyRows(row.id, incoming.report, facts) : [];
  if (isSame(row, columns) && JSON.stringify(before) === JSON.stringify(policies)) return false;
  const counted = row.state === 'counted' ? await storedCounts(db, row.id) : undefined;
  const { numUpdatedRows } = await db
    .updateTable('received_report')
    .set(columns)
    .where('id', '=', row.id)
    .where('state', '=', row.state)
    .where('digest', '=', row.digest)
    .where('has_details', '=', 1)
    .executeTakeFirst();
  // Another node has changed or pruned it meanwhile, and knew no less than we do.
  if (numUpdatedRows === 0n) return false;
  if (counted !== undefined) book.add(counted, -1);
  await db.deleteFrom('received_policy').where('report_id', '=', row.id).execute();
  if (policies.length > 0) await db.insertInto('received_policy').values(policies).execute();
  if (state === 'counted') book.add(countedReport(incoming, facts), 1);
  return true;
}

function isSame(row: Row, columns: object): boolean {
  return Object.entries(columns).every(([name, value]) => row[name as keyof Row] === value);
}

async function policiesOf(
  db: Transaction<Schema>,
  id: string,
): Promise<readonly ReceivedPolicyTable[]> {
  const rows = await db
    .selectFrom('received_policy')
    .select(['report_id', 'number', 'type', 'raw_type', 'domain', 'domain_from', 'ours', 'day'])
    .select(['successes', 'failures', 'strings', 'mx_hosts', 'details'])
    .where('report_id', '=', id)
    .orderBy('number')
    .execute();
  // As a plain object, in the order in which `policyRows` writes it.
  return rows.map((row) => ({ ...row }));
}

interface State {
  readonly state: ReportState;
  readonly otherId: string | null;
}

/** Worth more or less by the settings of now; never two that count under one sender and report-id. */
async function stateNow(
  db: Transaction<Schema>,
  {
    row,
    incoming,
    facts,
    settings,
  }: Reread & { readonly facts: ReportFacts; readonly settings: ReportReceiveSettings },
): Promise<State> {
  if (row.state === 'conflict' || row.state === 'replaced') {
    return { state: row.state, otherId: row.other_id };
  }
  if (!isWorthy(incoming, settings)) return { state: 'not-counted', otherId: null };
  const winner = await db
    .selectFrom('received_report')
    .select('id')
    .where((is) =>
      is.or([
        is('identity', '=', facts.identity),
        ...(facts.isVerified ? [] : [is('digest', '=', facts.digest)]),
      ]),
    )
    .where('state', '=', 'counted')
    .where('id', '<>', row.id)
    .executeTakeFirst();
  return winner === undefined
    ? { state: 'counted', otherId: null }
    : { state: 'conflict', otherId: winner.id };
}

/** Two that were different may be the same to the reader of now: the second keeps a mark of its own. */
async function freeDigest(
  db: Transaction<Schema>,
  id: string,
  { identity, digest, isVerified }: ReportFacts,
): Promise<string> {
  const twin = await db
    .selectFrom('received_report')
    .select('id')
    .where('digest', '=', digest)
    .where('verified', '=', isVerified ? 1 : 0)
    .$if(isVerified, (query) => query.where('identity', '=', identity))
    .where('id', '<>', id)
    .executeTakeFirst();
  return twin === undefined ? digest : `${digest} ${id}`;
}
