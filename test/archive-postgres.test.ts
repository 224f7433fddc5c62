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

  it('I7: the same report under two names that comes to two nodes at once counts once', async () => {
    const [one, other] = await nodes({ settings: { unauthenticated: 'count' } });
    const byHttps = { way: 'https', authenticity: { kind: 'unauthenticated', notes: [] } } as const;
    const hints = { headerSubmitter: 'handed.test' };
    for (let turn = 0; turn < 15; turn += 1) {
      const { contactInfo, ...said } = report({ reportId: `turn ${turn}` });
      assert.equal(contactInfo, 'tls@bigmail.test');
      const kinds = await Promise.all([
        kindsOf(one, [incoming(said, byHttps)]),
        kindsOf(other, [incoming(said, { ...byHttps, hints })]),
      ]);
      assert.deepEqual(kinds.flat().sort(), ['duplicate', 'stored']);
      assert.deepEqual(await kindsOf(one, [incoming(said)]), ['replaced']);
    }
    const sums = await sumsOf(stores[0]!);
    assert.deepEqual(sums.daily, ['shop.test 03-02 15: 75/0']);
    assert.equal(sums.senders.length, 1);
    assert.equal((await one.archive.reparse()).changed, 0);
    assert.deepEqual(await sumsOf(stores[0]!), sums);
  });

  it('what nobody proves has one share of a day with all nodes together, in octets too', async () => {
    const mostReports = 20;
    const settings = { settings: { perSenderAndDay: mostReports } };
    const [one, other] = await nodes(settings);
    const unproven = (index: number, size: number): IncomingReport =>
      incoming(report({ reportId: `${index}`, contactInfo: `a@s${index}.test` }), {
        ...UNSIGNED,
        raw: Buffer.alloc(size, index),
        receivedAt: one.clock.now(),
      });
    const kinds: string[] = [];
    for (let index = 0; index < 25; index += 1) {
      kinds.push(...(await kindsOf(index % 2 === 0 ? one : other, [unproven(index, 10)])));
    }
    assert.equal(kinds.filter((kind) => kind === 'not-counted').length, mostReports);
    assert.ok(kinds.slice(mostReports).every((kind) => kind === 'over-quota'));
    await one.clock.advance(DAY_MS);
    const large: string[] = [];
    for (let index = 50; index < 53; index += 1) {
      large.push(...(await kindsOf(index % 2 === 0 ? one : other, [unproven(index, 5_000_000)])));
    }
    assert.deepEqual(large, ['not-counted', 'not-counted', 'over-quota']);
    assert.deepEqual(await stores[0]!.db.selectFrom('received_policy').selectAll().execute(), []);
  });

  it('D6: replacing, counting what was shown only, and reading again leave the sums of SQLite', async () => {
    const [node] = await nodes();
    await using lite = await archiveRig();
    const reports = many(12);
    const byHand = {
      way: 'file',
      authenticity: { kind: 'unauthenticated', notes: [] },
    } as const;
    const all = [
      ...reports.slice(0, 8).map((each) => ({ ...each, ...UNSIGNED })),
      ...reports.slice(4, 12).map((each) => ({ ...each, ...byHand })),
      ...reports.slice(6, 10),
    ];
    for (const rig of [node, lite]) {
      for (const each of all) await kindsOf(rig, [each]);
    }
    const sums = await sumsOf(lite.store);
    assert.equal(sums.daily[0], 'd0.other.test 03-02 1: 1/0');
    assert.deepEqual(await sumsOf(stores[0]!), sums);
    assert.deepEqual(await statesOf(stores[0]!), await statesOf(lite.store));
    for (const unauthenticated of ['count', 'show'] as const) {
      for (const rig of [node, lite]) {
        rig.settings = { ...rig.settings, unauthenticated };
        assert.ok((await rig.archive.reparse()).changed > 0);
      }
      assert.deepEqual(await sumsOf(stores[0]!), await sumsOf(lite.store));
    }
    assert.deepEqual(await sumsOf(lite.store), sums);
  });

  it('D7: forgets a domain of a report about hundreds', async () => {
    const [node] = await nodes({ settings: { domains: ['*'] } });
    const policies = Array.from({ length: 260 }, (_, index) =>
      policyResult([1, 0], { domain: `d${index}.test` }),
    );
    await kindsOf(node, [
      incoming(report({ reportId: 'counts', policies })),
      incoming(report({ reportId: 'does not', policies }), UNSIGNED),
    ]);
    assert.equal(await node.archive.forget('d259.test'), 1);
    assert.deepEqual(await stores[0]!.db.selectFrom('received_raw').selectAll().execute(), []);
    await node.archive.reparse();
    assert.equal((await sumsOf(stores[0]!)).daily.length, 259);
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
