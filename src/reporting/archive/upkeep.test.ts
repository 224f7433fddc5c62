import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReceivedReport } from '../../tlsrpt/report.ts';
import {
  archiveRig,
  DAY_MS,
  detail,
  incoming,
  policyResult,
  readOwn,
  report,
  statesOf,
  sumsOf,
  taken,
} from './archive.fixture.ts';
import type { ReadArchived } from './types.ts';

const NOTHING = { daily: [], senders: [], failures: [] };
const UNSIGNED = { authenticity: { kind: 'unsigned', notes: [] } } as const;

/** A reader that understands more than the one before. */
const readBetter: ReadArchived = async (bytes, options) => {
  const { report: said } = await readOwn(bytes, options);
  const policies = said!.policies.map((each) => ({
    ...each,
    successes: each.successes + 1,
    details: each.details.map((one) => ({ ...one, reasonCode: 'understood' })),
  }));
  return { report: { ...said!, policies }, deviations: ['TLSRPT_REPORT_BOM'] };
};

function several(): readonly ReceivedReport[] {
  return [
    report({ policies: [policyResult([5, 2], { details: [detail(2)] })] }),
    report({ reportId: 'b', policies: [policyResult([1, 0], { domain: 'x.other.test' })] }),
    report({
      reportId: 'c',
      policies: [policyResult([4, 0]), policyResult([4, 0], { type: 'tlsa' })],
    }),
  ];
}

describe('reading stored reports again', () => {
  it('D6: gives the sums of a fresh import by the reader of now', async () => {
    await using old = await archiveRig();
    await taken(old.archive, ...several().map((each) => incoming(each)));
    await using again = await archiveRig({ store: old.store, read: readBetter });
    const steps: number[] = [];
    const numbers = await again.archive.reparse((done) => steps.push(done));
    assert.deepEqual(numbers, { read: 3, changed: 3, unreadable: 0 });
    assert.deepEqual(steps, [3]);

    await using fresh = await archiveRig();
    for (const each of several()) {
      const raw = Buffer.from(JSON.stringify(each));
      const { report: understood } = await readBetter(raw, {
        limits: { maxPackedBytes: 1e6, maxJsonBytes: 1e6 },
        hints: {},
      });
      await taken(fresh.archive, incoming(understood, { raw }));
    }
    assert.deepEqual(await sumsOf(old.store), await sumsOf(fresh.store));
    assert.deepEqual(await again.archive.reparse(), { read: 3, changed: 0, unreadable: 0 });
  });

  it('D6: also by the settings of now: domains, and what is not proven', async () => {
    await using rig = await archiveRig();
    const [mixed] = several();
    const policies = [...mixed!.policies, policyResult([9, 0], { domain: 'new.test' })];
    await taken(rig.archive, incoming({ ...mixed!, policies }, UNSIGNED));
    assert.deepEqual(await sumsOf(rig.store), NOTHING);
    rig.settings = {
      ...rig.settings,
      domains: ['shop.test', 'new.test'],
      unauthenticated: 'count',
    };
    await rig.archive.reparse();
    assert.deepEqual((await sumsOf(rig.store)).daily, [
      'new.test 03-02 1: 9/0',
      'shop.test 03-02 1: 5/2',
    ]);
    rig.settings = { ...rig.settings, unauthenticated: 'show' };
    await rig.archive.reparse();
    assert.deepEqual(await sumsOf(rig.store), NOTHING);
    assert.deepEqual(await statesOf(rig.store), ['not-counted unsigned']);
  });

  it('a report that the reader of now refuses stays as it was', async () => {
    await using rig = await archiveRig({
      read: async () => await Promise.resolve({ deviations: [] }),
    });
    await taken(rig.archive, incoming());
    const before = await sumsOf(rig.store);
    assert.deepEqual(await rig.archive.reparse(), { read: 1, changed: 0, unreadable: 1 });
    assert.deepEqual(await sumsOf(rig.store), before);
  });

  it('two that say the same to the reader of now still count once', async () => {
    const readAlike: ReadArchived = async (bytes, options) => {
      const { report: said } = await readOwn(bytes, options);
      return { report: { ...said!, policies: [policyResult([1, 0])] }, deviations: [] };
    };
    await using rig = await archiveRig({ read: readAlike });
    await taken(rig.archive, incoming(), incoming(report({ policies: [policyResult([7, 0])] })));
    await rig.archive.reparse();
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 1/0']);
    assert.deepEqual(await statesOf(rig.store), ['counted verified', 'conflict verified']);
  });
});

