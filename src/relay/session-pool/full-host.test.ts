import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ADDRESS, hostWith } from '../../tls-policy/requirements.fixture.ts';
import type { HostSlot } from './host-gate.ts';
import { had, rig } from './session-pool.fixture.ts';
import { isFull } from './types.ts';

describe('session pool, a host that is full', () => {
  const one = { perHost: { most: 1, perMinute: 0 } };
  const other = { demand: 'report-only' } as const;

  it('is said to be full at once, and has room when a session is handed back', async () => {
    const { pool, wish, network } = rig(one);
    const first = await had(pool, wish());
    assert.deepEqual(await pool.lease(wish(other)), { full: `${ADDRESS}:25` });
    await (await had(pool, wish({ open: { address: '192.0.2.2' } }))).release();
    await first.release();
    await (await had(pool, wish())).release();
    assert.equal(network.only('connect').length, 2);
    await pool.close();
  });

  it('a session that waits makes room for one that is wanted', async () => {
    const { use, pool, network } = rig(one);
    await use();
    assert.equal(await use(other), false);
    assert.deepEqual(
      network.steps.filter((step) => /^(connect|quit) /.test(step)),
      [`connect ${ADDRESS}`, `quit ${ADDRESS}`, `connect ${ADDRESS}`],
    );
    assert.equal(pool.numbers().idle, 1);
    await pool.close();
  });

  it('a session in use is waited for where a new one would cost another domain its own', async () => {
    const { pool, wish, use, clock, network } = rig({ perHost: { most: 2, perMinute: 0 } });
    await use(other);
    const first = await had(pool, wish());
    const second = pool.lease(wish());
    await clock.advance(999);
    assert.equal(network.only('connect').length, 2);
    await first.release();
    const lease = await second;
    assert.ok(!isFull(lease) && lease.reused);
    await lease.release();
    assert.equal(await use(other), true);
    assert.equal(network.only('connect').length, 2);
    assert.equal(clock.waiting, 1);
    await pool.close();
    assert.equal(clock.waiting, 0);
  });

  it('it is not waited for without end, nor by more than there are', async () => {
    const { pool, wish, use, clock, network } = rig({ perHost: { most: 4, perMinute: 0 } });
    await use(other);
    const more = [await had(pool, wish()), await had(pool, wish()), await had(pool, wish())];
    const late = pool.lease(wish());
    await clock.advance(1_000);
    const fourth = await late;
    assert.ok(!isFull(fourth) && !fourth.reused);
    assert.equal(network.only('quit').length, 1);
    for (const lease of [...more, fourth]) await lease.release();
    await pool.close();
    assert.equal(clock.waiting, 0);
  });

  it('who waits for one that is not kept opens another at once', async () => {
    const most = { perHost: { most: 2, perMinute: 0 }, messagesPerSession: 2 };
    const { pool, wish, use, network } = rig(most);
    await use(other);
    assert.equal(await use(), false);
    const last = await had(pool, wish());
    assert.ok(last.reused);
    const next = pool.lease(wish());
    await last.release();
    const lease = await next;
    assert.ok(!isFull(lease) && !lease.reused);
    assert.equal(network.only('connect').length, 3);
    await lease.release();
    await pool.close();
  });

  it('who may stay has the next place, or goes without after a while', async () => {
    const { pool, wish, clock } = rig(one);
    const first = await had(pool, wish());
    const stays = pool.lease(wish({ ...other, whenFull: 'stay' }));
    const stopped = new AbortController();
    const aborted = pool.lease(wish({ whenFull: 'stay', open: { signal: stopped.signal } }));
    stopped.abort();
    assert.deepEqual(await aborted, { full: `${ADDRESS}:25` });
    await clock.advance(29_000);
    await first.release();
    const second = await stays;
    assert.ok(!isFull(second));
    const inVain = pool.lease(wish({ whenFull: 'stay' }));
    await clock.advance(30_000);
    assert.deepEqual(await inVain, { full: `${ADDRESS}:25` });
    await second.release();
    await (await had(pool, wish())).release();
    await pool.close();
    assert.equal(clock.waiting, 0);
  });

  it('who stood in line has the place that was kept', async () => {
    const { pool, wish, clock } = rig(one);
    const first = await had(pool, wish());
    const turns: HostSlot[] = [];
    pool.wait([`${ADDRESS}:25`], (slot) => void turns.push(slot));
    await clock.advance(0);
    await first.release();
    const [turn] = turns;
    assert.ok(turn !== undefined);
    assert.ok(isFull(await pool.lease(wish())));
    const lease = await had(pool, wish({ turn }));
    assert.ok(turn.claimed);
    await lease.release();
    // It stays with whoever waited, for another message.
    assert.ok(isFull(await pool.lease(wish())));
    assert.ok(turn.renew(1_000));
    await (await had(pool, wish({ turn }))).release();
    await clock.advance(1_000);
    assert.equal(turn.renew(1_000), false);
    turn.leave();
    await (await had(pool, wish())).release();
    await pool.close();
  });

  it('a host that nobody answers at, and one that is refused unseen, take no place for good', async () => {
    const { pool, wish } = rig(one);
    const dead = wish({ open: { address: '192.0.2.9' } });
    assert.equal((await had(pool, dead)).attempt.kind, 'unreachable');
    assert.equal((await had(pool, dead)).attempt.kind, 'unreachable');
    const lease = await had(pool, wish());
    const failure = { code: 'POLICY_MX_NOT_IN_POLICY', detail: 'no' } as const;
    const refused = hostWith({ kind: 'refused', failure, rule: 'STS' });
    assert.equal((await had(pool, wish({ host: refused }))).attempt.kind, 'refused');
    await lease.release();
    await pool.close();
  });
});
