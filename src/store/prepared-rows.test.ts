import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openStore } from './open-store.ts';
import { preparedInsert, preparedLookup } from './prepared-rows.ts';

/** More than fit into one statement, with a rest of every size. */
const MANY = 32 + 8 + 3;

describe('prepared rows', () => {
  it('inserts and finds any number of rows, with the values in their columns', async () => {
    const store = await openStore('sqlite::memory:');
    const insert = preparedInsert(['stored', 'sender', 'day', 'octets'], (rows) =>
      store.db.insertInto('report_quota').values(rows),
    );
    const find = preparedLookup((senders) =>
      store.db.selectFrom('report_quota').selectAll().where('sender', 'in', senders),
    );
    const rows = Array.from({ length: MANY }, (_, index) => [index, `s${index}`, 7, 90] as const);
    await insert(store.db, []);
    await insert(store.db, rows);
    const found = await find(store.db, [...rows.map(([, sender]) => sender), 'nobody']);
    assert.deepEqual(
      found
        .map(({ stored, sender, day, octets }) => [stored, sender, day, octets])
        .toSorted(byNumber),
      rows,
    );
    assert.deepEqual(await find(store.db, []), []);
    await store.close();
  });

  it('what the rows do to those that are there is part of the statement', async () => {
    const store = await openStore('sqlite::memory:');
    const insert = preparedInsert(['day', 'sender', 'stored', 'octets'], (rows) =>
      store.db
        .insertInto('report_quota')
        .values(rows)
        .onConflict((conflict) =>
          conflict.columns(['day', 'sender']).doUpdateSet((is) => ({
            stored: is('report_quota.stored', '+', is.ref('excluded.stored')),
          })),
        ),
    );
    await insert(store.db, [[7, 's', 1, 90]]);
    await insert(store.db, [[7, 's', 2, 90]]);
    const row = await store.db.selectFrom('report_quota').select('stored').executeTakeFirst();
    assert.equal(row?.stored, 3);
    await store.close();
  });
});

function byNumber([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return Number(a) - Number(b);
}
