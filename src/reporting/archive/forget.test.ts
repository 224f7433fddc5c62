import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store } from '../../store/types.ts';
import type { ReceivedReport } from '../../tlsrpt/report.ts';
import {
  archiveRig,
  DAY_MS,
  incoming,
  policyResult,
  report,
  sumsOf,
  taken,
} from './archive.fixture.ts';
import { listReports } from './read-archive.ts';

const EVERY = { domains: ['*'] } as const;
const BY_HTTPS = { way: 'https', authenticity: { kind: 'unauthenticated', notes: [] } } as const;

/** A report about more domains than are noted in its row. */
function ofMany(reportId = 'many'): ReceivedReport {
  const policies = Array.from({ length: 260 }, (_, index) =>
    policyResult([1, 0], { domain: `d${index}.test` }),
  );
  return report({ reportId, policies });
}

/** Everything in the store that names it. */
async function tracesOf(store: Store, domain: string): Promise<number> {
  const named = new RegExp(`(?<![a-z0-9])${domain.replaceAll('.', '\\.')}`);
  let count = 0;
  for (const table of ['received_report', 'received_raw', 'received_policy'] as const) {
    for (const row of await store.db.selectFrom(table).selectAll().execute()) {
      const values = Object.values(row).map((value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString() : String(value),
      );
      if (values.some((value) => named.test(value))) count += 1;
    }
  }
  const { daily, senders } = await sumsOf(store);
  return count + [...daily, ...senders].filter((line) => line.startsWith(`${domain} `)).length;
}

describe('forgetting a domain of a report about hundreds', () => {
  for (const domain of ['d3.test', 'd259.test']) {
    it(`D7: nothing of ${domain} is left, and reading again brings nothing back`, async () => {
      await using rig = await archiveRig({ settings: EVERY });
      await taken(rig.archive, incoming(ofMany()), incoming());
      assert.ok((await tracesOf(rig.store, domain)) >= 4);
      let listed = 0;
      for await (const { report_id } of listReports(rig.store, { domain })) {
        assert.equal(report_id, 'many');
        listed += 1;
      }
      assert.equal(listed, 1);
      assert.equal(await rig.archive.forget(domain), 1);
      assert.equal(await tracesOf(rig.store, domain), 0);
      await rig.archive.reparse();
      assert.equal(await tracesOf(rig.store, domain), 0);
      const { daily } = await sumsOf(rig.store);
      assert.equal(daily.length, 260);
      assert.equal(await rig.archive.forget(domain), 0);
    });

    it(`D7: nor of ${domain} in reports that do not count, nor in old ones`, async () => {
      await using rig = await archiveRig({ settings: { ...EVERY, keepDetailsMs: DAY_MS } });
      await taken(rig.archive, incoming(ofMany('old')));
      await rig.clock.advance(5 * DAY_MS);
      await rig.archive.prune();
      const late = { receivedAt: rig.clock.now() };
      const unproven = { ...BY_HTTPS, ...late };
      await taken(rig.archive, incoming(ofMany(), unproven), incoming(report(), unproven));
      await rig.archive.forget(domain);
      assert.equal(await tracesOf(rig.store, domain), 0);
      rig.settings = { ...rig.settings, unauthenticated: 'count' };
      await rig.archive.reparse();
      assert.equal(await tracesOf(rig.store, domain), 0);
      assert.deepEqual(
        (await sumsOf(rig.store)).daily.filter((line) => line.startsWith('shop.test')),
        ['shop.test 03-02 1: 5/0'],
      );
    });
  }
});
