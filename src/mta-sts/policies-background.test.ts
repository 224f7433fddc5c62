import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../clock.fixture.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import type { Rig, RigOptions } from './fake-network.fixture.ts';
import { kindsOf, rig } from './fake-network.fixture.ts';
import { ABSENT, DAY, HOUR, MINUTE, NO_FETCH, T0, record } from './life-cycle.fixture.ts';
import type { StsStatus } from './types.ts';

const BROKEN = { ok: false, failure: NO_FETCH } as const;
const YEAR_S = 31_557_600;

function short(status: StsStatus | undefined): string {
  if (status === undefined) return 'unknown';
  return status.kind === 'none'
    ? status.failure.code
    : `${status.active.policy.mode} ${status.active.id}`;
}

async function running(test: (rig: Rig) => Promise<void>, options: RigOptions = {}): Promise<void> {
  const under = rig(options);
  under.policies.start();
  await settle();
  try {
    await test(under);
  } finally {
    await under.policies.close();
  }
}

async function withStore(test: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore('sqlite::memory:');
  try {
    await test(store);
  } finally {
    await store.close();
  }
}

describe('daily refresh', () => {
  it('STS-3.3-15, STS-10.2-2: comes about daily without traffic, whatever TXT says (E7, E11, E12)', async () => {
    await running(async ({ policies, network, clock }) => {
      network.publish('d.test', 'a', 'enforce', 2 * 86_400);
      await policies.lookup('d.test');
      network.change('d.test', { discovery: ABSENT });
      await clock.advance(8 * DAY);
      assert.equal(short(policies.peek('d.test')), 'enforce a');
      assert.ok(network.fetched.length >= 8 && network.fetched.length <= 10);
      assert.equal(policies.stats().refreshBacklog, 0);
    });
  });

  it('STS-10.2-R1, STS-3.2-8: with HTTPS dead and the id unchanged the policy ends max_age after its fetch (E8, E10)', async () => {
    await running(async ({ policies, network, clock, events }) => {
      network.publish('d.test', 'a', 'enforce', 2 * 86_400);
      await policies.lookup('d.test');
      network.change('d.test', { fetch: BROKEN });
      await clock.advance(2 * DAY - MINUTE);
      assert.equal(short(await policies.lookup('d.test')), 'enforce a');
      await clock.advance(3 * MINUTE);
      assert.equal(policies.peek('d.test'), undefined);
      assert.equal(kindsOf(events).at(-1), 'policy-expired');
      const inARow = events.flatMap((event) =>
        event.kind === 'refresh-failed' ? [event.inARow] : [],
      );
      assert.deepEqual(inARow.slice(0, 3), [1, 2, 3]);
    });
  });

  it('STS-3.3-9: retries after a failure are five minutes apart, growing to an hour', async () => {
    await running(async ({ policies, network, clock }) => {
      network.publish('d.test', 'a', 'enforce', YEAR_S);
      await policies.lookup('d.test');
      network.change('d.test', { fetch: BROKEN });
      await clock.advance(DAY - 10 * MINUTE);
      assert.equal(network.fetched.length, 1);
      await clock.advance(20 * MINUTE);
      assert.ok(network.fetched.length <= 3);
      const before = network.fetched.length;
      await clock.advance(DAY);
      const added = network.fetched.length - before;
      assert.ok(added >= 20 && added <= 28, `${added}`);
    });
  });

  it('a policy long unused is no longer refreshed, and catches up when it is used', async () => {
    await running(
      async ({ policies, network, clock }) => {
        network.publish('d.test', 'a', 'enforce', YEAR_S);
        await policies.lookup('d.test');
        await clock.advance(4 * DAY);
        const before = network.fetched.length;
        await clock.advance(3 * DAY);
        assert.equal(network.fetched.length, before);
        assert.equal(short(await policies.lookup('d.test')), 'enforce a');
        await settle();
        assert.equal(network.fetched.length, before + 1);
      },
      { settings: { unusedAfterMs: 2 * DAY } },
    );
  });
});

