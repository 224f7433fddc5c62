/**
 * Reports on their way into the store: one transaction for many, in which each finds those that
 * came before it, in the store or in the same transaction.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { ReportState } from '../../store/archive-tables.ts';
import type { RowValues } from '../../store/prepared-rows.ts';
import type { Schema } from '../../store/types.ts';
import type { ArchiveResult } from '../types.ts';
import { decide, type KnownReport } from './decide.ts';
import { Meanwhile } from './meanwhile.ts';
import type { PreparedReport } from './prepare.ts';
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

/** A report that was in the store, or is to be. */
interface Entry {
  readonly id: string;
  readonly digest: string;
  readonly isVerified: boolean;
  readonly hasDetails: boolean;
  state: ReportState;
  otherId: string | null;
  /** As the store has it; absent: not there yet. */
  readonly before?: ReportState;
  /** Absent for those that are in the store. */
  readonly news?: PreparedReport;
}

/** Takes all of them; results in their order. Runs in a transaction, all or none. */
export async function takeAll(
  db: Db,
  news: readonly PreparedReport[],
  context: TakeContext,
): Promise<readonly ArchiveResult[]> {
  const identities = new Set(news.map(({ identity }) => identity));
  const round: Round = {
    context,
    entries: await entriesOf(db, [...identities], context.statements),
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
  /** By identity. */
  readonly entries: Map<string, Entry[]>;
  readonly quota: Quota;
}

/** All that is known of reports with these identities, the oldest first. */
async function entriesOf(
  db: Db,
  identities: readonly string[],
  { findReports }: ArchiveStatements,
): Promise<Map<string, Entry[]>> {
  const entries = new Map<string, Entry[]>();
  for (const row of await findReports(db, identities)) {
    entriesFor(entries, row.identity).push({
      id: row.id,
      digest: row.digest,
      isVerified: row.verified === 1,
      hasDetails: row.has_details === 1,
      state: row.state,
      otherId: row.other_id,
      before: row.state,
    });
  }
  return entries;
}

function entriesFor(entries: Map<string, Entry[]>, identity: string): Entry[] {
  const known = entries.get(identity) ?? [];
  entries.set(identity, known);
  return known;
}

function takeOne(round: Round, news: PreparedReport): ArchiveResult {
  const { newId } = round.context;
  if (news.foreign !== undefined) return { kind: 'unknown-domain', domains: news.foreign };
  const known = entriesFor(round.entries, news.identity);
  const decision = decide(news, known satisfies readonly KnownReport[]);
  if (decision.kind === 'duplicate') return decision;
  if (decision.kind === 'promote') {
    known.find(({ id }) => id === decision.id)!.state = 'counted';
    return { kind: 'stored', id: decision.id };
  }
  if (!round.quota.take(news.quota)) return { kind: 'over-quota' };
  const id = newId();
  const store = (state: ReportState, otherId: string | null = null): void => {
    const { digest, isVerified } = news;
    known.push({ id, digest, isVerified, hasDetails: true, state, otherId, news });
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
      for (const entry of known) {
        if (!decision.all.includes(entry.id)) continue;
        entry.state = 'replaced';
        entry.otherId = id;
      }
      store('counted');
      return { kind: 'replaced', id, of: decision.all[0]! };
  }
}

async function write(db: Db, { entries, quota, context }: Round): Promise<void> {
  const all = [...entries.values()].flat();
  const book = createSumBook();
  // First those that count no longer: of one sender and report-id no two may count.
  for (const entry of all) if (entry.before === 'counted') await change(db, entry, book);
  for (const entry of all) if (entry.before !== 'counted') await change(db, entry, book);
  await insertAll(db, all, context.statements);
  for (const { news, state } of all) {
    if (news !== undefined && state === 'counted') book.addRows(news.sums);
  }
  await writeSums(db, book, context.statements);
  await quota.write(db);
}

/** A report in the store that is worth something else now. */
async function change(db: Db, entry: Entry, book: SumBook): Promise<void> {
  const { id, before, state, otherId } = entry;
  if (before === undefined || before === state) return;
  const { numUpdatedRows } = await db
    .updateTable('received_report')
    .set({ state, other_id: otherId })
    .where('id', '=', id)
    .where('state', '=', before)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new Meanwhile();
  if (before !== 'counted' && state !== 'counted') return;
  const counted = await storedCounts(db, id);
  if (counted !== undefined) book.add(counted, state === 'counted' ? 1 : -1);
}

async function insertAll(
  db: Db,
  entries: readonly Entry[],
  { insertReports, insertRaw, insertPolicies }: ArchiveStatements,
): Promise<void> {
  const reports: RowValues[] = [];
  const raw: RowValues[] = [];
  const policies: RowValues[] = [];
  for (const { id, state, otherId, news } of entries) {
    if (news === undefined) continue;
    reports.push([id, state, otherId, ...news.row]);
    raw.push([id, news.raw]);
    for (const row of news.policies) policies.push([id, ...row]);
  }
  await insertReports(db, reports);
  await insertRaw(db, raw);
  await insertPolicies(db, policies);
}
