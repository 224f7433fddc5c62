import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock, settle } from '../clock.fixture.ts';
import { loadConfig } from '../config/load-config.ts';
import { mapResolver } from '../dns/map-resolver.fixture.ts';
import { silentLog } from '../log/log.ts';
import { rig, type Rig } from '../mta-sts/fake-network.fixture.ts';
import { MINUTE, T0 } from '../mta-sts/life-cycle.fixture.ts';
import { openStore } from '../store/open-store.ts';
import type { Engine } from './engine-types.ts';
import { createEngine } from './engine.ts';

const HOP = { kind: 'domain', domain: 'd.test', port: 25 } as const;

interface Nodes {
  readonly engine: Engine;
  /** The other node: the policy cache alone, on the same table. */
  readonly other: Rig;
  readonly clock: FakeClock;
}

/** An engine and another node with one table; d.test has the policy `enforce a`. */
async function withNodes(test: (nodes: Nodes) => Promise<void>): Promise<void> {
  const store = await openStore('sqlite::memory:');
  const clock = new FakeClock(T0);
  const other = rig({ store, clock, owner: 'other' });
  other.network.publish('d.test', 'a', 'enforce');
  await other.policies.lookup('d.test');
  await settle();
  const records = {
    'd.test': { MX: [{ preference: 10, exchange: 'mx1.d.test' }] },
    'mx1.d.test': { A: ['192.0.2.1'] },
  };
  const engine = createEngine({
    config: loadConfig().value ?? assert.fail('no defaults'),
    clock,
    log: silentLog,
    store,
    // An hour: what ends a decision here is news of the policy.
    resolver: mapResolver({ clock, records, ttl: 3_600 }),
  });
  engine.policies.start();
  await settle();
  try {
    await test({ engine, other, clock });
  } finally {
    await engine.close();
    await other.policies.close();
    await store.close();
  }
}

const modeOf = async (engine: Engine): Promise<string | undefined> =>
  (await engine.decide(HOP)).policy.sts?.mode;

describe('an engine beside other nodes', () => {
  it('E13: a policy that another node fetched ends the decisions made with the older one', async () => {
    await withNodes(async ({ engine, other, clock }) => {
      assert.equal(await modeOf(engine), 'enforce');
      await clock.advance(2 * MINUTE);
      assert.notEqual(engine.warm('d.test'), undefined);
      other.network.publish('d.test', 'b', 'testing');
      await other.policies.refresh('d.test');
      await settle();
      assert.notEqual(engine.warm('d.test'), undefined);
      await clock.advance(2 * MINUTE);
      assert.equal(engine.warm('d.test'), undefined);
      assert.equal(await modeOf(engine), 'testing');
    });
  });

  it('E13: an order to forget, given to another process, reaches them too', async () => {
    await withNodes(async ({ engine, other, clock }) => {
      await modeOf(engine);
      clock.jumpTo(T0 + 1_000);
      await other.policies.purge('d.test');
      await clock.advance(2 * MINUTE);
      assert.equal(engine.warm('d.test'), undefined);
      assert.equal(engine.policies.peek('d.test'), undefined);
    });
  });

  it('E13: an order to forget given here ends them at once', async () => {
    await withNodes(async ({ engine }) => {
      await modeOf(engine);
      assert.notEqual(engine.warm('d.test'), undefined);
      await engine.policies.purge('d.test');
      assert.equal(engine.warm('d.test'), undefined);
    });
  });
});
