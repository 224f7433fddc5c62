/**
 * What is known of reports that are on their way in: others of the same sender and report-id, and
 * others that say the same.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { ReportState } from '../../store/archive-tables.ts';
import type { Schema } from '../../store/types.ts';
import type { PreparedReport } from './prepare.ts';
import type { ArchiveStatements, KnownRow } from './statements.ts';

/** A report that was in the store, or is to be. */
export interface Entry {
  readonly id: string;
  readonly sender: string;
  readonly identity: string;
  readonly digest: string;
  readonly isVerified: boolean;
  readonly hasDetails: boolean;
  state: ReportState;
  otherId: string | null;
  /** As the store has it; absent: not there yet. */
  readonly before?: ReportState;
  /** Absent for those that are in the store and stay what they were. */
  news?: PreparedReport;
}

/** All of them, in the store or in the transaction that runs. */
export interface KnownReports {
  /**
   * Those that may be the same as this one: first those of its sender and report-id, the oldest
   * first. Two that are proven to be of two senders are two reports, whatever they say (I8).
   */
  near(news: Pick<PreparedReport, 'identity' | 'digest' | 'isVerified'>): readonly Entry[];
  /** Those of a sender and report-id. */
  ofIdentity(identity: string): readonly Entry[];
  add(entry: Entry): void;
  all(): readonly Entry[];
}

/** Looks them up. */
export async function findKnown(
  db: Transaction<Schema>,
  news: readonly PreparedReport[],
  { findReports, findTwins }: Pick<ArchiveStatements, 'findReports' | 'findTwins'>,
): Promise<KnownReports> {
  const known = createKnown();
  const identities = new Set(news.map(({ identity }) => identity));
  for (const row of await findReports(db, [...identities])) known.add(entryOf(row));
  const twins = await findTwins(db, [...new Set(news.map(({ digest }) => digest))]);
  // Of a sender and report-id all or none are known.
  const others = new Set<string>();
  for (const { identity } of twins) if (!identities.has(identity)) others.add(identity);
  if (others.size > 0) {
    for (const row of await findReports(db, [...others])) known.add(entryOf(row));
  }
  return known;
}

function createKnown(): KnownReports {
  const entries: Entry[] = [];
  const byIdentity = new Map<string, Entry[]>();
  const byDigest = new Map<string, Entry[]>();
  return {
    near({ identity, digest, isVerified }) {
      const own = byIdentity.get(identity) ?? [];
      const same = byDigest.get(digest);
      if (same === undefined) return own;
      const twins = same.filter(
        (entry) => entry.identity !== identity && !(entry.isVerified && isVerified),
      );
      return twins.length === 0 ? own : [...own, ...twins];
    },
    ofIdentity: (identity) => byIdentity.get(identity) ?? [],
    add(entry) {
      entries.push(entry);
      put(byIdentity, entry.identity, entry);
      put(byDigest, entry.digest, entry);
    },
    all: () => entries,
  };
}

function put(map: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else list.push(entry);
}

function entryOf(row: KnownRow): Entry {
  return {
    id: row.id,
    sender: row.sender,
    identity: row.identity,
    digest: row.digest,
    isVerified: row.verified === 1,
    hasDetails: row.has_details === 1,
    state: row.state,
    otherId: row.other_id,
    before: row.state,
  };
}