describe('deleting what is old', () => {
  it('deletes details first, keeps the sums, and knows the report when it comes again', async () => {
    await using rig = await archiveRig({
      settings: { keepDetailsMs: 10 * DAY_MS, keepDailyMs: 100 * DAY_MS },
    });
    await taken(rig.archive, incoming());
    const before = await sumsOf(rig.store);
    await rig.clock.advance(11 * DAY_MS);
    assert.deepEqual(await rig.archive.prune(), { details: 1, reports: 0, daily: 0 });
    assert.deepEqual(await rig.archive.prune(), { details: 0, reports: 0, daily: 0 });
    assert.deepEqual(await sumsOf(rig.store), before);
    assert.deepEqual(await rig.store.db.selectFrom('received_raw').selectAll().execute(), []);
    assert.deepEqual(await rig.store.db.selectFrom('received_policy').selectAll().execute(), []);
    assert.deepEqual(await taken(rig.archive, incoming()), ['duplicate']);
    assert.deepEqual(await rig.archive.reparse(), { read: 0, changed: 0, unreadable: 0 });

    await rig.clock.advance(100 * DAY_MS);
    assert.deepEqual(await rig.archive.prune(), { details: 0, reports: 1, daily: 2 });
    assert.deepEqual(await sumsOf(rig.store), NOTHING);
    assert.deepEqual(await statesOf(rig.store), []);
  });

  it('a counted report whose details are gone cannot be taken out of the sums, so nothing replaces it', async () => {
    await using rig = await archiveRig({
      settings: { unauthenticated: 'count', keepDetailsMs: DAY_MS, keepDailyMs: 100 * DAY_MS },
    });
    await taken(rig.archive, incoming(report(), UNSIGNED));
    await rig.clock.advance(5 * DAY_MS);
    await rig.archive.prune();
    const proven = incoming(report({ policies: [policyResult([6, 0])] }));
    assert.deepEqual(await taken(rig.archive, proven), ['conflict']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 5/0']);
  });

  it('deletes many in pieces, and the quota of days that are over', async () => {
    await using rig = await archiveRig({ settings: { keepDetailsMs: DAY_MS } });
    const all = Array.from({ length: 1_100 }, (_, index) =>
      incoming(report({ reportId: `r${index}` })),
    );
    await rig.archive.takeMany(all);
    await rig.clock.advance(9 * DAY_MS);
    assert.equal((await rig.archive.prune()).details, 1_100);
    assert.deepEqual(await rig.store.db.selectFrom('report_quota').selectAll().execute(), []);
  });
});

describe('forgetting a domain', () => {
  it('D7: octets, policies, reports and sums are gone; those of other domains stay', async () => {
    await using rig = await archiveRig();
    const both = report({
      reportId: 'both',
      policies: [policyResult([2, 0]), policyResult([3, 0], { domain: 'x.other.test' })],
    });
    await taken(rig.archive, ...several().map((each) => incoming(each)), incoming(both));
    assert.equal(await rig.archive.forget('shop.test'), 3);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['x.other.test 03-02 2: 4/0']);
    assert.deepEqual((await sumsOf(rig.store)).failures, []);
    const rows = await rig.store.db.selectFrom('received_report').select('report_id').execute();
    assert.deepEqual(rows.map(({ report_id }) => report_id).sort(), ['b', 'both']);
    const raw = await rig.store.db.selectFrom('received_raw').selectAll().execute();
    assert.equal(raw.length, 1);
    const policies = await rig.store.db.selectFrom('received_policy').select('domain').execute();
    assert.deepEqual(
      policies.map(({ domain }) => domain),
      ['x.other.test', 'x.other.test'],
    );
    assert.equal(await rig.archive.forget('shop.test'), 0);
    assert.equal(await rig.archive.forget('other.test'), 0);
  });
});
