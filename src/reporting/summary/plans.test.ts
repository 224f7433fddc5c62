import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KyselyPlugin, PluginTransformQueryArgs } from 'kysely';
import { CompiledQuery } from 'kysely';
import { FakeClock } from '../../clock.fixture.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/types.ts';
import { recentFailures, recentPolicies, recentSenders } from '../alert/recent.ts';
import { summarize } from './summarize.ts';

/** How SQLite runs each statement of a task. */
async function plansOf(task: (store: Store) => Promise<unknown>): Promise<readonly string[]> {
  const store = await openStore('sqlite::memory:');
  const seen: PluginTransformQueryArgs[] = [];
  const noting: KyselyPlugin = {
    transformQuery: (args) => {
      seen.push(args);
      return args.node;
    },
    transformResult: async ({ result }) => await Promise.resolve(result),
  };
  await task({ ...store, db: store.db.withPlugin(noting) });
  const plans: string[] = [];
  for (const { node, queryId } of seen) {
    const { sql, parameters } = store.db.getExecutor().compileQuery(node, queryId);
    const { rows } = await store.db.executeQuery<{ detail: string }>(
      CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]),
    );
    plans.push(rows.map(({ detail }) => detail).join('; '));
  }
  await store.close();
  return plans;
}

const clock = new FakeClock();

describe('how SQLite sums up a million reports', () => {
  it('of one domain only its own sums are read', async () => {
    const plans = await plansOf(
      async (store) => await summarize({ store, clock, days: 30, domain: 'example.com' }),
    );
    assert.equal(plans.length, 5);
    for (const plan of plans) assert.doesNotMatch(plan, /SCAN/);
    for (const plan of plans.slice(0, 4)) assert.match(plan, /PRIMARY KEY \(domain=\?/);
    assert.match(plans[4]!, /received_report_not_counted/);
  });

  it('of all domains: months and senders in the order of the rows, no report is looked at', async () => {
    const plans = await plansOf(async (store) => await summarize({ store, clock, days: 365 }));
    const [senders, months] = plans;
    assert.match(senders!, /report_daily_sender/);
    assert.doesNotMatch(months!, /TEMP B-TREE/);
    assert.doesNotMatch(senders!, /TEMP B-TREE/);
    for (const plan of plans)
      assert.doesNotMatch(plan, /SCAN received|received_policy|received_raw/);
  });

  it('alerts jump over the years between the last days of each domain and sender', async () => {
    const plans = await plansOf(async (store) => {
      await recentSenders(store, 20_000, 'verified');
      await recentFailures(store, 20_000, 'verified');
      await recentPolicies(store, 20_000, 'verified');
    });
    const [senders, failures, policies] = plans;
    assert.match(senders!, /SEARCH s USING PRIMARY KEY \(domain=\? AND sender=\? AND day>\?\)/);
    assert.match(failures!, /SEARCH f USING PRIMARY KEY \(domain=\? AND day>\?\)/);
    assert.match(policies!, /received_policy_domain \(domain=\? AND day>\?\)/);
    for (const plan of plans) assert.doesNotMatch(plan, /SCAN (?:s|f|p|r|received\w*)\b/);
  });
});
