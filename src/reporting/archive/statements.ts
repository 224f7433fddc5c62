/**
 * The statements that every group of reports runs, built once for an archive.
 *
 * @module
 */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { ReceivedReportTable } from '../../store/archive-tables.ts';
import {
  type PreparedInsert,
  preparedInsert,
  type PreparedLookup,
  preparedLookup,
} from '../../store/prepared-rows.ts';
import type { Schema } from '../../store/types.ts';
import {
  DAILY_COLUMNS,
  FAILURE_COLUMNS,
  PLACE_COLUMNS,
  POLICY_COLUMNS,
  REPORT_COLUMNS,
  SENDER_COLUMNS,
} from './columns.ts';

/** Those that add to the daily sums; rows in the order of `columns.ts`. */
export interface SumStatements {
  readonly addDaily: PreparedInsert;
  readonly addSenders: PreparedInsert;
  readonly addFailures: PreparedInsert;
}

/** All of them. */
export interface ArchiveStatements extends SumStatements {
  /** By identity; of one identity the oldest first. */
  readonly findReports: PreparedLookup<KnownRow>;
  /** By digest: whose they are. */
  readonly findTwins: PreparedLookup<Pick<ReceivedReportTable, 'identity'>>;
  /** `PLACE_COLUMNS`, then `REPORT_COLUMNS`. */
  readonly insertReports: PreparedInsert;
  /** Id and octets. */
  readonly insertRaw: PreparedInsert;
  /** Id, then `POLICY_COLUMNS`. */
  readonly insertPolicies: PreparedInsert;
}

/** What is asked of a report that is there. */
export type KnownRow = Pick<ReceivedReportTable, (typeof KNOWN_COLUMNS)[number]>;

const KNOWN_COLUMNS = [
  'id',
  'sender',
  'identity',
  'digest',
  'verified',
  'state',
  'other_id',
  'has_details',
] as const;

/** For this database, or any with the same language. */
export function archiveStatements(db: Kysely<Schema>): ArchiveStatements {
  return {
    ...sumStatements(db),
    findReports: preparedLookup((identities) =>
      db
        .selectFrom('received_report')
        .select(KNOWN_COLUMNS)
        .where('identity', 'in', identities)
        .orderBy('id'),
    ),
    findTwins: preparedLookup((digests) =>
      db.selectFrom('received_report').select('identity').where('digest', 'in', digests),
    ),
    insertReports: preparedInsert([...PLACE_COLUMNS, ...REPORT_COLUMNS], (rows) =>
      db.insertInto('received_report').values(rows),
    ),
    insertRaw: preparedInsert(['report_id', 'data'], (rows) =>
      db.insertInto('received_raw').values(rows),
    ),
    insertPolicies: preparedInsert(['report_id', ...POLICY_COLUMNS], (rows) =>
      db.insertInto('received_policy').values(rows),
    ),
  };
}

/** What is new is added to what is there, on both engines alike. */
export function sumStatements(db: Kysely<Schema>): SumStatements {
  return {
    addDaily: preparedInsert(DAILY_COLUMNS, (rows) =>
      db
        .insertInto('report_daily')
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .columns(['domain', 'month', 'day'])
            .doUpdateSet(added('report_daily', DAILY_COLUMNS.slice(3))),
        ),
    ),
    addSenders: preparedInsert(SENDER_COLUMNS, (rows) =>
      db
        .insertInto('report_daily_sender')
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .columns(['domain', 'day', 'sender'])
            .doUpdateSet(added('report_daily_sender', SENDER_COLUMNS.slice(3))),
        ),
    ),
    addFailures: preparedInsert(FAILURE_COLUMNS, (rows) =>
      db
        .insertInto('report_daily_failure')
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .columns(['domain', 'day', 'sender', 'result_type', 'raw_type', 'mx', 'reason'])
            .doUpdateSet({
              ...added('report_daily_failure', ['sessions', 'verified_sessions']),
              first_seen_at: earlier(),
            }),
        ),
    ),
  };
}

function added(
  table: keyof Schema,
  columns: readonly string[],
): Record<string, RawBuilder<number>> {
  return Object.fromEntries(
    columns.map((column) => [
      column,
      sql<number>`${sql.ref(`${table}.${column}`)} + ${sql.ref(`excluded.${column}`)}`,
    ]),
  );
}

/** The smaller of two, as both engines write it. */
function earlier(): RawBuilder<number> {
  return sql<number>`case when excluded.first_seen_at < report_daily_failure.first_seen_at
    then excluded.first_seen_at else report_daily_failure.first_seen_at end`;
}
