import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { FakeClock, settle } from '../clock.fixture.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/types.ts';
import type { Rig } from './fake-network.fixture.ts';
import { rig } from './fake-network.fixture.ts';
import { DAY, FAILED, HOUR, MINUTE, NO_FETCH, T0 } from './life-cycle.fixture.ts';
import type { PolicyRow } from './policy-table.ts';
import { deleteRow, readRow, tombstoneOf, writeRow } from './policy-table.ts';
import type { StsStatus } from './types.ts';

const folder = mkdtempSync(join(tmpdir(), 'sts-shared-table-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function short(status: StsStatus | undefined): string {
  if (status === undefined) return 'unknown';
  if (status.kind === 'none') return status.failure.code;
  return `${status.active.policy.mode} ${status.active.id}`;
}

const BLOCKED = { discovery: FAILED, fetch: { ok: false, failure: NO_FETCH } } as const;

interface Two {
  readonly a: Rig;
  readonly b: Rig;
  readonly clockA: FakeClock;
  readonly clockB: FakeClock;
  readonly store: Store;
  /** Is node A cut off from the table? */
  readonly cut: { now: boolean };
}

/** Two nodes with a clock and a connection each, on one table. */
async function withTwo(test: (two: Two) => Promise<void>): Promise<void> {
  files += 1;
  const url = `sqlite:${join(folder, `${files}.sqlite`)}`;
  const storeA = await openStore(url);
  const store = await openStore(url);
  const cut = { now: false };
  const flaky: Store = {
    ...storeA,
    get db() {
      if (cut.now) throw new Error('connection refused');
      return storeA.db;
    },
  };
  const clockA = new FakeClock(T0);
  const clockB = new FakeClock(T0);
  const a = rig({ store: flaky, clock: clockA, owner: 'a' });
  const b = rig({ store, clock: clockB, owner: 'b' });
  try {
    for (const node of [b, a]) {
      node.network.publish('d.test', 'a', 'enforce', 2 * 86_400);
      node.policies.start();
    }
    await settle();
    await b.policies.lookup('d.test');
    await settle();
    await test({ a, b, clockA, clockB, store, cut });
  } finally {
    await Promise.all([a.policies.close(), b.policies.close()]);
    await Promise.all([storeA.close(), store.close()]);
  }
}

async function passBoth({ clockA, clockB }: Two, ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += MINUTE) {
    await clockA.advance(MINUTE);
    await clockB.advance(MINUTE);
  }
}

describe('what expires on one node', () => {
  it('STS-5.1-1: is still in force on another, whose clock is right', async () => {
    await withTwo(async (two) => {
      const { a, b, clockA, store } = two;
      await passBoth(two, 2 * MINUTE);
      assert.equal(short(a.policies.peek('d.test')), 'enforce a');
      a.network.change('d.test', BLOCKED);
      b.network.change('d.test', BLOCKED);
      clockA.jumpTo(clockA.now() + 365 * DAY);
      assert.equal(short(await a.policies.lookup('d.test')), 'DNS_SERVFAIL');
      await settle();
      await two.clockB.advance(3 * MINUTE);
      assert.equal(short(await b.policies.lookup('d.test')), 'enforce a');
      assert.notEqual((await readRow(store, 'd.test'))?.expires_at, 0);
    });
  });

  it('STS-5.1-1: leaves what another node fetched meanwhile, and takes it over', async () => {
    await withTwo(async (two) => {
      const { a, b, cut } = two;
      await passBoth(two, 2 * MINUTE);
      cut.now = true;
      a.network.change('d.test', BLOCKED);
      for (let hour = 0; hour < 49; hour += 1) {
        two.clockA.jumpTo(two.clockA.now() + HOUR);
        two.clockB.jumpTo(two.clockB.now() + HOUR);
        await two.clockA.advance(MINUTE);
        await two.clockB.advance(MINUTE);
        await a.policies.lookup('d.test');
      }
      assert.equal(a.policies.peek('d.test')?.kind === 'policy', false);
      assert.equal(short(b.policies.peek('d.test')), 'enforce a');
      b.network.change('d.test', BLOCKED);
      cut.now = false;
      await passBoth(two, 3 * MINUTE);
      assert.equal(short(b.policies.peek('d.test')), 'enforce a');
      assert.equal(short(await a.policies.lookup('d.test')), 'enforce a');
    });
  });
});

