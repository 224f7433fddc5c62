import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { takeLease } from '../src/store/lease.ts';
import { migrate } from '../src/store/migrate.ts';
import { MIGRATIONS } from '../src/store/migrations.ts';
import { openStore } from '../src/store/open-store.ts';
import { StoreError } from '../src/store/store-error.ts';
import {
  deleteDead,
  readChanged,
  readLive,
  readRow,
  rowOf,
  tombstoneOf,
  writeRow,
  writeUse,
} from '../src/mta-sts/policy-table.ts';
import type { PolicyRow } from '../src/mta-sts/policy-table.ts';
import { DAY, T0, held } from '../src/mta-sts/life-cycle.fixture.ts';
import type { Store } from '../src/store/types.ts';
import type { PostgresPeer } from './peers/postgres.ts';
import { startPostgres } from './peers/postgres.ts';

let postgres: PostgresPeer;
const ENGINES: readonly [name: string, url: () => string][] = [
  ['SQLite', () => 'sqlite::memory:'],
  ['PostgreSQL', () => postgres.url],
];

async function domainsOf(chunks: AsyncIterable<readonly PolicyRow[]>): Promise<string[]> {
  const domains: string[] = [];
  for await (const rows of chunks) domains.push(...rows.map((row) => row.policy_domain));
  return domains.toSorted();
}

describe('the store', () => {
  before(async () => {
    postgres = await startPostgres();
  });
  after(async () => await postgres.stop());

  for (const [name, url] of ENGINES) {
    describe(`the same queries on ${name}`, () => {
      let store: Store;
      before(async () => {
        store = await openStore(url());
      });
      after(async () => await store.close());

      it('migrations run once', async () => {
        const again = await migrate({ ...store, migrations: MIGRATIONS, now: T0 });
        assert.deepEqual(again, []);
      });

      it('STS-3.3-R6: a policy is written and read back, numbers as numbers', async () => {
        const row = rowOf('d.test', held('enforce', 86_400, T0), { lastUsedAt: T0, now: T0 });
        await writeRow(store, row);
        assert.deepEqual({ ...(await readRow(store, 'd.test')) }, row);
      });

      it('the newer fetch wins, unless it lies in the future', async () => {
        const write = async (fetchedAt: number, now: number): Promise<void> =>
          await writeRow(
            store,
            rowOf('w.test', held('enforce', 86_400, fetchedAt), { lastUsedAt: now, now }),
          );
        await write(T0 + 10, T0 + 10);
        await write(T0 + 5, T0 + 20);
        const first = await readRow(store, 'w.test');
        assert.equal(first?.fetched_at, T0 + 10);
        await writeRow(store, tombstoneOf('w.test', { at: T0 + 30, now: T0 + 30 }));
        const second = await readRow(store, 'w.test');
        assert.equal(second?.expires_at, 0);
        await write(T0 + DAY, T0 + DAY);
        await write(T0 + 40, T0 + 40);
        const third = await readRow(store, 'w.test');
        assert.equal(third?.fetched_at, T0 + 40);
        assert.equal(third?.last_used_at, T0 + DAY);
      });

      it('rows are read in chunks: the live ones, and the changed ones', async () => {
        const names = Array.from({ length: 5_003 }, (_, n) => `c${n}.test`).toSorted();
        await store.db.deleteFrom('sts_policy').execute();
        await store.db.transaction().execute(async (transaction) => {
          for (let start = 0; start < names.length; start += 500) {
            const rows = names
              .slice(start, start + 500)
              .map((domain) =>
                rowOf(domain, held('testing', 86_400, T0), { lastUsedAt: T0, now: T0 + 5 }),
              );
            await transaction.insertInto('sts_policy').values(rows).execute();
          }
        });
        assert.deepEqual(await domainsOf(readLive(store, T0 + DAY)), names);
        assert.deepEqual(await domainsOf(readLive(store, T0 + DAY + 1)), []);
        assert.deepEqual(await domainsOf(readChanged(store, T0 + 5)), names);
        assert.deepEqual(await domainsOf(readChanged(store, T0 + 6)), []);
        await writeUse(store, ['c1.test', 'c2.test'], T0 + 100);
        assert.deepEqual(await domainsOf(readChanged(store, T0 + 6)), ['c1.test', 'c2.test']);
        await deleteDead(store, T0 + 2 * DAY);
        assert.deepEqual(await domainsOf(readChanged(store, 0)), []);
      });

      it('of many who ask for a lease at once one gets it', async () => {
        const claims = Array.from(
          { length: 20 },
          async (_, n) =>
            await takeLease(store, { name: 'race', owner: `node${n}`, now: T0, holdMs: 1_000 }),
        );
        const won = (await Promise.all(claims)).filter(Boolean);
        assert.equal(won.length, 1);
      });
    });
  }

  describe('PostgreSQL alone', () => {
    it('two programs that start at once do not both migrate', async () => {
      const admin = await openStore(postgres.url);
      await sql`create database fresh`.execute(admin.db);
      await admin.close();
      const url = postgres.url.replace('/postgres?', '/fresh?');
      const stores = await Promise.all([1, 2, 3, 4].map(async () => await openStore(url)));
      const [first] = stores;
      assert.deepEqual(await migrate({ ...first!, migrations: MIGRATIONS, now: T0 }), []);
      await Promise.all(stores.map(async (store) => await store.close()));
    });

    it('I8: a server that ends in the middle of a transaction fails it, and ends nothing else', async () => {
      const store = await openStore(postgres.url);
      try {
        const broken = store.db.transaction().execute(async (transaction) => {
          await sql`select 1`.execute(transaction);
          await postgres.halt();
          // The connection is told of it while nobody asks it anything.
          await sleep(50);
          await sql`select 1`.execute(transaction);
        });
        await assert.rejects(broken);
        await postgres.resume();
        await sql`select 1`.execute(store.db);
      } finally {
        await store.close();
      }
    });

    it('a server that is not there is told as such, without the password', async () => {
      await assert.rejects(openStore('postgres://me:secret@127.0.0.1:1/none'), (error: Error) => {
        assert.ok(error instanceof StoreError);
        assert.equal(error.failure.code, 'STORE_CONNECT_FAILED');
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
    });
  });
});
