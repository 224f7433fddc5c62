/**
 * Deleting what is older than is kept, piece by piece: nobody waits long for the database.
 *
 * @module
 */
import type { ReportReceiveSettings } from '../../config/reporting-types.ts';
import type { Store } from '../../store/types.ts';
import type { PruneNumbers } from './types.ts';
import { dayOf } from '../day.ts';

/** Reports in one transaction. */
const PIECE = 500;

/** What is kept, and what time it is. */
export interface PruneOptions {
  readonly settings: Pick<ReportReceiveSettings, 'keepDetailsMs' | 'keepDailyMs'>;
  readonly now: number;
}

/**
 * Deletes octets and details first, and keeps who sent what under which id as long as the sums:
 * the same report must not be counted again when it comes once more.
 */
export async function pruneReports(
  store: Store,
  { settings, now }: PruneOptions,
): Promise<PruneNumbers> {
  const keepDailyMs = settings.keepDailyMs;
  const keepDetailsMs = Math.min(settings.keepDetailsMs, keepDailyMs);
  const details = await inPieces(store, { until: now - keepDetailsMs, what: 'details' });
  const daily = await pruneDaily(store, dayOf(now - keepDailyMs));
  const reports = await inPieces(store, { until: now - keepDailyMs, what: 'report' });
  await store.db
    .deleteFrom('report_quota')
    .where('day', '<', dayOf(now) - 1)
    .execute();
  return { details, reports, daily };
}

async function inPieces(
  store: Store,
  { until, what }: { readonly until: number; readonly what: 'details' | 'report' },
): Promise<number> {
  let count = 0;
  for (;;) {
    const done = await store.db.transaction().execute(async (db) => {
      const found = await db
        .selectFrom('received_report')
        .select('id')
        .where('received_at', '<', until)
        .where('has_details', '=', what === 'details' ? 1 : 0)
        .orderBy('received_at')
        .limit(PIECE)
        .execute();
      const ids = found.map(({ id }) => id);
      if (ids.length === 0) return 0;
      if (what === 'report') {
        await db.deleteFrom('received_report').where('id', 'in', ids).execute();
        return ids.length;
      }
      await db.deleteFrom('received_raw').where('report_id', 'in', ids).execute();
      await db.deleteFrom('received_policy').where('report_id', 'in', ids).execute();
      await db
        .updateTable('received_report')
        .set({ has_details: 0 })
        .where('id', 'in', ids)
        .execute();
      return ids.length;
    });
    count += done;
    if (done < PIECE) return count;
  }
}

async function pruneDaily(store: Store, beforeDay: number): Promise<number> {
  let count = 0n;
  for (const table of ['report_daily', 'report_daily_sender', 'report_daily_failure'] as const) {
    const { numDeletedRows } = await store.db
      .deleteFrom(table)
      .where('day', '<', beforeDay)
      .executeTakeFirst();
    count += numDeletedRows;
  }
  return Number(count);
}