describe('forgetting on purpose', () => {
  it('counts from the order, not from the moment at which the table took it', async () => {
    await withTwo(async (two) => {
      const { a, b, cut } = two;
      await passBoth(two, 2 * MINUTE);
      cut.now = true;
      await a.policies.purge('d.test');
      await passBoth(two, 5 * MINUTE);
      await b.policies.refresh('d.test');
      await settle();
      cut.now = false;
      await passBoth(two, 3 * MINUTE);
      assert.equal(short(b.policies.peek('d.test')), 'enforce a');
      assert.equal(short(a.policies.peek('d.test')), 'enforce a');
    });
  });

  it('reaches the other node, however late the table takes it', async () => {
    await withTwo(async (two) => {
      const { a, b, cut } = two;
      await passBoth(two, 2 * MINUTE);
      cut.now = true;
      await a.policies.purge('d.test');
      await passBoth(two, 10 * MINUTE);
      cut.now = false;
      await passBoth(two, 3 * MINUTE);
      assert.equal(b.policies.peek('d.test'), undefined);
      assert.equal(a.policies.peek('d.test'), undefined);
    });
  });

  it('reaches the other node within seconds', async () => {
    await withTwo(async (two) => {
      const { a, b, clockB } = two;
      await passBoth(two, 2 * MINUTE);
      assert.equal(await a.policies.purge('d.test'), true);
      await clockB.advance(3_000);
      assert.equal(b.policies.peek('d.test'), undefined);
    });
  });

  it('what waited for the table is written when the node stops', async () => {
    await withTwo(async (two) => {
      const { a, cut, store } = two;
      cut.now = true;
      a.network.publish('late.test', 'a', 'enforce');
      assert.equal(short(await a.policies.lookup('late.test')), 'enforce a');
      await settle();
      cut.now = false;
      assert.equal(await readRow(store, 'late.test'), undefined);
      await a.policies.close();
      assert.equal((await readRow(store, 'late.test'))?.mode, 'enforce');
    });
  });

  it('works on a policy from a clock that is a little ahead', async () => {
    await withTwo(async (two) => {
      const { a, b, clockA, clockB } = two;
      clockA.jumpTo(T0 - MINUTE);
      assert.equal(await a.policies.purge('d.test'), true);
      await clockB.advance(2 * MINUTE);
      assert.equal(b.policies.peek('d.test'), undefined);
    });
  });
});

describe('a fetch after one that a clock a little ahead has dated', () => {
  it('takes its place in the table and at the other node', async () => {
    await withTwo(async (two) => {
      const { a, b, clockB, clockA, store } = two;
      await passBoth(two, MINUTE);
      const { fetched_at: before } = (await readRow(store, 'd.test')) as PolicyRow;
      const now = before - 30_000;
      clockA.jumpTo(now);
      a.network.publish('d.test', 'b', 'enforce');
      await a.policies.refresh('d.test');
      await settle();
      const row = (await readRow(store, 'd.test')) as PolicyRow;
      assert.equal(row.record_id, 'b');
      const maxAge = Number(/max_age: (\d+)/.exec(row.policy_text)?.[1]);
      assert.equal(row.expires_at, now + maxAge * 1_000, 'its life begins when it was fetched');
      await clockB.advance(MINUTE);
      assert.equal(short(b.policies.peek('d.test')), 'enforce b');
      await clockA.advance(2 * MINUTE);
      assert.equal(short(a.policies.peek('d.test')), 'enforce b');
    });
  });
});

describe('rows from a clock that is far ahead', () => {
  it('a forgotten domain is not forgotten', async () => {
    await withTwo(async (two) => {
      const ahead = T0 + 365 * DAY;
      await writeRow(two.store, tombstoneOf('d.test', { at: ahead, now: ahead }));
      await two.clockB.advance(3 * MINUTE);
      assert.equal(short(two.b.policies.peek('d.test')), 'enforce a');
    });
  });

  async function writeAhead({ store }: Two): Promise<void> {
    const row = (await readRow(store, 'd.test')) as PolicyRow;
    const ahead = T0 + 365 * DAY;
    await writeRow(store, {
      ...row,
      record_id: 'ahead',
      fetched_at: ahead,
      expires_at: ahead + 2 * DAY,
      changed_at: ahead,
    });
  }

  it('a policy does not take the place of one of today', async () => {
    await withTwo(async (two) => {
      await writeAhead(two);
      await two.clockB.advance(3 * MINUTE);
      assert.equal(short(two.b.policies.peek('d.test')), 'enforce a');
    });
  });

  it('a policy is better than none, and its life is counted from the first reading alone', async () => {
    await withTwo(async (two) => {
      await writeAhead(two);
      const { b, clockB } = two;
      b.network.change('d.test', BLOCKED);
      const again = await b.again();
      assert.equal(short(again.policies.peek('d.test')), 'enforce ahead');
      await clockB.advance(DAY);
      const third = await again.again();
      const status = third.policies.peek('d.test');
      assert.equal(short(status), 'enforce ahead');
      const left = status?.kind === 'policy' ? status.active.expiresAt - clockB.now() : 0;
      assert.ok(left <= DAY + MINUTE, `${left / DAY} days`);
      await clockB.advance(DAY + 5 * MINUTE);
      assert.notEqual(short(await third.policies.lookup('d.test')), 'enforce ahead');
      await third.policies.close();
    });
  });
});

describe('making room', () => {
  it('leaves a row that another node has renewed or used since', async () => {
    await withTwo(async ({ store }) => {
      const row = (await readRow(store, 'd.test')) as PolicyRow;
      const evicted = {
        domain: 'd.test',
        fetchedAt: row.fetched_at,
        lastUsedAt: row.last_used_at,
      };
      await deleteRow(store.db, { ...evicted, fetchedAt: row.fetched_at - 1 });
      await deleteRow(store.db, { ...evicted, lastUsedAt: row.last_used_at - 1 });
      assert.notEqual(await readRow(store, 'd.test'), undefined);
      await deleteRow(store.db, evicted);
      assert.equal(await readRow(store, 'd.test'), undefined);
    });
  });
});
