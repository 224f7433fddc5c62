import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../clock.fixture.ts';
import type { Rig, RigOptions } from './fake-network.fixture.ts';
import { rig } from './fake-network.fixture.ts';
import { DAY, MINUTE, T0, record } from './life-cycle.fixture.ts';
import type { StsStatus } from './types.ts';

/** A cache that knows `enforce a` of d.test, and a network that has forgotten the questions. */
async function knowing(test: (rig: Rig) => Promise<void>, options: RigOptions = {}): Promise<void> {
  const under = rig(options);
  const { policies, network } = under;
  network.publish('d.test', 'a', 'enforce');
  try {
    await policies.lookup('d.test');
    network.looked.length = 0;
    network.lookedFresh.length = 0;
    network.fetched.length = 0;
    await test(under);
  } finally {
    await policies.close();
  }
}

function idOf(status: StsStatus): string {
  return status.kind === 'policy' ? status.active.id : status.failure.code;
}

describe('who asks DNS past its cache', () => {
  it('a first contact takes what the resolver has', async () => {
    const { policies, network } = rig();
    await policies.lookup('d.test');
    assert.deepEqual(network.lookedFresh, [false]);
    await policies.close();
  });

  it('STS-5.1-5, STS-5-4: the look before a message is returned', async () => {
    await knowing(async ({ policies, network }) => {
      await policies.recheck('d.test');
      assert.deepEqual(network.lookedFresh, [true]);
    });
  });

  it('STS-3-1: the look for a new id behind a caller', async () => {
    await knowing(async ({ policies, network, clock }) => {
      clock.jumpTo(T0 + 5 * MINUTE);
      await policies.lookup('d.test');
      await settle();
      assert.deepEqual(network.lookedFresh, [true]);
    });
  });

  it('STS-10.2-2: the daily refresh', async () => {
    await knowing(async ({ policies, network, clock }) => {
      policies.start();
      await clock.advance(DAY + 2 * MINUTE);
      assert.deepEqual(network.lookedFresh, [true]);
    });
  });

  it('STS-5.1-R1: the renewal where no live MX host matches', async () => {
    await knowing(async ({ policies, network, clock }) => {
      clock.jumpTo(T0 + 5 * MINUTE);
      await policies.lookup('d.test', { mxHosts: ['mx.new.test'] });
      assert.deepEqual(network.lookedFresh, [true]);
    });
  });

  it('an operator', async () => {
    await knowing(async ({ policies, network }) => {
      await policies.refresh('d.test');
      assert.deepEqual(network.lookedFresh, [true]);
    });
  });
});

describe('who shares an attempt under way', () => {
  it('STS-5.1-5: a recheck does not take the answer of a look that began before it', async () => {
    await knowing(async ({ policies, network, clock }) => {
      const gate = Promise.withResolvers<void>();
      network.gate = gate.promise;
      clock.jumpTo(T0 + 5 * MINUTE);
      await policies.lookup('d.test');
      await settle();
      assert.equal(network.looked.length, 1);
      const rechecked = policies.recheck('d.test');
      gate.resolve();
      await rechecked;
      assert.equal(network.looked.length, 2);
    });
  });

  it('STS-5.1-5: nor is its fetch held back by the failure of that look', async () => {
    await knowing(async ({ policies, network, clock }) => {
      const gate = Promise.withResolvers<void>();
      network.change('d.test', { discovery: record('b'), gate: gate.promise });
      network.change('d.test', {
        fetch: { ok: false, failure: { code: 'HTTP_STATUS', detail: '' } },
      });
      clock.jumpTo(T0 + 5 * MINUTE);
      await policies.lookup('d.test');
      await settle();
      assert.deepEqual(network.fetched, ['d.test']);
      const rechecked = policies.recheck('d.test');
      await settle();
      gate.resolve();
      await rechecked;
      assert.equal(network.fetched.length, 2);
    });
  });

  it('STS-3.3-R3: two rechecks at once are one, and an id check is content with either', async () => {
    await knowing(async ({ policies, network }) => {
      const gate = Promise.withResolvers<void>();
      network.gate = gate.promise;
      const both = [policies.recheck('d.test'), policies.recheck('d.test')];
      await settle();
      gate.resolve();
      assert.deepEqual((await Promise.all(both)).map(idOf), ['a', 'a']);
      assert.equal(network.looked.length, 1);
    });
  });
});
