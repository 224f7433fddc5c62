/**
 * What a stored report has put into the daily sums, or would.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { Schema } from '../../store/types.ts';
import type { CountedReport } from './rollup.ts';
import { policyResultOf } from './rows.ts';

/** Of one report; undefined where its details are gone because of their age. */
export async function storedCounts(
  db: Transaction<Schema>,
  id: string,
): Promise<CountedReport | undefined> {
  const report = await db
    .selectFrom('received_report')
    .select(['day', 'sender', 'verified', 'received_at', 'has_details'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (report === undefined || report.has_details === 0) return undefined;
  const rows = await db
    .selectFrom('received_policy')
    .selectAll()
    .where('report_id', '=', id)
    .where('ours', '=', 1)
    .orderBy('number')
    .execute();
  return {
    day: report.day,
    sender: report.sender,
    isVerified: report.verified === 1,
    receivedAt: report.received_at,
    policies: rows.map(policyResultOf),
  };
}
