/**
 * Reports on their way into the store: one transaction for many, in which each finds those that
 * came before it, in the store or in the same transaction.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { ReceivedReportTable, ReportState } from '../../store/archive-tables.ts';
import type { RowValues } from '../../store/prepared-rows.ts';
import type { Schema } from '../../store/types.ts';
import type { ArchiveResult } from '../types.ts';
import { PROOF_COLUMNS, REPORT_COLUMNS } from './columns.ts';
import { decide, type KnownReport } from './decide.ts';
import { Meanwhile } from './meanwhile.ts';
import { type Entry, findKnown, type KnownReports } from './known-reports.ts';
import { type PreparedReport, storedOctets } from './prepare.ts';
import { ofSender } from './rollup.ts';
import { createQuota, type Quota } from './quota.ts';
import type { ArchiveStatements } from './statements.ts';
import { storedCounts } from './stored-counts.ts';
import { createSumBook, type SumBook } from './sum-book.ts';
import { writeSums } from './write-sums.ts';

type Db = Transaction<Schema>;

/** What one round needs. */
export interface TakeContext {
  readonly settings: Pick<ReportReceiveSettings, 'perSenderAndDay'>;
  readonly statements: ArchiveStatements;
  /** A new id, higher than all before. */
  readonly newId: () => string;
}

/** Takes all of them; results in their order. Runs in a transaction, all or none. */
export async function takeAll(
  db: Db,
  news: readonly PreparedReport[],
  context: TakeContext,
): Promise<readonly ArchiveResult[]> {
  const round: Round = {
    context,
    known: await findKnown(db, news, context.statements),
    quota: await createQuota(
      db,
      news.map(({ quota }) => quota),
      context.settings.perSenderAndDay,
    ),
  };
  const results = news.map((each) => takeOne(round, each));
  await write(db, round);
  return results;
}

interface Round {
  readonly context: TakeContext;
  readonly known: KnownReports;
  readonly quota: Quota;
}

function takeOne(round: Round, news: PreparedReport): ArchiveResult {
  if (news.foreign !== undefined) return { kind: 'unknown-domain', domains: news.foreign };
  const near = round.known.near(news);
  const decision = decide(news, near satisfies readonly KnownReport[]);
  if (decision.kind === 'duplicate') return decision;
  if (decision.kind === 'promote') {
    const twin = near.find(({ id }) => id === decision.id)!;
    return promote(round, twin, news);
  }
  const isCounted = decision.kind === 'stored' || decision.kind === 'replaced';
  if (!round.quota.take(news.quota, () => storedOctets(news, { isCounted }))) return OVER_QUOTA;
  const id = round.context.newId();
  const store = (state: ReportState, otherId: string | null = null): void => {
    const { identity, digest, isVerified } = news;
    const [sender] = news.row as readonly [string];
    const what = { id, sender, identity, digest, isVerified, hasDetails: true };
    round.known.add({ ...what, state, otherId, news });
  };
  switch (decision.kind) {
    case 'stored':
      store('counted');
      return { kind: 'stored', id };
    case 'not-counted':
      store('not-counted');
      return { kind: 'not-counted', id };
    case 'conflict':
      store('conflict', decision.of);
      return { kind: 'conflict', id, of: decision.of };
    case 'replaced':
      for (const entry of near) {
        if (!decision.all.includes(entry.id)) continue;
        entry.state = 'replaced';
        entry.otherId = id;
      }
      store('counted');
      return { kind: 'replaced', id, of: decision.all[0]! };
  }
}

const OVER_QUOTA = { kind: 'over-quota' } as const;

/** It says what one says that is there, which counts from now on. */
function promote({ known, quota }: Round, twin: Entry, news: PreparedReport): ArchiveResult {
  const { id, identity } = twin;
  // Found under another name, where another one may count: of one name no two do.
  if (known.ofIdentity(identity).some(({ state }) => state === 'counted')) {
    return { kind: 'duplicate', id };
  }
  if (!quota.take(news.quota, () => storedOctets(news, { isCounted: true }))) return OVER_QUOTA;
  twin.state = 'counted';
  twin.news = twin.news === undefined ? news : believed(twin.news, news);
  return { kind: 'stored', id };
}

/** Not in the store yet, and worth more because of a copy. */
function believed(first: PreparedReport, copy: PreparedReport): PreparedReport {
  const row = [...first.row];
  for (const column of PROOF_COLUMNS) {
    const place = REPORT_COLUMNS.indexOf(column);
    row[place] = copy.row[place]!;
  }
  return { ...first, row };
}

async function write(db: Db, { known, quota, context }: Round): Promise<void> {
  const all = known.all();
  const book = createSumBook();
  // First those that count no longer: of one sender and report-id no two may count.
  for (const entry of all) if (entry.before === 'counted') await change(db, entry, book);
  for (const entry of all) if (entry.before !== 'counted') await change(db, entry, book);
  await insertAll(db, all, context.statements);
  for (const { news, sender, state } of all) {
    if (news !== undefined && state === 'counted') book.addRows(ofSender(news.sums, sender));
  }
  await writeSums(db, book, context.statements);
  await quota.write(db);
}

/** A report in the store that is worth something else now. */
async function change(db: Db, entry: Entry, book: SumBook): Promise<void> {
  const { id, before, state, otherId, news } = entry;
  if (before === undefined || before === state) return;
  const { numUpdatedRows } = await db
    .updateTable('received_report')
    .set({ state, other_id: otherId, ...(news === undefined ? {} : proofOf(news)) })
    .where('id', '=', id)
    .where('state', '=', before)
    .where('has_details', '=', entry.hasDetails ? 1 : 0)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new Meanwhile();
  if (before !== 'counted') return;
  const counted = await storedCounts(db, id);
  if (counted !== undefined) book.add(counted, -1);
  await db.deleteFrom('received_policy').where('report_id', '=', id).execute();
}

/** One that counts from now on does so for the sake of the copy that came now. */
function proofOf({ row }: PreparedReport): Partial<ReceivedReportTable> {
  return Object.fromEntries(
    PROOF_COLUMNS.map((column) => [column, row[REPORT_COLUMNS.indexOf(column)]]),
  );
}

async function insertAll(
  db: Db,
  entries: readonly Entry[],
  { insertReports, insertRaw, insertPolicies }: ArchiveStatements,
): Promise<void> {
  const reports: RowValues[] = [];
  const raw: RowValues[] = [];
  const policies: RowValues[] = [];
  for (const { id, before, state, otherId, news } of entries) {
    if (news === undefined) continue;
    if (before === undefined) {
      reports.push([id, state, otherId, ...news.row]);
      raw.push([id, news.raw]);
    }
    // Octets and head are enough of those that do not count.
    if (state === 'counted') for (const row of news.policies) policies.push([id, ...row]);
  }
  await insertReports(db, reports);
  await insertRaw(db, raw);
  await insertPolicies(db, policies);
}
