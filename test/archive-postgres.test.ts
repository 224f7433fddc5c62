import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import {
  archiveRig,
  type ArchiveRig,
  DAY_MS,
  detail,
  incoming,
  policyResult,
  report,
  statesOf,
  sumsOf,
} from '../src/reporting/archive/archive.fixture.ts';
import type { IncomingReport } from '../src/reporting/types.ts';
import {
  listReports,
  readRawReport,
  type StoredReport,
} from '../src/reporting/archive/read-archive.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store } from '../src/store/types.ts';
import { type PostgresPeer, startPostgres } from './peers/postgres.ts';

const TABLES = [
  'received_report',
  'received_raw',
  'received_policy',
  'report_daily',
  'report_daily_sender',
  'report_daily_failure',
  'report_quota',
] as const;

const UNSIGNED = { authenticity: { kind: 'unsigned', notes: [] } } as const;

let postgres: PostgresPeer;
/** One for each node. */
let stores: readonly Store[];

/** Reports with failures of many kinds, so that nodes meet at the same rows of sums. */
function many(count: number): readonly IncomingReport[] {
  return Array.from({ length: count }, (_, index) => {
    const details = [0, 1, 2].map((kind) =>
      detail(1, { receivingMxHostname: `mx${(index + kind) % 5}.shop.test` }),
    );
    const policies = [
      policyResult([index, 3], { details }),
      policyResult([1, 0], { domain: `d${index % 7}.other.test` }),
    ];
    return incoming(report({ reportId: `id ${index}`, policies }));
  });
}

async function kindsOf(rig: ArchiveRig, reports: readonly IncomingReport[]): Promise<string[]> {
  const outcomes = await rig.archive.takeMany(reports);
  return outcomes.map((outcome) => (outcome.ok ? outcome.value.kind : outcome.failure.code));
}

describe('the archive of reports on PostgreSQL', () => {
  before(async () => {
    postgres = await startPostgres();
    stores = [await openStore(postgres.url), await openStore(postgres.url)];
  });
  after(async () => {
    for (const store of stores) await store.close();
    await postgres.stop();
  });
  beforeEach(async () => {
    for (const table of TABLES) await stores[0]!.db.deleteFrom(table).execute();
  });

  async function nodes(
    settings: Parameters<typeof archiveRig>[0] = {},
  ): Promise<readonly [ArchiveRig, ArchiveRig]> {
    const [one, other] = stores;
    return [
      await archiveRig({ ...settings, store: one! }),
      await archiveRig({ ...settings, store: other! }),
    ];
  }

  it('gives the same sums as SQLite', async () => {
    const [node] = await nodes();
    await using lite = await archiveRig();
    const reports = many(60);
    assert.deepEqual(await kindsOf(node, reports), await kindsOf(lite, reports));
    assert.deepEqual(await sumsOf(stores[0]!), await sumsOf(lite.store));
  });

  it('I7: two nodes that take in the same reports at once count each once', async () => {
    const [one, other] = await nodes();
    await using lite = await archiveRig();
    const reports = many(60);
    await kindsOf(lite, reports);
    const kinds = (
      await Promise.all([kindsOf(one, reports), kindsOf(other, reports.toReversed())])
    ).flat();
    assert.deepEqual([...new Set(kinds)].sort(), ['duplicate', 'stored']);
    assert.equal(kinds.filter((kind) => kind === 'stored').length, 60);
    assert.deepEqual(await sumsOf(stores[0]!), await sumsOf(lite.store));
  });

  it('I9: a forged and a proven report that come to two nodes at once: the proven one counts', async () => {
    const settings = { settings: { unauthenticated: 'count' } } as const;
    const [one, other] = await nodes(settings);
    for (let turn = 0; turn < 15; turn += 1) {
      const reportId = `turn ${turn}`;
      const forged = report({
        reportId,
        policies: [policyResult([0, 9], { details: [detail(9)] })],
      });
      await Promise.all([
        kindsOf(one, [incoming(forged, UNSIGNED)]),
        kindsOf(other, [incoming(report({ reportId }))]),
      ]);
    }
    const sums = await sumsOf(stores[0]!);
    assert.deepEqual(sums.daily, ['shop.test 03-02 15: 75/0']);
    assert.deepEqual(sums.failures, []);
    const states = await statesOf(stores[0]!);
    assert.equal(states.filter((state) => state === 'counted verified').length, 15);
  });

  it('takes texts that the database would refuse, of any length', async () => {
    const [node] = await nodes();
    const nasty = `\0\ud800${'\u{1f4a9}\uffff'.repeat(2_000)}`;
    const details = [
      detail(1, {
        resultType: 'unknown',
        rawResultType: nasty,
        receivingMxHostname: nasty,
        reasonCode: nasty,
      }),
    ];
    const policies = [policyResult([0, 1], { details, strings: [nasty] })];
    const contactInfo = `${nasty} <tls@bigmail.test>`;
    const said = report({ reportId: nasty, organizationName: nasty, contactInfo, policies });
    assert.deepEqual(await kindsOf(node, [incoming(said, UNSIGNED)]), ['not-counted']);
    assert.deepEqual(await kindsOf(node, [incoming(said)]), ['replaced']);
    assert.equal((await sumsOf(stores[0]!)).failures.length, 1);
  });

  it('gives octets back, reads again, prunes and forgets', async () => {
    const settings = { settings: { keepDetailsMs: DAY_MS, keepDailyMs: 100 * DAY_MS } };
    const [node] = await nodes(settings);
    const [first, second] = many(2);
    await kindsOf(node, [first!, second!]);
    const listed: StoredReport[] = [];
    for await (const row of listReports(stores[0]!, { domain: 'd1.other.test' })) listed.push(row);
    assert.equal(listed.length, 1);
    const raw = await readRawReport(stores[0]!, listed[0]!.id);
    assert.deepEqual(Buffer.from(raw!), Buffer.from(second!.raw));
    assert.deepEqual(await node.archive.reparse(), { read: 2, changed: 0, unreadable: 0 });
    const before = await sumsOf(stores[0]!);
    await node.clock.advance(5 * DAY_MS);
    assert.equal((await node.archive.prune()).details, 2);
    assert.deepEqual(await sumsOf(stores[0]!), before);
    assert.equal(await node.archive.forget('shop.test'), 2);
    assert.deepEqual((await sumsOf(stores[0]!)).daily, [
      'd0.other.test 03-02 1: 1/0',
      'd1.other.test 03-02 1: 1/0',
    ]);
  });

  it('I19: while the database is away nothing is kept and all is to come again', async () => {
    const [node] = await nodes();
    await postgres.halt();
    try {
      assert.deepEqual(await kindsOf(node, [incoming()]), ['REPORT_INTAKE_STORE']);
    } finally {
      await postgres.resume();
    }
    const kinds = await kindsOf(node, [incoming()]);
    assert.deepEqual(kinds, ['stored']);
  });
});
