import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FakeClock } from '../src/clock.fixture.ts';
import { silentLog } from '../src/log/log.ts';
import {
  dropTally,
  readTally,
  tallyDays,
  tallySubjects,
  tallyTotals,
} from '../src/reporting/tally/read-tally.ts';
import {
  DAY,
  EXPIRED_DETAIL,
  NOON,
  session,
  STS_POLICY,
  SUBJECT,
  TLSA_POLICY,
} from '../src/reporting/tally/tally.fixture.ts';
import { PILE_LIMITS } from '../src/reporting/tally/pile.ts';
import { createTally } from '../src/reporting/tally/tally.ts';
import type { Tally } from '../src/reporting/types.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/types.ts';
import type { PostgresPeer } from './peers/postgres.ts';
import { startPostgres } from './peers/postgres.ts';
import { waitFor } from './peers/wait-for.ts';

const DAY_MS = 86_400_000;

describe('the tally on PostgreSQL', () => {
  let postgres: PostgresPeer;
  let store: Store;
  const nodes: { readonly tally: Tally; readonly own: Store }[] = [];

  /** A node with connections of its own. */
  async function startNode(kinds = PILE_LIMITS.kinds, clock = new FakeClock(NOON)): Promise<Tally> {
    const own = await openStore(postgres.url);
    const limits = { ...PILE_LIMITS, kinds };
    const tally = createTally({ store: own, clock, log: silentLog, flushMs: 5_000, limits });
    nodes.push({ tally, own });
    return tally;
  }

  before(async () => {
    postgres = await startPostgres();
    store = await openStore(postgres.url);
  });

  after(async () => {
    for (const { tally, own } of nodes) {
      await tally.close();
      await own.close();
    }
    await store.close();
    await postgres.stop();
  });

  it('nodes that write the same counts at the same time add up, and never wait for each other in a ring', async () => {
    const tallies = await Promise.all([startNode(), startNode(), startNode()]);
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(
        tallies.map(async (tally, node) => {
          // Each in an order of its own.
          for (let index = 0; index < 100; index += 1) {
            const number = (index * [1, 3, 7][node]!) % 100;
            const recipientDomain = `d${number}.test`;
            tally.count(session({ recipientDomain, policy: TLSA_POLICY }));
            const reasonCode = `r${number % 7}`;
            tally.count(
              session({ recipientDomain, failures: [{ ...EXPIRED_DETAIL, reasonCode }] }),
            );
          }
          await tally.flush();
        }),
      );
    }
    const { policies } = await readTally(store, { ...SUBJECT, domain: 'd8.test' });
    assert.deepEqual(policies, [
      { policy: TLSA_POLICY, successes: 15, failures: 0, details: [] },
      {
        policy: STS_POLICY,
        successes: 0,
        failures: 15,
        details: [{ ...EXPIRED_DETAIL, reasonCode: 'r1', count: 15 }],
      },
    ]);
    const host = await readTally(store, { day: DAY, scope: 'mx-host', domain: TLSA_POLICY.domain });
    assert.equal(host.policies[0]?.successes, 1_500);
    assert.equal((await tallySubjects(store, DAY)).length, 101);
    const totals = await tallyTotals(store, DAY);
    assert.equal(totals.get('d8.test'), 30);
    assert.equal(totals.get(TLSA_POLICY.domain), 1_500);
  });

  it('texts come back as they were', async () => {
    const tally = await startNode();
    const strings = ['a "quoted" \\ line', 'nul\u0000', 'ü 漢 😀', '\ud800 half'];
    tally.count(session({ recipientDomain: 'text.test', policy: { ...STS_POLICY, strings } }));
    await tally.flush();
    const { policies } = await readTally(store, { ...SUBJECT, domain: 'text.test' });
    assert.deepEqual(policies[0]?.policy.strings, strings);
  });

  it('G4: ways to fail are cut across nodes', async () => {
    const recipientDomain = 'kinds.test';
    for (const node of ['a', 'b']) {
      const tally = await startNode(10);
      for (let index = 0; index < 8; index += 1) {
        const failures = [{ ...EXPIRED_DETAIL, reasonCode: `${node}${index}` }];
        tally.count(session({ recipientDomain, failures }));
      }
      await tally.flush();
    }
    const { policies } = await readTally(store, { ...SUBJECT, domain: recipientDomain });
    assert.deepEqual([policies[0]?.failures, policies[0]?.details.length], [16, 10]);
  });

  it('a database that goes and comes back loses nothing and counts nothing twice', async () => {
    const clock = new FakeClock(NOON);
    const tally = await startNode(PILE_LIMITS.kinds, clock);
    const recipientDomain = 'away.test';
    tally.count(session({ recipientDomain }));
    await tally.flush();
    await postgres.halt();
    tally.count(session({ recipientDomain }));
    const flushed = tally.flush();
    await waitFor(() => !tally.stats().storeUp || undefined, { what: () => 'a write that fails' });
    await postgres.resume();
    tally.count(session({ recipientDomain }));
    const written = (): true | undefined => tally.stats().waiting === 0 || undefined;
    await waitFor(
      async () => {
        await clock.advance(60_000);
        return written();
      },
      { what: () => 'the write after it' },
    );
    await flushed;
    const { policies } = await readTally(store, { ...SUBJECT, domain: recipientDomain });
    assert.equal(policies[0]?.successes, 3);
  });

  it('RPT-AGG-6: old days are dropped, newer ones stay', async () => {
    const tally = await startNode();
    tally.count(session({ recipientDomain: 'old.test', at: NOON - DAY_MS }));
    await tally.flush();
    assert.deepEqual(await tallyDays(store), [DAY - 1, DAY]);
    assert.equal(await dropTally(store, DAY), 1);
    assert.deepEqual(await tallyDays(store), [DAY]);
  });
});
