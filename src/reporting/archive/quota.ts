/**
 * How many reports of a sender are stored on a day, and how many octets they take up.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { ReportQuotaTable } from '../../store/archive-tables.ts';
import type { Schema } from '../../store/types.ts';
import type { PreparedReport } from './prepare.ts';

type QuotaKey = PreparedReport['quota'];

/**
 * Octets that a report may take up in the store on average, where a sender uses up his number of
 * reports: most have far less. With 10,000 reports that is 40 MB a day.
 */
const OCTETS_OF_A_REPORT = 4_096;
/** Octets of a day for those who may have few reports: one may be about very many failures. */
const LEAST_OCTETS = 8_388_608;

/** The share of a day. The last report that is taken may go beyond the octets; the next one is refused. */
interface Share {
  readonly reports: number;
  readonly octets: number;
}

/** @param reports the setting `per_sender_and_day` */
function shareOf(reports: number): Share {
  return { reports, octets: Math.max(LEAST_OCTETS, reports * OCTETS_OF_A_REPORT) };
}

/** Who may still have something stored today. */
export interface Quota {
  /**
   * @param octets asked for only if somebody's share is to be used up
   * @returns false: no more for this sender
   */
  take(key: QuotaKey, octets: () => number): boolean;
  write(db: Transaction<Schema>): Promise<void>;
}

/** As the store has it for these. @param most reports of a sender on a day */
export async function createQuota(
  db: Transaction<Schema>,
  all: readonly QuotaKey[],
  most: number,
): Promise<Quota> {
  const keys = all.filter((key) => key !== undefined);
  const share = shareOf(most);
  const used = new Map<string, Share>();
  const added = new Map<string, ReportQuotaTable>();
  for (const day of new Set(keys.map((key) => key.day))) {
    const senders = new Set(keys.filter((key) => key.day === day).map(({ sender }) => sender));
    const rows = await db
      .selectFrom('report_quota')
      .select(['sender', 'stored', 'octets'])
      .where('day', '=', day)
      .where('sender', 'in', [...senders])
      .execute();
    for (const { sender, stored, octets } of rows) {
      used.set(`${day} ${sender}`, { reports: stored, octets });
    }
  }
  return {
    take(key, octetsOf) {
      if (key === undefined) return true;
      const name = `${key.day} ${key.sender}`;
      const before = used.get(name) ?? { reports: 0, octets: 0 };
      if (before.reports >= share.reports || before.octets >= share.octets) return false;
      const octets = octetsOf();
      used.set(name, { reports: before.reports + 1, octets: before.octets + octets });
      const row = added.get(name) ?? { ...key, stored: 0, octets: 0 };
      row.stored += 1;
      row.octets += octets;
      added.set(name, row);
      return true;
    },
    async write(transaction) {
      const rows = [...added.values()].toSorted((a, b) => (a.sender < b.sender ? -1 : 1));
      for (const row of rows) {
        await transaction
          .insertInto('report_quota')
          .values(row)
          .onConflict((conflict) =>
            conflict.columns(['day', 'sender']).doUpdateSet((is) => ({
              stored: is('report_quota.stored', '+', row.stored),
              octets: is('report_quota.octets', '+', row.octets),
            })),
          )
          .execute();
      }
    },
  };
}
