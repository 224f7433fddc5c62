/**
 * A pool of sessions before servers without sockets, for tests.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { FakeClock } from '../../clock.fixture.ts';
import { createLabCa } from '../../lab/pki/ca.ts';
import { KNOBS, NOW, stsPolicy } from '../../tls-policy/evidence.fixture.ts';
import { fakeNetwork, type FakeNetwork } from '../../tls-policy/network.fixture.ts';
import { ADDRESS, hostWith, leafOf, MX, sts } from '../../tls-policy/requirements.fixture.ts';
import type { DecisionRecord, HostPolicy, Requirement } from '../../tls-policy/types.ts';
import { createSessionPool } from './session-pool.ts';
import {
  isFull,
  type PoolSettings,
  type SessionLease,
  type SessionPool,
  type SessionWish,
} from './types.ts';

/** The certificate of the host. */
export const good = leafOf(createLabCa().issue([MX]));
/** It asks for a name in its policy. */
export const STS: Requirement = { kind: 'sts', sts: sts('enforce') };
/** Twenty sessions with a host. */
export const SETTINGS: PoolSettings = {
  idleMs: 5_000,
  messagesPerSession: 100,
  maxIdle: 10,
  perHost: { most: 20, perMinute: 0 },
};

/** A pool, and what it stands on. */
export interface Rig {
  readonly clock: FakeClock;
  readonly pool: SessionPool;
  readonly network: FakeNetwork;
  /** Asks for a session, hands it back, and says whether it was a kept one. */
  readonly use: (wish?: Partial<WishOptions>) => Promise<boolean>;
  readonly wish: (wish?: Partial<WishOptions>) => SessionWish;
}

/** What a test may wish otherwise. */
export interface WishOptions extends Pick<
  SessionWish,
  'demand' | 'authUser' | 'from' | 'whenFull' | 'turn'
> {
  readonly host: HostPolicy;
  readonly decision: DecisionRecord;
  readonly open: Partial<SessionWish['open']>;
}

/** A decision that rests on this policy. */
export function decisionWith(status = stsPolicy('enforce')): DecisionRecord {
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
/** The decision that every wish rests on. */
export const DECISION = decisionWith();

/** A pool without sessions, before two servers without sockets. */
export function rig(settings: Partial<PoolSettings> = {}): Rig {
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
export async function had(pool: SessionPool, wish: SessionWish): Promise<SessionLease> {
  const leased = await pool.lease(wish);
  assert.ok(!isFull(leased));
  return leased;
}
