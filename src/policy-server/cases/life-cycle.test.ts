import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rig, type Rig } from '../../mta-sts/fake-network.fixture.ts';
import { ABSENT, DAY, FAILED, NO_FETCH, record, T0 } from '../../mta-sts/life-cycle.fixture.ts';
import { hostEvidence, mxEvidence } from '../../tls-policy/evidence.fixture.ts';
import { levelFor, lineFor } from '../level.fixture.ts';

const SECURE = 'OK secure match=mx1.d.test servername=hostname';
const BROKEN = { ok: false, failure: NO_FETCH } as const;

/** What an MTA is told now, of a domain with one unsigned MX host. */
async function told({ policies }: Rig): Promise<string> {
  const sts = await policies.lookup('d.test', { mxHosts: ['mx1.d.test'] });
  const nextHop = { kind: 'domain', domain: 'd.test', port: 25 } as const;
  const evidence = mxEvidence([hostEvidence('mx1.d.test')], {
    mxSecurity: 'insecure',
    nextHop,
    sts,
  });
  return lineFor('postfix', levelFor(evidence));
}

/** First contact with an enforced policy of a week; then the test changes the world. */
async function afterFirstContact(test: (under: Rig) => Promise<void>): Promise<void> {
  const under = rig();
  try {
    under.network.publish('d.test', 'a', 'enforce');
    assert.equal(await told(under), SECURE);
    await test(under);
  } finally {
    await under.policies.close();
  }
}

describe('E: the life of a policy as an MTA sees it', () => {
  for (const [id, what, discovery] of [
    ['E4', 'the record is gone', ABSENT],
    ['E5', 'the record cannot be looked up', FAILED],
  ] as const) {
    it(`${id}: ${what}: the policy holds until its end`, async () => {
      await afterFirstContact(async (under) => {
        under.network.change('d.test', { discovery, fetch: BROKEN });
        under.clock.jumpTo(T0 + 7 * DAY - 1000);
        assert.equal(await told(under), SECURE);
      });
    });
  }

  it('E3: a new id whose policy cannot be fetched changes nothing', async () => {
    await afterFirstContact(async (under) => {
      under.network.change('d.test', { discovery: record('b'), fetch: BROKEN });
      await under.policies.refresh('d.test');
      assert.equal(await told(under), SECURE);
    });
  });

  it('E2: a new policy is told once it is fetched', async () => {
    await afterFirstContact(async (under) => {
      under.network.publish('d.test', 'b', 'enforce', 86_400, ['*.d.test']);
      await under.policies.refresh('d.test');
      assert.equal(await told(under), 'OK secure match=.d.test servername=hostname');
    });
  });

  it('E8, E9: after its end, and no fetch: no policy, whatever the record says', async () => {
    await afterFirstContact(async (under) => {
      under.network.change('d.test', { fetch: BROKEN });
      under.clock.jumpTo(T0 + 7 * DAY + 1000);
      assert.equal(await told(under), 'NOTFOUND ');
    });
  });

  it('E13: none frees at once', async () => {
    await afterFirstContact(async (under) => {
      under.network.publish('d.test', 'b', 'none');
      await under.policies.refresh('d.test');
      assert.equal(await told(under), 'NOTFOUND ');
    });
  });

  it('E15: testing is not enforced any more', async () => {
    await afterFirstContact(async (under) => {
      under.network.publish('d.test', 'b', 'testing');
      await under.policies.refresh('d.test');
      assert.equal(await told(under), 'NOTFOUND ');
    });
  });
});
