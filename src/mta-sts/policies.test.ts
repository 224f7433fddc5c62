import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../clock.fixture.ts';
import type { Rig, RigOptions } from './fake-network.fixture.ts';
import { kindsOf, rig } from './fake-network.fixture.ts';
import { ABSENT, DAY, FAILED, HOUR, MINUTE, NO_FETCH, T0, record } from './life-cycle.fixture.ts';
import type { PolicyEntry, StsStatus } from './types.ts';

async function withRig(test: (rig: Rig) => Promise<void>, options: RigOptions = {}): Promise<void> {
  const under = rig(options);
  try {
    await test(under);
  } finally {
    await under.policies.close();
  }
}

/** `enforce a` for a policy, the error code for none. */
function short(status: StsStatus | undefined): string {
  if (status === undefined) return 'unknown';
  if (status.kind === 'none') return status.failure.code;
  return `${status.active.policy.mode} ${status.active.id}`;
}

const BROKEN = { ok: false, failure: NO_FETCH } as const;

describe('lookup', () => {
  it('STS-5.1-3: the first contact fetches, the second answers from memory (E1)', async () => {
    await withRig(async ({ policies, network }) => {
      network.publish('d.test', 'a', 'enforce');
      const first = await policies.lookup('d.test');
      assert.equal(first.kind === 'policy' && first.active.source, 'fetched');
      const second = await policies.lookup('d.test');
      assert.equal(second.kind === 'policy' && second.active.source, 'cache');
      assert.equal(second.kind === 'policy' && second.active.expiresAt, T0 + 7 * DAY);
      assert.deepEqual(network.fetched, ['d.test']);
    });
  });

  it('STS-3.4-R4, STS-3.3-R6: every spelling of a name is one entry', async () => {
    await withRig(async ({ policies, network }) => {
      network.publish('xn--mnchen-3ya.test', 'a', 'enforce');
      assert.equal(short(await policies.lookup('München.test.')), 'enforce a');
      assert.equal(short(await policies.lookup('XN--MNCHEN-3YA.TEST')), 'enforce a');
      assert.equal(network.fetched.length, 1);
      assert.equal(short(await policies.lookup('a..b')), 'DNS_NAME_INVALID');
    });
  });

  it('STS-3.3-R3: a thousand questions at once make one fetch (E16)', async () => {
    await withRig(async ({ policies, network }) => {
      network.publish('d.test', 'a', 'enforce');
      const asked = Array.from({ length: 1_000 }, async () => await policies.lookup('d.test'));
      const answers = await Promise.all(asked);
      assert.ok(answers.every((status) => short(status) === 'enforce a'));
      assert.equal(network.fetched.length, 1);
      assert.equal(network.looked.length, 1);
    });
  });

  it('STS-3.3-13: record, no fetch, no cache: no policy, and none tried for five minutes (B19)', async () => {
    await withRig(async ({ policies, network, clock }) => {
      network.change('d.test', { discovery: record('a'), fetch: BROKEN });
      const status = await policies.lookup('d.test');
      assert.equal(short(status), 'STS_POLICY_INVALID');
      assert.equal(status.kind === 'none' && status.recordId, 'a');
      clock.jumpTo(T0 + 5 * MINUTE - 1);
      await policies.lookup('d.test');
      assert.equal(network.fetched.length, 1);
      clock.jumpTo(T0 + 5 * MINUTE);
      await policies.lookup('d.test');
      assert.equal(network.fetched.length, 2);
    });
  });

  it('STS-3.3-13: no record, or no answer from DNS (A13, A14)', async () => {
    await withRig(async ({ policies, network }) => {
      network.change('failed.test', { discovery: FAILED });
      assert.equal(short(await policies.lookup('absent.test')), 'STS_RECORD_NONE');
      assert.equal(short(await policies.lookup('failed.test')), 'DNS_SERVFAIL');
      assert.equal(short(policies.peek('failed.test')), 'DNS_SERVFAIL');
      assert.deepEqual(network.fetched, []);
    });
  });

  it('the budget ends the wait, not the fetch', async () => {
    await withRig(async ({ policies, network, clock }) => {
      network.publish('d.test', 'a', 'enforce');
      const gate = Promise.withResolvers<void>();
      network.change('d.test', { gate: gate.promise });
      const asked = policies.lookup('d.test', { budgetMs: 2_000 });
      await clock.advance(2_000);
      assert.equal(short(await asked), 'STS_FIRST_CONTACT_PENDING');
      gate.resolve();
      await settle();
      assert.equal(short(policies.peek('d.test')), 'enforce a');
      assert.equal(network.fetched.length, 1);
    });
  });

  it('a caller that gives up gets its own reason; the fetch goes on', async () => {
    await withRig(async ({ policies, network }) => {
      network.publish('d.test', 'a', 'enforce');
      const stop = new AbortController();
      const asked = policies.lookup('d.test', { signal: stop.signal });
      stop.abort(new Error('enough'));
      await assert.rejects(asked, /enough/);
      await settle();
      assert.equal(short(policies.peek('d.test')), 'enforce a');
    });
  });

  it('max_age 0 serves its attempt alone', async () => {
    await withRig(async ({ policies, network }) => {
      network.publish('d.test', 'a', 'enforce', 0);
      assert.equal(short(await policies.lookup('d.test')), 'enforce a');
      assert.equal(policies.peek('d.test'), undefined);
      assert.equal(short(await policies.lookup('d.test')), 'enforce a');
      assert.equal(network.fetched.length, 2);
    });
  });

  it('STS-5.1-1: max_age 1 s: after two seconds it is fetched again (E16)', async () => {
    await withRig(async ({ policies, network, clock }) => {
      network.publish('d.test', 'a', 'enforce', 1);
      await policies.lookup('d.test');
      clock.jumpTo(T0 + 1_000);
      await policies.lookup('d.test');
      assert.equal(network.fetched.length, 1);
      clock.jumpTo(T0 + 2_000);
      await policies.lookup('d.test');
      assert.equal(network.fetched.length, 2);
    });
  });
});