describe('a clock that jumps', () => {
  it('E18: back a year: nothing lives longer than max_age from now', async () => {
    await running(async ({ policies, network, clock }) => {
      network.publish('d.test', 'a', 'enforce', 86_400);
      await policies.lookup('d.test');
      network.change('d.test', { fetch: BROKEN });
      clock.jumpTo(T0 - 365 * DAY);
      assert.equal(short(await policies.lookup('d.test')), 'enforce a');
      await clock.advance(DAY + 2 * MINUTE);
      assert.equal(policies.peek('d.test'), undefined);
    });
  });

  it('E18: back a year: the background work shortens what nobody asks for', async () => {
    await running(async ({ policies, network, clock }) => {
      network.publish('d.test', 'a', 'enforce', YEAR_S);
      await policies.lookup('d.test');
      network.change('d.test', { fetch: BROKEN });
      clock.setTo(T0 - 365 * DAY);
      await clock.advance(2 * MINUTE);
      const entry = await policies.show('d.test');
      const left = (entry?.active.expiresAt ?? 0) - clock.now();
      assert.ok(left > 0 && left <= YEAR_S * 1_000, `${left / DAY} days`);
    });
  });

  it('E18: forward a year: no storm; each policy is fetched anew before it would be dropped', async () => {
    await running(async ({ policies, network, clock, events }) => {
      for (let n = 0; n < 50; n += 1) {
        network.publish(`d${n}.test`, 'a', 'enforce', 86_400);
        await policies.lookup(`d${n}.test`);
      }
      events.length = 0;
      clock.jumpTo(T0 + 365 * DAY);
      await clock.advance(2 * HOUR);
      assert.equal(policies.stats().entries, 50);
      assert.equal(kindsOf(events).filter((kind) => kind === 'policy-expired').length, 0);
      assert.equal(network.fetched.length, 100);
    });
  });
});

describe('the table', () => {
  it('STS-3.3-R6: after a restart the decision is the same although HTTPS is dead (E17)', async () => {
    await withStore(async (store) => {
      const first = rig({ store });
      first.policies.start();
      first.network.publish('d.test', 'a', 'enforce');
      await first.policies.lookup('d.test');
      first.network.change('d.test', { discovery: ABSENT, fetch: BROKEN });
      first.clock.jumpTo(T0 + DAY);
      const second = await first.again();
      const status = await second.policies.lookup('d.test');
      assert.equal(short(status), 'enforce a');
      assert.equal(status.kind === 'policy' && status.active.expiresAt, T0 + 7 * DAY);
      await second.policies.close();
    });
  });

  it('an expired row is not loaded, and a failing refresh is remembered over a restart', async () => {
    await withStore(async (store) => {
      const first = rig({ store });
      first.policies.start();
      first.network.publish('old.test', 'a', 'enforce', 60);
      first.network.publish('d.test', 'a', 'enforce');
      await first.policies.lookup('old.test');
      await first.policies.lookup('d.test');
      first.network.change('d.test', { fetch: BROKEN });
      await first.policies.refresh('d.test');
      first.clock.jumpTo(T0 + MINUTE + 1);
      const second = await first.again();
      assert.equal(second.policies.peek('old.test'), undefined);
      const entry = await second.policies.show('d.test');
      assert.equal(entry?.failuresInARow, 1);
      assert.deepEqual(entry?.active.refreshFailure, NO_FETCH);
      await second.policies.close();
    });
  });

  it('a one-shot command reads it without loading all of it', async () => {
    await withStore(async (store) => {
      const daemon = rig({ store });
      daemon.network.publish('d.test', 'a', 'enforce');
      await daemon.policies.lookup('d.test');
      await settle();
      const command = rig({ store, network: daemon.network, clock: daemon.clock });
      assert.equal(short(await command.policies.lookup('d.test')), 'enforce a');
      assert.equal(daemon.network.fetched.length, 1);
      let listed = 0;
      for await (const _entry of command.policies.list()) listed += 1;
      assert.equal(listed, 1);
      await command.policies.close();
      await daemon.policies.close();
    });
  });

  it('what another process does is taken over: a newer policy, and forgetting', async () => {
    await withStore(async (store) => {
      await running(
        async ({ policies, network, clock }) => {
          network.publish('d.test', 'a', 'enforce');
          await policies.lookup('d.test');
          await settle();
          network.publish('d.test', 'b', 'testing');
          clock.jumpTo(T0 + 1_000);
          const command = rig({ store, network, clock, owner: 'command' });
          await command.policies.refresh('d.test');
          await command.policies.close();
          await clock.advance(2 * MINUTE);
          assert.equal(short(policies.peek('d.test')), 'testing b');
          const other = rig({ store, network, clock, owner: 'other' });
          assert.equal(await other.policies.purge('d.test'), true);
          await other.policies.close();
          await clock.advance(2 * MINUTE);
          assert.equal(policies.peek('d.test'), undefined);
        },
        { store },
      );
    });
  });

  it('one node at a time refreshes; the other takes over what it learned', async () => {
    await withStore(async (store) => {
      const settings = { refreshMs: HOUR, refreshJitterMs: 0 };
      await running(
        async (one) => {
          const { network, clock } = one;
          const two = rig({ store, network, clock, owner: 'two', settings });
          two.policies.start();
          await settle();
          network.publish('d.test', 'a', 'enforce', YEAR_S);
          await one.policies.lookup('d.test');
          await clock.advance(2 * MINUTE);
          assert.equal(short(two.policies.peek('d.test')), 'enforce a');
          network.publish('d.test', 'b', 'enforce', YEAR_S);
          await clock.advance(HOUR + 10 * MINUTE);
          assert.equal(network.fetched.length, 2);
          assert.equal(short(one.policies.peek('d.test')), 'enforce b');
          assert.equal(short(two.policies.peek('d.test')), 'enforce b');
          await two.policies.close();
        },
        { store, owner: 'one', settings },
      );
    });
  });

  it('a row made room for is removed; what is forgotten leaves no dead rows for ever', async () => {
    await withStore(async (store) => {
      await running(
        async ({ policies, network, clock }) => {
          for (const name of ['n.test', 'e.test']) {
            network.publish(name, 'a', name === 'n.test' ? 'none' : 'enforce', YEAR_S);
            await policies.lookup(name);
          }
          await policies.purge('gone.test');
          await settle();
          const rows = await store.db.selectFrom('sts_policy').select('policy_domain').execute();
          assert.deepEqual(rows.map((row) => row.policy_domain).toSorted(), [
            'e.test',
            'gone.test',
          ]);
          await clock.advance(3 * HOUR);
          const left = await store.db.selectFrom('sts_policy').select('policy_domain').execute();
          assert.deepEqual(
            left.map((row) => row.policy_domain),
            ['e.test'],
          );
        },
        { store, settings: { maxEntries: 1 } },
      );
    });
  });
});

