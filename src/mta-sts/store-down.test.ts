import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../clock.fixture.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import type { Rig } from './fake-network.fixture.ts';
import { rig } from './fake-network.fixture.ts';
import { FAILED, MINUTE, NO_FETCH, record } from './life-cycle.fixture.ts';
import type { StsStatus } from './types.ts';

const BROKEN = { ok: false, failure: NO_FETCH } as const;

function short(status: StsStatus | undefined): string {
  if (status === undefined) return 'unknown';
  if (status.kind === 'none') return status.failure.code;
  return `${status.active.policy.mode} ${status.active.id}`;
}

/** How the table behaves. */
type Table = 'answers' | 'refuses' | 'hangs';

/** A cache on a table that holds an enforced policy of `d.test`, and does not always answer. */
async function withTable(
  test: (under: Rig, become: (how: Table) => void) => Promise<void>,
): Promise<void> {
  const store = await openStore('sqlite::memory:');
  const first = rig({ store, owner: 'first' });
  first.network.publish('d.test', 'a', 'enforce');
  await first.policies.lookup('d.test');
  await first.policies.close();
  let how: Table = 'refuses';
  const end = Promise.withResolvers<never>();
  end.promise.catch(() => undefined);
  const never = hanging(end.promise) as Store['db'];
  const flaky: Store = {
    ...store,
    get db() {
      if (how === 'refuses') throw new Error('connection refused');
      return how === 'hangs' ? never : store.db;
    },
  };
  const under = rig({ store: flaky, network: first.network, clock: first.clock });
  try {
    await test(under, (next) => (how = next));
  } finally {
    how = 'answers';
    end.reject(new Error('the connection is gone'));
    await under.policies.close();
    await store.close();
  }
}

/** Any query builder: every call gives another, and a query ends when `end` does. */
function hanging(end: Promise<never>): unknown {
  return new Proxy(
    {},
    {
      get: (_target, key) =>
        key === 'execute' || key === 'executeTakeFirst'
          ? async () => await end
          : () => hanging(end),
    },
  );
}

describe('a table that does not answer', () => {
  for (const how of ['refuses', 'hangs'] as const) {
    it(`I8: ${how}, and the network is slow: the mail waits, it is not delivered without a policy`, async () => {
      await withTable(async ({ policies, network, clock }, become) => {
        become(how);
        const gate = Promise.withResolvers<void>();
        network.change('d.test', { gate: gate.promise });
        const asked = policies.lookup('d.test', { budgetMs: 5_000 });
        await clock.advance(5_000);
        assert.equal(short(await asked), 'STORE_UNAVAILABLE');
        gate.resolve();
        await settle();
        assert.equal(short(policies.peek('d.test')), 'enforce a');
      });
    });
  }

  it('I8: a budget that ends before the table has answered', async () => {
    await withTable(async ({ policies, clock }, become) => {
      become('hangs');
      const asked = policies.lookup('d.test', { budgetMs: 500 });
      await clock.advance(500);
      assert.equal(short(await asked), 'STORE_UNAVAILABLE');
    });
  });

  it('a budget that ends after the table has answered is a first contact under way', async () => {
    await withTable(async ({ policies, network, clock }, become) => {
      become('answers');
      network.publish('new.test', 'a', 'enforce');
      const gate = Promise.withResolvers<void>();
      network.change('new.test', { gate: gate.promise });
      const asked = policies.lookup('new.test', { budgetMs: 500 });
      await clock.advance(500);
      assert.equal(short(await asked), 'STS_FIRST_CONTACT_PENDING');
      gate.resolve();
      await settle();
    });
  });

  for (const ask of ['recheck', 'refresh'] as const) {
    it(`I8: ${ask} does not say "no policy" either`, async () => {
      await withTable(async ({ policies, network }) => {
        network.change('d.test', { discovery: FAILED, fetch: BROKEN });
        assert.equal(short(await policies[ask]('d.test')), 'STORE_UNAVAILABLE');
        assert.equal(short(policies.peek('d.test')), 'STORE_UNAVAILABLE');
        network.change('d.test', { discovery: record('b') });
        assert.equal(short(await policies[ask]('d.test')), 'STORE_UNAVAILABLE');
      });
    });
  }

  it('I8: whoever asks while the recheck of another is under way gets the same', async () => {
    await withTable(async ({ policies, network, clock }) => {
      const gate = Promise.withResolvers<void>();
      network.change('d.test', { gate: gate.promise, fetch: BROKEN });
      const recheck = policies.recheck('d.test');
      const asked = policies.lookup('d.test', { budgetMs: 1_000 });
      await clock.advance(1_000);
      assert.equal(short(await asked), 'STORE_UNAVAILABLE');
      const patient = policies.lookup('d.test', { budgetMs: MINUTE });
      gate.resolve();
      assert.equal(short(await patient), 'STORE_UNAVAILABLE');
      assert.equal(short(await recheck), 'STORE_UNAVAILABLE');
    });
  });

  it('a write that fails does not make the table unreadable', async () => {
    const store = await openStore('sqlite::memory:');
    const first = rig({ store, owner: 'first' });
    first.network.publish('d.test', 'a', 'enforce');
    await first.policies.lookup('d.test');
    await first.policies.close();
    const readOnly: Store = {
      ...store,
      db: new Proxy(store.db, {
        get(db, key) {
          if (key === 'insertInto' || key === 'updateTable' || key === 'deleteFrom') {
            throw new Error('database is locked');
          }
          const value = Reflect.get(db, key) as unknown;
          return typeof value === 'function' ? (value.bind(db) as unknown) : value;
        },
      }),
    };
    const under = rig({ store: readOnly, network: first.network, clock: first.clock });
    under.network.publish('new.test', 'a', 'enforce');
    await under.policies.lookup('new.test');
    await settle();
    assert.equal(under.policies.stats().storeUp, false);
    under.network.change('d.test', { discovery: FAILED, fetch: BROKEN });
    assert.equal(short(await under.policies.lookup('d.test')), 'enforce a');
    assert.equal(short(await under.policies.lookup('none.test')), 'STS_RECORD_NONE');
    await under.policies.close();
    await store.close();
  });
});
