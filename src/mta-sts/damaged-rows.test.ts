import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import type { Rig } from './fake-network.fixture.ts';
import { rig } from './fake-network.fixture.ts';
import { DAY, FAILED, HOUR, MINUTE, NO_FETCH, T0 } from './life-cycle.fixture.ts';
import type { PolicyRow } from './policy-table.ts';
import { heldOf } from './policy-table.ts';
import type { StsStatus } from './types.ts';

const BLOCKED = { discovery: FAILED, fetch: { ok: false, failure: NO_FETCH } } as const;

function short(status: StsStatus | undefined): string {
  if (status === undefined) return 'unknown';
  if (status.kind === 'none') return status.failure.code;
  return `${status.active.policy.mode} ${status.active.id}`;
}

interface Found {
  readonly store: Store;
  readonly first: Rig;
}

/** A table with one enforced policy of a day, changed behind the back of the program. */
async function withRow(
  change: Partial<PolicyRow>,
  test: (found: Found) => Promise<void>,
): Promise<void> {
  const store = await openStore('sqlite::memory:');
  const first = rig({ store });
  first.network.publish('d.test', 'a', 'enforce', 86_400);
  await first.policies.lookup('d.test');
  await first.policies.close();
  await store.db.updateTable('sts_policy').set(change).execute();
  try {
    await test({ store, first });
  } finally {
    await store.close();
  }
}

const UNREADABLE: readonly (readonly [string, Partial<PolicyRow>])[] = [
  ['a text cut short', { policy_text: 'version: STSv1\nmode: enf' }],
  ['no text', { policy_text: '' }],
  ['a mode that contradicts the text', { mode: 'testing' }],
  ['mode none over an enforced text', { mode: 'none' }],
];

describe('a stored policy that cannot be read', () => {
  for (const [what, change] of UNREADABLE) {
    it(`I8: ${what}: the mail waits until it is fetched anew`, async () => {
      await withRow(change, async ({ first }) => {
        first.network.change('d.test', BLOCKED);
        const { policies, network, clock } = await first.again();
        assert.equal(short(policies.peek('d.test')), 'STORE_ROW_DAMAGED');
        assert.equal(short(await policies.lookup('d.test')), 'STORE_ROW_DAMAGED');
        const looked = network.looked.length;
        assert.equal(short(await policies.lookup('d.test')), 'STORE_ROW_DAMAGED');
        assert.equal(network.looked.length, looked, 'asked again at once');
        network.publish('d.test', 'b', 'enforce');
        clock.jumpTo(T0 + 10 * MINUTE);
        assert.equal(short(await policies.lookup('d.test')), 'enforce b');
        await policies.close();
      });
    });
  }

  it('says nothing any more when its time is over', async () => {
    await withRow({ policy_text: 'nonsense' }, async ({ first }) => {
      first.network.change('d.test', BLOCKED);
      const { policies, clock } = await first.again();
      clock.jumpTo(T0 + DAY);
      assert.equal(short(await policies.lookup('d.test')), 'STORE_ROW_DAMAGED');
      clock.jumpTo(T0 + DAY + 1);
      assert.notEqual(short(await policies.lookup('d.test')), 'STORE_ROW_DAMAGED');
      await policies.close();
    });
  });

  it('a one-shot command mends it, or says why not', async () => {
    await withRow({ policy_text: 'nonsense' }, async ({ store, first }) => {
      const { network, clock } = first;
      network.change('d.test', BLOCKED);
      clock.jumpTo(T0 + 10 * MINUTE);
      const one = rig({ store, network, clock });
      assert.equal(short(await one.policies.lookup('d.test')), 'STORE_ROW_DAMAGED');
      await one.policies.close();
      network.publish('d.test', 'b', 'testing');
      const two = rig({ store, network, clock });
      assert.equal(short(await two.policies.lookup('d.test')), 'testing b');
      await two.policies.close();
    });
  });

  it('an unknown mode beside a sound text is no damage: the text is the policy', async () => {
    await withRow({ mode: 'enforced' as 'enforce' }, async ({ first }) => {
      first.network.change('d.test', BLOCKED);
      const { policies } = await first.again();
      assert.equal(short(await policies.lookup('d.test')), 'enforce a');
      assert.equal(policies.stats().enforced, 1);
      await policies.close();
    });
  });
});

describe('a row whose times cannot be', () => {
  it('STS-5.1-1, STS-3.2-8: lives no longer than max_age after its fetch', async () => {
    await withRow({ expires_at: 9e15, next_refresh_at: 9e15 }, async ({ first }) => {
      first.network.change('d.test', BLOCKED);
      const { policies, clock } = await first.again();
      clock.jumpTo(T0 + DAY);
      assert.equal(short(await policies.lookup('d.test')), 'enforce a');
      clock.jumpTo(T0 + DAY + 1);
      assert.notEqual(short(await policies.lookup('d.test')), 'enforce a');
      await policies.close();
    });
  });

  it('STS-10.2-2: is refreshed as soon as any other', async () => {
    await withRow({ next_refresh_at: 9e15 }, async ({ first }) => {
      first.network.publish('d.test', 'b', 'enforce');
      const { policies, clock } = await first.again();
      await clock.advance(DAY - HOUR);
      assert.equal(short(policies.peek('d.test')), 'enforce b');
      await policies.close();
    });
  });

  it('STS-3.2-8: without a readable max_age it has a year at most', () => {
    const row: PolicyRow = {
      policy_domain: 'd.test',
      record_id: 'a',
      policy_text: 'nonsense',
      mode: 'enforce',
      fetched_at: T0,
      expires_at: 9e15,
      last_used_at: T0,
      next_refresh_at: 9e15,
      failures_in_a_row: 0,
      failure_code: null,
      failure_detail: null,
      failure_type: null,
      changed_at: T0,
    };
    const endOf = (text: string, expiresAt = 9e15): number =>
      (heldOf({ ...row, policy_text: text, expires_at: expiresAt }).expiresAt - T0) / 1_000;
    assert.equal(endOf('nonsense'), 31_557_600);
    assert.equal(endOf('max_age: 9999999999\n'), 31_557_600);
    assert.equal(endOf('mode: enforce\r\nmax_age \t:  600\r\nmax_age: 700\r\n'), 600);
    assert.equal(endOf('x: max_age: 5\nmax_age:\t600'), 600);
    assert.equal(endOf('max_age: 600\n', T0 + 5_000), 5);
    const short = { ...row, policy_text: 'max_age: 600\n' };
    assert.equal(heldOf(short).refreshAt, T0 + 360_001);
    assert.equal(heldOf({ ...short, failures_in_a_row: 1 }).refreshAt, T0 + 600_001);
    assert.equal(heldOf({ ...short, next_refresh_at: T0 + 1 }).refreshAt, T0 + 1);
  });
});