describe('a new id', () => {
  it('STS-3-1: is noticed behind the caller after five minutes, never on its path (E2)', async () => {
    await withRig(async ({ policies, network, clock }) => {
      network.publish('d.test', 'a', 'enforce');
      await policies.lookup('d.test');
      network.publish('d.test', 'b', 'testing');
      clock.jumpTo(T0 + 5 * MINUTE - 1);
      assert.equal(short(await policies.lookup('d.test')), 'enforce a');
      await settle();
      assert.equal(network.looked.length, 1);
      clock.jumpTo(T0 + 5 * MINUTE);
      assert.equal(short(await policies.lookup('d.test')), 'enforce a');
      await settle();
      assert.equal(short(await policies.lookup('d.test')), 'testing b');
      assert.equal(network.looked.length, 2);
    });
  });

  it('STS-3.3-14: whose fetch fails keeps the old policy and alerts (E3)', async () => {
    await withRig(async ({ policies, network, clock, events }) => {
      network.publish('d.test', 'a', 'enforce');
      await policies.lookup('d.test');
      network.change('d.test', { discovery: record('b'), fetch: BROKEN });
      clock.jumpTo(T0 + HOUR);
      await policies.lookup('d.test');
      await settle();
      const status = await policies.lookup('d.test');
      assert.equal(short(status), 'enforce a');
      assert.equal(
        status.kind === 'policy' && status.active.refreshFailure?.code,
        'STS_POLICY_INVALID',
      );
      assert.deepEqual(kindsOf(events), ['policy-fetched', 'refresh-failed']);
    });
  });

  it('STS-3.1-16: a record that is gone, or two of them, change nothing (E4, E5, E6, A5)', async () => {
    for (const discovery of [ABSENT, FAILED]) {
      await withRig(async ({ policies, network, clock }) => {
        network.publish('d.test', 'a', 'enforce');
        await policies.lookup('d.test');
        network.change('d.test', { discovery, fetch: BROKEN });
        clock.jumpTo(T0 + 7 * DAY);
        await policies.lookup('d.test');
        await settle();
        assert.equal(short(await policies.lookup('d.test')), 'enforce a');
        clock.jumpTo(T0 + 7 * DAY + 1);
        assert.notEqual(short(await policies.lookup('d.test')), 'enforce a');
      });
    }
  });
});

describe('recheck', () => {
  it('STS-5-4, STS-5.1-5, STS-10.3-1: before a message is returned a new id is fetched, back-off or not', async () => {
    await withRig(async ({ policies, network, clock }) => {
      network.publish('d.test', 'a', 'enforce');
      await policies.lookup('d.test');
      network.change('d.test', { discovery: record('b'), fetch: BROKEN });
      clock.jumpTo(T0 + 5 * MINUTE);
      await policies.lookup('d.test');
      await settle();
      network.publish('d.test', 'b', 'none');
      clock.jumpTo(T0 + 6 * MINUTE);
      assert.equal(short(await policies.recheck('d.test')), 'none b');
    });
  });

  it('STS-5-5: without a newer policy the old one stays', async () => {
    await withRig(async ({ policies, network }) => {
      network.publish('d.test', 'a', 'enforce');
      await policies.lookup('d.test');
      assert.equal(short(await policies.recheck('d.test')), 'enforce a');
      assert.equal(network.looked.length, 2);
      assert.equal(network.fetched.length, 1);
    });
  });

  it('STS-5.1-R1: heals a policy that was fetched under the id of a newer one', async () => {
    await withRig(async ({ policies, network, clock }) => {
      network.publish('d.test', 'b', 'enforce', 86_400, ['old.test']);
      await policies.lookup('d.test');
      network.publish('d.test', 'b', 'enforce', 86_400, ['new.test']);
      clock.jumpTo(T0 + 5 * MINUTE);
      const status = await policies.recheck('d.test');
      assert.deepEqual(status.kind === 'policy' && status.active.policy.mx, ['new.test']);
    });
  });
});

