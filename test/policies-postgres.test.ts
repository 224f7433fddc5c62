import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeClock } from '../src/clock.fixture.ts';
import { silentLog } from '../src/log/log.ts';
import { kindsOf, rig } from '../src/mta-sts/fake-network.fixture.ts';
import type { Rig } from '../src/mta-sts/fake-network.fixture.ts';
import { HOUR, MINUTE, T0 } from '../src/mta-sts/life-cycle.fixture.ts';
import { createPolicyKeeper, type PolicyKeeper } from '../src/mta-sts/policy-keeper.ts';
import { deleteDead, tombstoneOf, writeRow, writeUse } from '../src/mta-sts/policy-table.ts';
import type { StsStatus } from '../src/mta-sts/types.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/types.ts';
import type { PostgresPeer } from './peers/postgres.ts';
import { startPostgres } from './peers/postgres.ts';

let postgres: PostgresPeer;
let store: Store;
function short(status: StsStatus | undefined): string {
  if (status === undefined) return 'unknown';
  return status.kind === 'none'
    ? status.failure.code
    : `${status.active.policy.mode} ${status.active.id}`;
}

/** The database answers on its own time: waits until what is expected is so. */
async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    if (await holds()) return;
    await sleep(20);
  }
  assert.fail(`did not come about: ${what}`);
}

/** Moves the clock minute by minute, so that the database has time to answer between. */
async function pass(under: Rig, ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += MINUTE) {
    await under.clock.advance(MINUTE);
    await sleep(5);
  }
}

async function rows(): Promise<number> {
  return (await store.db.selectFrom('sts_policy').select('policy_domain').execute()).length;
}

describe('nodes that share PostgreSQL', () => {
  before(async () => {
    postgres = await startPostgres();
    store = await openStore(postgres.url);
  });
  after(async () => {
    await store.close();
    await postgres.stop();
  });
  beforeEach(async () => {
    await store.db.deleteFrom('sts_policy').execute();
    await store.db.deleteFrom('lease').execute();
  });

  it('STS-5.1-1: a node whose clock is a year ahead clears no row that is alive by the clock of the server', async () => {
    const now = Date.now();
    const row = tombstoneOf('alive.test', { at: now, now });
    await writeRow(store, { ...row, expires_at: now + HOUR });
    await writeRow(store, { ...row, policy_domain: 'dead.test', expires_at: now - HOUR });
    await deleteDead(store, now + 365 * 24 * HOUR);
    const left = await store.db.selectFrom('sts_policy').select('policy_domain').execute();
    assert.deepEqual(left, [{ policy_domain: 'alive.test' }]);
  });

  it('two nodes write groups of the same domains, and note their use, at once: the newer fetch wins', async () => {
    const other = await openStore(postgres.url);
    const domains = Array.from({ length: 300 }, (_, index) => `d${index}.test`);
    const keeperOf = (of: Store, id: string, fetchedAt: number): PolicyKeeper =>
      createPolicyKeeper({
        store: of,
        clock: new FakeClock(T0),
        log: silentLog,
        rowFor: (domain) => {
          const row = tombstoneOf(domain, { at: fetchedAt, now: T0 });
          return { ...row, record_id: id, expires_at: T0 + HOUR };
        },
      });
    const newer = keeperOf(store, 'newer', T0 + 1);
    const older = keeperOf(other, 'older', T0);
    for (let round = 1; round <= 5; round += 1) {
      for (const domain of domains) newer.save(domain);
      for (const domain of domains.toReversed()) older.save(domain);
      const uses = [
        writeUse(store, domains.toReversed(), T0 + round),
        writeUse(other, domains, T0 + round),
      ];
      await Promise.all([newer.idle(), older.idle(), ...uses]);
      assert.deepEqual([newer.up.write, older.up.write], [true, true]);
    }
    const ids = await store.db.selectFrom('sts_policy').select('record_id').execute();
    assert.equal(ids.length, 300);
    assert.ok(ids.every((row) => row.record_id === 'newer'));
    await other.close();
  });

  it('STS-3.3-R6: a policy that one node fetched is applied by another although HTTPS is dead', async () => {
    const one = rig({ store });
    one.network.publish('d.test', 'a', 'enforce');
    await one.policies.lookup('d.test');
    await until(async () => (await rows()) === 1, 'the row is written');
    const two = rig({ store, clock: one.clock });
    two.policies.start();
    assert.equal(short(await two.policies.lookup('d.test')), 'enforce a');
    assert.deepEqual(two.network.fetched, []);
    await one.policies.close();
    await two.policies.close();
  });

  it('STS-3.3-15: one of them refreshes, both have what it learned, and the other takes over when it stops', async () => {
    const settings = { refreshMs: HOUR, refreshJitterMs: 0 };
    const one = rig({ store, settings, owner: 'one' });
    const { network, clock } = one;
    const two = rig({ store, settings, network, clock, owner: 'two' });
    one.policies.start();
    await until(
      async () => (await store.db.selectFrom('lease').selectAll().execute()).length === 1,
      'the lease is taken',
    );
    two.policies.start();
    network.publish('d.test', 'a', 'enforce');
    await one.policies.lookup('d.test');
    await pass(one, 3 * MINUTE);
    await until(() => short(two.policies.peek('d.test')) === 'enforce a', 'two has it');
    network.publish('d.test', 'b', 'testing');
    await pass(one, HOUR);
    assert.equal(network.fetched.length, 2);
    await until(() => short(two.policies.peek('d.test')) === 'testing b', 'two has the new one');
    await one.policies.close();
    await pass(two, HOUR + 10 * MINUTE);
    assert.equal(network.fetched.length, 3);
    // While the fake clock runs ahead of the database the lease may change hands; the work is done once.
    assert.equal(kindsOf(two.events).at(-1), 'policy-fetched');
    await two.policies.close();
  });

  it('a server that stops answering relaxes nothing; what was missed is written when it is back', async () => {
    const under = rig({ store, settings: { refreshMs: HOUR, refreshJitterMs: 0 } });
    under.policies.start();
    under.network.publish('d.test', 'a', 'enforce');
    await under.policies.lookup('d.test');
    await until(async () => (await rows()) === 1, 'the row is written');
    await store.db.schema.alterTable('sts_policy').renameTo('elsewhere').execute();
    under.network.publish('new.test', 'a', 'enforce');
    assert.equal(short(await under.policies.lookup('new.test')), 'enforce a');
    assert.equal(short(await under.policies.lookup('absent.test')), 'STORE_UNAVAILABLE');
    await until(() => !under.policies.stats().storeUp, 'the fault is noticed');
    assert.equal(short(await under.policies.lookup('d.test')), 'enforce a');
    await store.db.schema.alterTable('elsewhere').renameTo('sts_policy').execute();
    await pass(under, 2 * MINUTE);
    await until(() => under.policies.stats().storeUp, 'it is up again');
    await until(async () => (await rows()) === 2, 'the missed row is written');
    assert.equal(under.clock.now() > T0, true);
    await under.policies.close();
  });
});
