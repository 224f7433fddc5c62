import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../clock.fixture.ts';
import { stsPolicy } from '../../tls-policy/evidence.fixture.ts';
import { ADDRESS, dane, hostWith, otherDane, sts } from '../../tls-policy/requirements.fixture.ts';
import {
  DECISION,
  decisionWith,
  good,
  had,
  rig,
  SETTINGS,
  STS,
  type WishOptions,
} from './session-pool.fixture.ts';

describe('session pool', () => {
  it('STS-5-R2: the same host under the same requirement shares a session', async () => {
    const { use, network, pool } = rig();
    assert.equal(await use(), false);
    assert.equal(await use(), true);
    // Decided anew, and the same.
    assert.equal(await use({ host: hostWith(STS), decision: decisionWith() }), true);
    assert.equal(network.only('connect').length, 1);
    assert.deepEqual(pool.numbers(), { idle: 1, inUse: 0, opened: 1, reused: 2, stale: 0 });
    await pool.close();
    assert.deepEqual(network.only('quit'), [`quit ${ADDRESS}`]);
  });

  it('STS-5-R2: whatever could change what a session must show keeps messages apart', async () => {
    const newId = stsPolicy('enforce');
    assert.ok(newId.kind === 'policy');
    const { active } = newId;
    const otherText = {
      ...active,
      policy: { ...active.policy, text: `${active.policy.text}\r\n` },
    };
    const others: Record<string, Partial<WishOptions>> = {
      'another requirement': { host: hostWith({ kind: 'opportunistic' }) },
      'another mode': {
        host: hostWith({ kind: 'opportunistic', testing: sts('testing') }),
      },
      'another policy domain': {
        host: hostWith({ kind: 'sts', sts: sts('enforce', { policyDomain: 'other.test' }) }),
      },
      'another policy id': { host: hostWith({ kind: 'sts', sts: sts('enforce', { id: 'id2' }) }) },
      'another policy text': { decision: decisionWith({ ...newId, active: otherText }) },
      'TLSA records': { host: hostWith({ kind: 'dane', dane: dane(good) }) },
      'another SNI name': { host: hostWith(STS, { servername: 'other.test' }) },
      'another host': { host: hostWith(STS, { host: 'mx2.example.test' }) },
      'another port': { host: hostWith(STS, { port: 587 }) },
      'another address': { open: { address: '192.0.2.2' } },
      'another demand': { demand: 'require-tls' },
      'policies that are only watched': {
        demand: 'report-only',
        open: { policyUse: 'report-only' },
      },
      'another EHLO name': { open: { heloName: 'them.test' } },
      'another source address': { open: { localAddress: '192.0.2.77' } },
      'another user': { authUser: 'alice' },
      'other trust anchors': { open: { ca: ['another list'] } },
    };
    for (const [what, other] of Object.entries(others)) {
      const { use, pool } = rig();
      await use();
      const lease = await had(pool, rig().wish(other));
      assert.equal(lease.reused, false, what);
      await lease.release();
      await pool.close();
    }
  });

  it('other TLSA records keep messages apart', async () => {
    const { pool, wish, network } = rig();
    const first = await had(pool, wish({ host: hostWith({ kind: 'dane', dane: dane(good) }) }));
    await first.release();
    const second = await had(pool, wish({ host: hostWith({ kind: 'dane', dane: otherDane() }) }));
    assert.equal(second.attempt.kind, 'refused');
    await second.release();
    assert.equal(network.only('connect').length, 2);
    await pool.close();
  });

  it('a session that waits too long is closed', async () => {
    const { use, pool, clock, network } = rig();
    await use();
    await clock.advance(4_999);
    assert.equal(await use(), true);
    await clock.advance(10_000);
    assert.equal(pool.numbers().idle, 0);
    assert.deepEqual(network.only('quit'), [`quit ${ADDRESS}`]);
    assert.equal(await use(), false);
    await pool.close();
    assert.equal(clock.waiting, 0);
  });

  it('it carries so many messages and lives so long, no more', async () => {
    const few = rig({ messagesPerSession: 3 });
    const reused: boolean[] = [];
    for (let message = 0; message < 4; message += 1) reused.push(await few.use());
    assert.deepEqual(reused, [false, true, true, false]);
    await few.pool.close();
    const old = rig();
    await old.use();
    for (let second = 0; second < 300; second += 4) {
      await old.clock.advance(4_000);
      await old.use();
    }
    assert.equal(old.network.only('connect').length, 2);
    await old.pool.close();
  });

  it('settings: none kept, and not more than so many', async () => {
    const none = rig({ idleMs: 0 });
    await none.use();
    assert.equal(await none.use(), false);
    await none.pool.close();
    const one = rig({ maxIdle: 1 });
    await one.use();
    await one.use({ open: { address: '192.0.2.2' } });
    assert.equal(one.pool.numbers().idle, 1);
    assert.deepEqual(one.network.only('quit'), [`quit ${ADDRESS}`]);
    await one.pool.close();
  });

  it('two at once have two, and both are kept', async () => {
    const { pool, wish } = rig();
    const leases = await Promise.all([had(pool, wish()), had(pool, wish())]);
    assert.equal(pool.numbers().inUse, 2);
    for (const lease of leases) await lease.release();
    assert.equal(pool.numbers().idle, 2);
    await pool.close();
  });

  it('after a change of settings nothing of before is used again', async () => {
    const { pool, use, wish } = rig();
    await use();
    const lent = await had(pool, wish({ demand: 'report-only' }));
    pool.configure(SETTINGS);
    await lent.release();
    await settle();
    assert.equal(pool.numbers().idle, 0);
    assert.equal(await use(), false);
    await pool.close();
  });

  it('one event for each real session', async () => {
    const { pool, wish } = rig();
    let events = 0;
    const open = { onAttempt: () => (events += 1) };
    for (let message = 0; message < 3; message += 1) {
      await (await had(pool, wish({ open }))).release();
    }
    assert.equal(events, 1);
    await pool.close();
  });

  it('RFC 8460 §4.3: domains that share a session are told of it, each once', async () => {
    const { pool, wish } = rig();
    const told: string[] = [];
    const other = decisionWith();
    const nextHop = { kind: 'domain', domain: 'other.test', port: 25 } as const;
    const decisions = { a: DECISION, b: { ...other, policy: { ...other.policy, nextHop } } };
    for (const name of ['a', 'b', 'a', 'b'] as const) {
      const open = { onAttempt: () => void told.push(name) };
      await (await had(pool, wish({ open, decision: decisions[name] }))).release();
    }
    assert.deepEqual(told, ['a', 'b']);
    assert.equal(pool.numbers().opened, 1);
    await pool.close();
  });
});
