import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KyselyPlugin, sql } from 'kysely';
import { FakeClock, settle } from '../clock.fixture.ts';
import { createLog } from '../log/log.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import { rig } from './fake-network.fixture.ts';
import { T0 } from './life-cycle.fixture.ts';
import { createPolicyKeeper, type PolicyKeeper } from './policy-keeper.ts';
import type { PolicyRow } from './policy-table.ts';
import { readRow, tombstoneOf } from './policy-table.ts';

const DEADLOCK = Object.assign(new Error('deadlock'), { code: '40P01' });

function rowFor(domain: string): PolicyRow {
  const policy_text = `version: STSv1\nmode: enforce\nmx: mx.${domain}\nmax_age: 86400\n`;
  const life = { expires_at: T0 + 86_400_000, next_refresh_at: T0 + 1 };
  return { ...tombstoneOf(domain, { at: T0, now: T0 }), record_id: 'a', policy_text, ...life };
}

/** Transactions and what befalls them. */
interface Ground {
  readonly keeper: PolicyKeeper;
  readonly store: Store;
  readonly transactions: () => number;
  readonly logged: () => readonly string[];
  /** Called at the start of each transaction. */
  befall: () => void;
}

async function withKeeper(test: (ground: Ground) => Promise<void>): Promise<void> {
  const store = await openStore('sqlite::memory:');
  let transactions = 0;
  const lines: string[] = [];
  const counted: Store = {
    ...store,
    db: new Proxy(store.db, {
      get(db, key) {
        if (key === 'transaction') {
          transactions += 1;
          ground.befall();
        }
        const value = Reflect.get(db, key) as unknown;
        return typeof value === 'function' ? (value.bind(db) as unknown) : value;
      },
    }),
  };
  const keeper = createPolicyKeeper({
    store: counted,
    clock: new FakeClock(T0),
    log: createLog('info', { sink: { write: (line) => lines.push(line) } }),
    rowFor,
  });
  const ground: Ground = {
    keeper,
    store,
    transactions: () => transactions,
    logged: () => lines,
    befall: () => undefined,
  };
  try {
    await test(ground);
  } finally {
    await keeper.idle();
    await store.close();
  }
}

async function domainsOf(store: Store): Promise<readonly string[]> {
  const rows = await store.db.selectFrom('sts_policy').select('policy_domain').execute();
  return rows.map((row) => row.policy_domain).toSorted();
}

describe('policies that come together', () => {
  it('share a transaction, and each is on disk once it is said to be written', async () => {
    await withKeeper(async ({ keeper, store, transactions }) => {
      for (const domain of ['b.test', 'a.test', 'c.test']) keeper.save(domain);
      assert.equal(keeper.isWriting('a.test'), true);
      await keeper.written('a.test');
      assert.equal(keeper.isWriting('a.test'), false);
      assert.deepEqual(await domainsOf(store), ['a.test', 'b.test', 'c.test']);
      assert.equal(transactions(), 1);
    });
  });

  it('a change during the transaction is written in the next', async () => {
    await withKeeper(async (ground) => {
      const { keeper, store } = ground;
      ground.befall = () => {
        ground.befall = () => undefined;
        keeper.forget('a.test', T0 + 5);
        keeper.save('d.test');
      };
      for (const domain of ['a.test', 'b.test']) keeper.save(domain);
      await keeper.written('a.test');
      assert.equal((await readRow(store, 'a.test'))?.fetched_at, T0 + 5);
      assert.deepEqual(await domainsOf(store), ['a.test', 'b.test', 'd.test']);
    });
  });

  it('a row that the table refuses fails alone, is told of, and does not count as a database that is down', async () => {
    await withKeeper(async ({ keeper, store, logged }) => {
      await sql`create trigger picky before insert on sts_policy when new.policy_domain = 'bad.test'
        begin select raise(abort, 'refused'); end`.execute(store.db);
      for (const domain of ['a.test', 'bad.test', 'c.test']) keeper.save(domain);
      await keeper.written('bad.test');
      assert.deepEqual(await domainsOf(store), ['a.test', 'c.test']);
      assert.equal(keeper.up.write, true);
      assert.deepEqual(
        logged().map((line) => /STORE_\w+/.exec(line)?.[0]),
        ['STORE_ROW_REFUSED'],
      );
      await keeper.flush();
      assert.equal(logged().length, 1, 'it is not tried for ever');
    });
  });

  it('a database that fails fails all: nobody waits for it, all is written when it is back', async () => {
    await withKeeper(async (ground) => {
      const { keeper, store } = ground;
      ground.befall = () => {
        throw new Error('gone');
      };
      for (const domain of ['a.test', 'b.test']) keeper.save(domain);
      await Promise.all([keeper.written('a.test'), keeper.written('b.test')]);
      assert.equal(keeper.up.write, false);
      assert.deepEqual(await domainsOf(store), []);
      ground.befall = () => undefined;
      await keeper.flush();
      assert.equal(keeper.up.write, true);
      assert.deepEqual(await domainsOf(store), ['a.test', 'b.test']);
    });
  });

  it('a transaction that met another one is run again', async () => {
    await withKeeper(async (ground) => {
      const { keeper, store, transactions } = ground;
      let deadlocks = 2;
      ground.befall = () => {
        deadlocks -= 1;
        if (deadlocks >= 0) throw DEADLOCK;
      };
      for (const domain of ['a.test', 'b.test']) keeper.save(domain);
      await keeper.written('b.test');
      assert.deepEqual(await domainsOf(store), ['a.test', 'b.test']);
      assert.equal(transactions(), 3);
    });
  });

  it('more than a group holds goes in several', async () => {
    await withKeeper(async ({ keeper, store, transactions }) => {
      for (let index = 0; index < 600; index += 1) keeper.save(`d${index}.test`);
      await keeper.idle();
      assert.equal((await domainsOf(store)).length, 600);
      assert.equal(transactions(), 3);
    });
  });
});

describe('an answer', () => {
  it('I8: is given once its policy is on disk, to whoever asks first and to whoever asks meanwhile', async () => {
    const store = await openStore('sqlite::memory:');
    const { policies, network } = rig({ store });
    const names = Array.from({ length: 20 }, (_, index) => `d${index}.test`);
    for (const name of names) network.publish(name, 'a', 'enforce');
    const asks = names
      .flatMap((name) => [name, name])
      .map(async (name) => {
        await policies.lookup(name);
        assert.equal((await readRow(store, name))?.record_id, 'a');
        network.publish(name, 'b', 'enforce');
        await policies.refresh(name);
        assert.equal((await readRow(store, name))?.record_id, 'b');
      });
    await Promise.all(asks);
    await policies.close();
    await store.close();
  });

  it('does not wait for ever for a table that takes no rows', async () => {
    const store = await openStore('sqlite::memory:');
    const gate = Promise.withResolvers<void>();
    const plugin: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        if (result.numAffectedRows !== undefined) await gate.promise;
        return result;
      },
    };
    const slow: Store = { ...store, db: store.db.withPlugin(plugin) };
    const { policies, network, clock } = rig({ store: slow });
    network.publish('d.test', 'a', 'enforce');
    let answer = '';
    const asked = policies.lookup('d.test').then((status) => (answer = status.kind));
    await settle();
    assert.equal(answer, '');
    await clock.advance(500);
    assert.equal(answer, 'policy');
    gate.resolve();
    await asked;
    await policies.close();
    await store.close();
  });
});