describe('a database that is down', () => {
  it('answers come from memory, nothing is relaxed, and what was missed is written later (I8)', async () => {
    await withStore(async (store) => {
      let down = false;
      const flaky: Store = {
        ...store,
        get db() {
          if (down) throw new Error('disk full');
          return store.db;
        },
      };
      await running(
        async ({ policies, network, clock }) => {
          network.publish('d.test', 'a', 'enforce');
          await policies.lookup('d.test');
          await settle();
          down = true;
          network.publish('new.test', 'a', 'enforce');
          assert.equal(short(await policies.lookup('new.test')), 'enforce a');
          await settle();
          assert.equal(policies.stats().storeUp, false);
          assert.equal(short(await policies.lookup('d.test')), 'enforce a');
          await clock.advance(2 * HOUR + 5 * MINUTE);
          assert.equal(network.fetched.filter((name) => name === 'd.test').length, 3);
          down = false;
          await clock.advance(2 * MINUTE);
          assert.equal(policies.stats().storeUp, true);
          const rows = await store.db.selectFrom('sts_policy').selectAll().execute();
          assert.equal(rows.length, 2);
          assert.ok(rows.every((row) => row.fetched_at > T0 + HOUR));
        },
        { store: flaky, settings: { refreshMs: HOUR, refreshJitterMs: 0 } },
      );
    });
  });

  it('a domain whose row cannot be read is not called one without a policy', async () => {
    await withStore(async (store) => {
      const flaky: Store = {
        ...store,
        get db(): Store['db'] {
          throw new Error('gone');
        },
      };
      const under = rig({ store: flaky });
      assert.equal(short(await under.policies.lookup('d.test')), 'STORE_UNAVAILABLE');
      assert.equal(short(under.policies.peek('d.test')), 'STORE_UNAVAILABLE');
      under.network.change('e.test', { discovery: record('a'), fetch: BROKEN });
      assert.equal(short(await under.policies.lookup('e.test')), 'STORE_UNAVAILABLE');
      await under.policies.close();
    });
  });
});