describe('the live MX hosts', () => {
  it('match nothing: the policy is renewed before the answer, then not for five minutes (E7)', async () => {
    await withRig(async ({ policies, network, clock, events }) => {
      network.publish('d.test', 'a', 'enforce');
      await policies.lookup('d.test', { mxHosts: ['mx1.d.test'] });
      network.publish('d.test', 'a', 'enforce', 86_400, ['*.new.test']);
      clock.jumpTo(T0 + 5 * MINUTE);
      const status = await policies.lookup('d.test', { mxHosts: ['mx.new.test'] });
      assert.deepEqual(status.kind === 'policy' && status.active.policy.mx, ['*.new.test']);
      assert.equal(network.fetched.length, 2);
      await policies.lookup('d.test', { mxHosts: ['mx.other.test'] });
      assert.equal(network.fetched.length, 2);
      clock.jumpTo(T0 + 10 * MINUTE);
      await policies.lookup('d.test', { mxHosts: ['mx.other.test'] });
      assert.equal(network.fetched.length, 3);
      assert.equal(kindsOf(events).at(-1), 'no-mx-matches');
    });
  });

  it('are no reason to ask while the policy host is held back', async () => {
    await withRig(async ({ policies, network, clock }) => {
      network.publish('d.test', 'a', 'enforce');
      await policies.lookup('d.test');
      network.change('d.test', { fetch: BROKEN });
      const mxHosts = ['mx.other.test'];
      for (const minute of [5, 10, 11, 12]) {
        clock.jumpTo(T0 + minute * MINUTE);
        assert.equal(short(await policies.lookup('d.test', { mxHosts })), 'enforce a');
      }
      assert.equal(network.fetched.length, 3);
      assert.equal(network.looked.length, 3);
    });
  });
});

describe('operators', () => {
  it('refresh fetches whatever the back-off; purge forgets; list and show tell', async () => {
    await withRig(async ({ policies, network }) => {
      network.change('d.test', { discovery: record('a'), fetch: BROKEN });
      await policies.lookup('d.test');
      network.publish('d.test', 'a', 'enforce');
      assert.equal(short(await policies.refresh('d.test')), 'enforce a');
      const listed: PolicyEntry[] = [];
      for await (const entry of policies.list()) listed.push(entry);
      assert.deepEqual(
        listed.map((entry) => entry.active.policyDomain),
        ['d.test'],
      );
      assert.equal((await policies.show('D.test'))?.nextRefreshAt, T0 + DAY);
      assert.equal(await policies.purge('d.test'), true);
      assert.equal(await policies.purge('d.test'), false);
      assert.equal(policies.peek('d.test'), undefined);
      assert.equal(await policies.show('d.test'), undefined);
    });
  });
});

describe('bounded memory', () => {
  it('STS-3.3-R7: a flood of domains never pushes out an enforced policy in use (I9)', async () => {
    await withRig(
      async ({ policies, network, clock }) => {
        network.publish('victim.test', 'a', 'enforce', 31_557_600);
        await policies.lookup('victim.test');
        for (let turn = 0; turn < 3_000; turn += 1) {
          if (turn % 2 === 0) network.publish(`x${turn}.test`, 'a', 'enforce', 31_557_600);
          await policies.lookup(`x${turn}.test`);
        }
        assert.equal(short(policies.peek('victim.test')), 'enforce a');
        assert.equal(policies.stats().entries, 20);
        // A newcomer that finds no room is still served.
        network.publish('late.test', 'a', 'enforce');
        assert.equal(short(await policies.lookup('late.test')), 'enforce a');
        assert.equal(policies.stats().entries, 20);
        clock.jumpTo(T0 + 31 * DAY);
        await policies.lookup('victim.test');
        network.publish('new.test', 'a', 'enforce');
        await policies.lookup('new.test');
        assert.equal(short(policies.peek('new.test')), 'enforce a');
        assert.equal(short(policies.peek('victim.test')), 'enforce a');
      },
      { settings: { maxEntries: 20 } },
    );
  });

  it('policies of mode none make room first', async () => {
    await withRig(
      async ({ policies, network }) => {
        for (const [name, mode] of [
          ['n.test', 'none'],
          ['e.test', 'enforce'],
          ['f.test', 'enforce'],
        ] as const) {
          network.publish(name, 'a', mode);
          await policies.lookup(name);
        }
        assert.equal(policies.peek('n.test'), undefined);
        const { entries, enforced, testing } = policies.stats();
        assert.deepEqual({ entries, enforced, testing }, { entries: 2, enforced: 2, testing: 0 });
      },
      { settings: { maxEntries: 2 } },
    );
  });
});

describe('events', () => {
  it('STS-8.3-R1: none frees at once and is told (E13, F3)', async () => {
    await withRig(async ({ policies, network, events }) => {
      network.publish('d.test', 'a', 'enforce');
      await policies.lookup('d.test');
      network.publish('d.test', 'b', 'none');
      assert.equal(short(await policies.refresh('d.test')), 'none b');
      assert.equal(short(await policies.lookup('d.test')), 'none b');
      assert.deepEqual(kindsOf(events), ['policy-fetched', 'policy-fetched', 'policy-weakened']);
    });
  });
});
