import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../clock.fixture.ts';
import { openStore } from '../store/open-store.ts';
import type { Rig } from './fake-network.fixture.ts';
import { rig } from './fake-network.fixture.ts';
import { DAY, FAILED, MINUTE, NO_FETCH, T0, record } from './life-cycle.fixture.ts';
import type { StsStatus } from './types.ts';

const BROKEN = { ok: false, failure: NO_FETCH } as const;
const FULL = { maxEntries: 1 } as const;

function short(status: StsStatus | undefined): string {
  if (status === undefined) return 'unknown';
  if (status.kind === 'none') return status.failure.code;
  return `${status.active.policy.mode} ${status.active.id}`;
}

async function fill({ policies, network }: Rig): Promise<void> {
  network.publish('first.test', 'a', 'enforce');
  await policies.lookup('first.test');
}

describe('a cache that is full', () => {
  it('STS-5.1-3: does not go on saying "no policy" of a domain whose policy was fetched since', async () => {
    const under = rig({ settings: FULL });
    const { policies, network, clock } = under;
    await fill(under);
    network.change('d.test', { discovery: record('a'), fetch: BROKEN });
    assert.equal(short(await policies.lookup('d.test')), 'STS_POLICY_INVALID');
    network.publish('d.test', 'a', 'enforce');
    assert.equal(short(await policies.refresh('d.test')), 'enforce a');
    assert.equal(short(policies.peek('d.test')), 'enforce a');
    assert.equal(policies.stats().entries, 1);
    assert.equal(short(await policies.lookup('d.test')), 'enforce a');
    clock.jumpTo(T0 + 6 * MINUTE);
    assert.equal(short(await policies.lookup('d.test')), 'enforce a');
    await policies.close();
  });

  it('STS-3.3-9: a newcomer is no burden to its policy host, and a new id is seen all the same', async () => {
    const under = rig({ settings: FULL });
    const { policies, network, clock } = under;
    await fill(under);
    network.fetched.length = 0;
    network.publish('d.test', 'a', 'enforce');
    for (let minute = 0; minute < 60; minute += 1) {
      clock.jumpTo(T0 + minute * MINUTE);
      assert.equal(short(await policies.lookup('d.test')), 'enforce a');
      await settle();
    }
    assert.deepEqual(network.fetched, ['d.test']);
    network.publish('d.test', 'b', 'testing');
    clock.jumpTo(T0 + 65 * MINUTE);
    assert.equal(short(await policies.lookup('d.test')), 'enforce a');
    await settle();
    assert.equal(short(await policies.lookup('d.test')), 'testing b');
    assert.equal(policies.stats().entries, 1);
    await policies.close();
  });

  it('STS-5.1-1, E18: a newcomer lives no longer than max_age, whatever the clock does', async () => {
    const under = rig({ settings: FULL });
    const { policies, network, clock } = under;
    await fill(under);
    network.publish('d.test', 'a', 'enforce', 3_600);
    await policies.lookup('d.test');
    network.change('d.test', { discovery: FAILED, fetch: BROKEN });
    clock.jumpTo(T0 - 365 * DAY);
    assert.equal(short(await policies.lookup('d.test')), 'enforce a');
    clock.jumpTo(T0 - 365 * DAY + 61 * MINUTE);
    assert.equal(short(await policies.lookup('d.test')), 'DNS_SERVFAIL');
    await policies.close();
  });

  it('a newcomer gets the room that becomes free, and is kept', async () => {
    const store = await openStore('sqlite::memory:');
    const under = rig({ settings: FULL, store });
    const { policies, network, clock } = under;
    await fill(under);
    network.publish('d.test', 'a', 'enforce');
    await policies.lookup('d.test');
    await policies.purge('first.test');
    clock.jumpTo(T0 + 5 * MINUTE);
    await policies.lookup('d.test');
    await settle();
    const rows = await store.db
      .selectFrom('sts_policy')
      .select('policy_domain')
      .where('mode', '=', 'enforce')
      .execute();
    assert.deepEqual(
      rows.map((row) => row.policy_domain),
      ['d.test'],
    );
    await policies.close();
    await store.close();
  });

  it('STS-3.3-R6: still answers with a policy that another node keeps in the table', async () => {
    const store = await openStore('sqlite::memory:');
    const other = rig({ store, owner: 'other' });
    other.network.publish('d.test', 'a', 'enforce');
    await other.policies.lookup('d.test');
    await settle();
    const under = rig({ store, settings: FULL, network: other.network });
    await fill(under);
    under.network.change('d.test', { discovery: FAILED, fetch: BROKEN });
    assert.equal(short(await under.policies.lookup('d.test')), 'enforce a');
    assert.equal(short(await under.policies.lookup('d.test')), 'enforce a');
    assert.equal(under.policies.stats().entries, 1);
    await Promise.all([under.policies.close(), other.policies.close()]);
    await store.close();
  });
});
