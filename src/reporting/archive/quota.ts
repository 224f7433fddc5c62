/**
 * How many reports of a sender are stored on a day.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { Schema } from '../../store/types.ts';
import type { PreparedReport } from './prepare.ts';

type QuotaKey = PreparedReport['quota'];

/** Who may still have something stored today. */
export interface Quota {
  /** @returns false: no more for this sender */
  take(key: QuotaKey): boolean;
  write(db: Transaction<Schema>): Promise<void>;
}

/** As the store has it for these. @param most reports of a sender on a day */
export async function createQuota(
  db: Transaction<Schema>,
  all: readonly QuotaKey[],
  most: number,
): Promise<Quota> {
  const keys = all.filter((key) => key !== undefined);
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
    take(key) {
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
    async write(transaction) {
      const rows = [...added.values()].toSorted((a, b) => (a.sender < b.sender ? -1 : 1));
      for (const row of rows) {
        await transaction
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
