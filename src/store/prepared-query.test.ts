import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openStore } from './open-store.ts';
import { preparedQuery } from './prepared-query.ts';

interface Values {
  readonly name: string;
  readonly until: number;
}

describe('preparedQuery', () => {
  it('runs one text with other values each time, and keeps constants', async () => {
    const store = await openStore('sqlite::memory:');
    let built = 0;
    const write = preparedQuery<Values>(store.db, ['name', 'until'], ({ name, until }) => {
      built += 1;
      return store.db
        .insertInto('lease')
        .values({ name, owner: 'us', expires_at: until })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ expires_at: until }));
    });
    await write({ name: 'a', until: 1 });
    await write({ name: 'b', until: 2 });
    await write({ name: 'a', until: 3 });
    const rows = await store.db.selectFrom('lease').selectAll().orderBy('name').execute();
    await store.close();
    assert.equal(built, 1);
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      [
        { name: 'a', owner: 'us', expires_at: 3 },
        { name: 'b', owner: 'us', expires_at: 2 },
      ],
    );
  });

  it('rejects as the query does', async () => {
    const store = await openStore('sqlite::memory:');
    const write = preparedQuery<Values>(store.db, ['name', 'until'], ({ name, until }) =>
      store.db.insertInto('lease').values({ name, owner: 'us', expires_at: until }),
    );
    await write({ name: 'a', until: 1 });
    await assert.rejects(write({ name: 'a', until: 2 }), /UNIQUE/i);
    await store.close();
  });
});
