import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../../clock.fixture.ts';
import { createLabCa } from '../../lab/pki/ca.ts';
import { KNOBS, NOW, stsPolicy } from '../../tls-policy/evidence.fixture.ts';
import { fakeNetwork, type FakeNetwork } from '../../tls-policy/network.fixture.ts';
import {
  ADDRESS,
  dane,
  hostWith,
  leafOf,
  MX,
  otherDane,
  sts,
} from '../../tls-policy/requirements.fixture.ts';
import type { DecisionRecord, HostPolicy, Requirement } from '../../tls-policy/types.ts';
import type { HostSlot } from './host-gate.ts';
import { createSessionPool } from './session-pool.ts';
import {
  isFull,
  type PoolSettings,
  type SessionLease,
  type SessionPool,
  type SessionWish,
} from './types.ts';

const good = leafOf(createLabCa().issue([MX]));
const STS: Requirement = { kind: 'sts', sts: sts('enforce') };
const SETTINGS: PoolSettings = {
  idleMs: 5_000,
  messagesPerSession: 100,
  maxIdle: 10,
  perHost: { most: 20, perMinute: 0 },
};

interface Rig {
  readonly clock: FakeClock;
  readonly pool: SessionPool;
  readonly network: FakeNetwork;
  /** Asks for a session, hands it back, and says whether it was a kept one. */
  readonly use: (wish?: Partial<WishOptions>) => Promise<boolean>;
  readonly wish: (wish?: Partial<WishOptions>) => SessionWish;
}

interface WishOptions extends Pick<
  SessionWish,
  'demand' | 'authUser' | 'from' | 'whenFull' | 'turn'
> {
  readonly host: HostPolicy;
  readonly decision: DecisionRecord;
  readonly open: Partial<SessionWish['open']>;
}

/** A decision that rests on this policy. */
function decisionWith(status = stsPolicy('enforce')): DecisionRecord {
  const nextHop = { kind: 'domain', domain: 'example.test', port: 25 } as const;
  const level = { mx: 'none', tls: 'none' } as const;
  return {
    version: 1,
    evidence: {
      nextHop,
      gatheredAt: NOW,
      hostsFrom: 'mx',
      mxSecurity: 'insecure',
      hosts: [],
      sts: status,
    },
    knobs: KNOBS,
    policy: { nextHop, outcome: 'deliver', hosts: [], level, expiresAt: NOW },
  };
}

const HOST = hostWith(STS);
const DECISION = decisionWith();

function rig(settings: Partial<PoolSettings> = {}): Rig {
  const clock = new FakeClock(NOW);
  const network = fakeNetwork({
    [ADDRESS]: { certificate: () => good },
    '192.0.2.2': { certificate: () => good },
  });
  const pool = createSessionPool({ clock, settings: { ...SETTINGS, ...settings } });
  const wish = (options: Partial<WishOptions> = {}): SessionWish => {
    const { host = HOST, decision = DECISION, open, demand = 'policy', ...more } = options;
    return {
      open: {
        hostPolicy: host,
        address: ADDRESS,
        ca: undefined,
        heloName: 'us.test',
        clock,
        connect: network.connect,
        ...open,
      },
      decision,
      demand,
      ...more,
    };
  };
  return {
    clock,
    pool,
    network,
    wish,
    async use(options) {
      const lease = await had(pool, wish(options));
      assert.equal(lease.attempt.kind, 'ready');
      await lease.release();
      return lease.reused;
    },
  };
}

/** A session, of a host that is not full. */
async function had(pool: SessionPool, wish: SessionWish): Promise<SessionLease> {
  const leased = await pool.lease(wish);
  assert.ok(!isFull(leased));
  return leased;
}

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
