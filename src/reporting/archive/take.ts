/**
 * Reports on their way into the store: one transaction for many, in which each finds those that
 * came before it, in the store or in the same transaction.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { ReportState } from '../../store/archive-tables.ts';
import type { Schema } from '../../store/types.ts';
import type { ArchiveResult, IncomingReport } from '../types.ts';
import { decide, isWorthy, type KnownReport } from './decide.ts';
import { Meanwhile } from './meanwhile.ts';
import { createSumBook, type SumBook } from './rollup.ts';
import { countedReport, factsOf, policyRows, type ReportFacts, reportRow } from './rows.ts';
import { storedCounts } from './stored-counts.ts';
import { piecesOf, writeSums } from './write-sums.ts';

type Db = Transaction<Schema>;

/** What one round needs. */
export interface TakeContext {
  readonly settings: ReportReceiveSettings;
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
  readonly news?: { readonly incoming: IncomingReport; readonly facts: ReportFacts };
}

/** Takes all of them; results in their order. Runs in a transaction, all or none. */
export async function takeAll(
  db: Db,
  incoming: readonly IncomingReport[],
  context: TakeContext,
): Promise<readonly ArchiveResult[]> {
  const news = incoming.map((each) => ({
    incoming: each,
    facts: factsOf(each, context.settings.domains),
  }));
  const round: Round = {
    context,
    entries: await entriesOf(
      db,
      news.map(({ facts }) => facts.identity),
    ),
    quota: await createQuota(db, news, context.settings.perSenderAndDay),
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

/** All that is known of reports with these identities. */
async function entriesOf(db: Db, identities: readonly string[]): Promise<Map<string, Entry[]>> {
  const entries = new Map<string, Entry[]>();
  for (const some of piecesOf([...new Set(identities)], PIECE)) {
    const rows = await db
      .selectFrom('received_report')
      .select(['id', 'identity', 'digest', 'verified', 'state', 'other_id', 'has_details'])
      .where('identity', 'in', some)
      .orderBy('id')
      .execute();
    for (const { id, identity, digest, state, ...row } of rows) {
      entriesFor(entries, identity).push({
        id,
        digest,
        isVerified: row.verified === 1,
        hasDetails: row.has_details === 1,
        state,
        otherId: row.other_id,
        before: state,
      });
    }
  }
  return entries;
}

const PIECE = 500;

function entriesFor(entries: Map<string, Entry[]>, identity: string): Entry[] {
  const known = entries.get(identity) ?? [];
  entries.set(identity, known);
  return known;
}

type News = NonNullable<Entry['news']>;

function takeOne(round: Round, news: News): ArchiveResult {
  const { incoming, facts } = news;
  const { settings, newId } = round.context;
  if (!facts.ours.includes(true)) {
    const domains = new Set(incoming.report.policies.map(({ policy }) => policy.domain));
    return { kind: 'unknown-domain', domains: [...domains] };
  }
  const known = entriesFor(round.entries, facts.identity);
  const decision = decide(
    { digest: facts.digest, isVerified: facts.isVerified, isWorthy: isWorthy(incoming, settings) },
    known satisfies readonly KnownReport[],
  );
  if (decision.kind === 'duplicate') return decision;
  if (decision.kind === 'promote') {
    known.find(({ id }) => id === decision.id)!.state = 'counted';
    return { kind: 'stored', id: decision.id };
  }
  if (!round.quota.take(news)) return { kind: 'over-quota' };
  const id = newId();
  const store = (state: ReportState, otherId: string | null = null): void => {
    const { digest, isVerified } = facts;
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

async function write(db: Db, { entries, quota }: Round): Promise<void> {
  const all = [...entries.values()].flat();
  const book = createSumBook();
  // First those that count no longer: of one sender and report-id no two may count.
  for (const entry of all) if (entry.before === 'counted') await change(db, entry, book);
  for (const entry of all) if (entry.before !== 'counted') await change(db, entry, book);
  await insertAll(
    db,
    all.filter(({ news }) => news !== undefined),
  );
  for (const { news, state } of all) {
    if (news !== undefined && state === 'counted') {
      book.add(countedReport(news.incoming, news.facts), 1);
    }
  }
  await writeSums(db, book);
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

async function insertAll(db: Db, entries: readonly Entry[]): Promise<void> {
  const reports = entries.map((entry) => reportRow(entry, entry.news!.incoming, entry.news!.facts));
  const raw = entries.map(({ id, news }) => ({ report_id: id, data: news!.incoming.raw }));
  const policies = entries.flatMap(({ id, news }) =>
    policyRows(id, news!.incoming.report, news!.facts),
  );
  for (const rows of piecesOf(reports, PIECE)) {
    await db.insertInto('received_report').values(rows).execute();
  }
  for (const rows of piecesOf(raw, PIECE)) {
    await db.insertInto('received_raw').values(rows).execute();
  }
  for (const rows of piecesOf(policies, PIECE)) {
    await db.insertInto('received_policy').values(rows).execute();
  }
}

/** Who may still have something stored today. */
interface Quota {
  /** @returns false: no more for this sender */
  take(news: News): boolean;
  write(db: Db): Promise<void>;
}

const DAY_MS = 86_400_000;

async function createQuota(db: Db, all: readonly News[], most: number): Promise<Quota> {
  const keys = all.flatMap((news) => quotaKey(news) ?? []);
  const used = new Map<string, number>();
  const added = new Map<
    string,
    { readonly day: number; readonly sender: string; stored: number }
  >();
  for (const day of new Set(keys.map((key) => key.day))) {
    const senders = new Set(keys.filter((key) => key.day === day).map(({ sender }) => sender));
    const rows = await db
      .selectFrom('report_quota')
      .select(['sender', 'stored'])
      .where('day', '=', day)
      .where('sender', 'in', [...senders])
      .execute();
    for (const { sender, stored } of rows) used.set(`${day} ${sender}`, stored);
  }
  return {
    take(news) {
      const key = quotaKey(news);
      if (key === undefined) return true;
      const name = `${key.day} ${key.sender}`;
      const before = used.get(name) ?? 0;
      if (before >= most) return false;
      used.set(name, before + 1);
      const row = added.get(name) ?? { ...key, stored: 0 };
      row.stored += 1;
      added.set(name, row);
      return true;
    },
    async write(db) {
      const rows = [...added.values()].toSorted((a, b) => (a.sender < b.sender ? -1 : 1));
      for (const row of rows) {
        await db
          .insertInto('report_quota')
          .values(row)
          .onConflict((conflict) =>
            conflict
              .columns(['day', 'sender'])
              .doUpdateSet((is) => ({ stored: is('report_quota.stored', '+', row.stored) })),
          )
          .execute();
      }
    },
  };
}

/**
 * Files that an operator imports have no quota. The proven and the others of a name have each
 * their own: a forger must not use up that of whom he plays.
 */
function quotaKey({
  incoming,
  facts,
}: News): { readonly day: number; readonly sender: string } | undefined {
  if (incoming.way === 'file') return undefined;
  const sender = facts.isVerified ? facts.sender : `not proven: ${facts.sender}`;
  return { day: Math.floor(incoming.receivedAt / DAY_MS), sender };
}
