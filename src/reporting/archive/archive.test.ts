import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { collectingLog, type Line } from '../intake/intake.fixture.ts';
import type { IncomingReport } from '../types.ts';
import {
  archiveRig,
  DAY_MS,
  detail,
  incoming,
  MONDAY,
  policyResult,
  report,
  statesOf,
  sumsOf,
  taken,
  verified,
} from './archive.fixture.ts';

const UNSIGNED = { authenticity: { kind: 'unsigned', notes: [] } } as const;
const BY_HTTPS = { way: 'https', authenticity: { kind: 'unauthenticated', notes: [] } } as const;
const FALSE_NUMBERS = report({ policies: [policyResult([0, 99])] });

describe('archive', () => {
  it('stores and counts a report by its day, domain and sender', async () => {
    await using rig = await archiveRig();
    const said = report({
      policies: [policyResult([7, 3], { details: [detail(2), detail(1, { reasonCode: 'X509' })] })],
    });
    assert.deepEqual(await taken(rig.archive, incoming(said)), ['stored']);
    assert.deepEqual(await sumsOf(rig.store), {
      daily: ['shop.test 03-02 1: 7/3'],
      senders: [
        'shop.test 03-02 bigmail.test 1: 7/3 verified 7/3 tlsa 0/0 sts 7/3 none 0/0 other 0/0',
      ],
      failures: [
        'shop.test 03-02 bigmail.test certificate-expired mx.shop.test 2',
        'shop.test 03-02 bigmail.test certificate-expired mx.shop.test X509 1',
      ],
    });
  });

  it('I7, RPT-5.3-7: the same report twice, by mail or by https, is one', async () => {
    await using rig = await archiveRig();
    const twice = await taken(rig.archive, incoming(), incoming(), incoming(report(), BY_HTTPS));
    assert.deepEqual(twice, ['stored', 'duplicate', 'duplicate']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 5/0']);
    assert.deepEqual(await statesOf(rig.store), ['counted verified']);
  });

  it('I7: the same id with other content is kept as a conflict and not counted', async () => {
    await using rig = await archiveRig();
    const kinds = await taken(
      rig.archive,
      incoming(),
      incoming(FALSE_NUMBERS),
      incoming(FALSE_NUMBERS),
    );
    assert.deepEqual(kinds, ['stored', 'conflict', 'duplicate']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 5/0']);
    assert.deepEqual(await statesOf(rig.store), ['counted verified', 'conflict verified']);
  });

  it('I8: the same id of two organisations is two reports', async () => {
    await using rig = await archiveRig();
    const other = incoming(report(), { authenticity: verified('mail.small.test') });
    assert.deepEqual(await taken(rig.archive, incoming(), other), ['stored', 'stored']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 2: 10/0']);
  });

  for (const unauthenticated of ['count', 'show'] as const) {
    it(`I9: a proven report takes the place of an earlier one that is not (${unauthenticated})`, async () => {
      await using rig = await archiveRig({ settings: { unauthenticated } });
      const first = await taken(rig.archive, incoming(FALSE_NUMBERS, UNSIGNED));
      assert.deepEqual(first, [unauthenticated === 'count' ? 'stored' : 'not-counted']);
      assert.deepEqual(await taken(rig.archive, incoming()), ['replaced']);
      assert.deepEqual(await statesOf(rig.store), ['replaced unsigned', 'counted verified']);
      assert.deepEqual(await sumsOf(rig.store), {
        daily: ['shop.test 03-02 1: 5/0'],
        senders: [
          'shop.test 03-02 bigmail.test 1: 5/0 verified 5/0 tlsa 0/0 sts 5/0 none 0/0 other 0/0',
        ],
        failures: [],
      });
      assert.deepEqual(await taken(rig.archive, incoming(FALSE_NUMBERS, UNSIGNED)), ['duplicate']);
    });
  }

  it('I9: failures that a forger reported are gone from the sums with his report', async () => {
    await using rig = await archiveRig({ settings: { unauthenticated: 'count' } });
    const forged = report({ policies: [policyResult([0, 9], { details: [detail(9)] })] });
    await taken(rig.archive, incoming(forged, UNSIGNED));
    assert.equal((await sumsOf(rig.store)).failures.length, 1);
    await taken(rig.archive, incoming());
    assert.deepEqual((await sumsOf(rig.store)).failures, []);
  });

  it('a forged report that comes after the proven one changes nothing', async () => {
    await using rig = await archiveRig({ settings: { unauthenticated: 'count' } });
    const kinds = await taken(rig.archive, incoming(), incoming(FALSE_NUMBERS, UNSIGNED));
    assert.deepEqual(kinds, ['stored', 'conflict']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 5/0']);
  });

  it('a report that was shown only is counted when an operator hands the same one in', async () => {
    await using rig = await archiveRig();
    const byHand = incoming(report(), { ...BY_HTTPS, way: 'file' });
    const kinds = await taken(rig.archive, incoming(report(), BY_HTTPS), byHand, byHand);
    assert.deepEqual(kinds, ['not-counted', 'stored', 'duplicate']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 5/0']);
  });

  it('reports about domains of others are not stored; of a mixed one only ours count', async () => {
    await using rig = await archiveRig();
    const theirs = policyResult([3, 0], { domain: 'stranger.test' });
    const foreign = await rig.archive.take(incoming(report({ policies: [theirs] })));
    assert.deepEqual(foreign, {
      ok: true,
      value: { kind: 'unknown-domain', domains: ['stranger.test'] },
    });
    assert.deepEqual(await statesOf(rig.store), []);
    const below = policyResult([2, 0], { domain: 'mail.other.test' });
    await taken(rig.archive, incoming(report({ policies: [theirs, below] })));
    assert.deepEqual((await sumsOf(rig.store)).daily, ['mail.other.test 03-02 1: 2/0']);
  });

  it('a sender has a share of each day; who plays him does not use it up, nor does an import', async () => {
    await using rig = await archiveRig({ settings: { perSenderAndDay: 2 } });
    const nth = (reportId: string, more: Partial<IncomingReport> = {}): IncomingReport =>
      incoming(report({ reportId }), more);
    const forged = await taken(
      rig.archive,
      nth('f1', UNSIGNED),
      nth('f2', UNSIGNED),
      nth('f3', UNSIGNED),
    );
    assert.deepEqual(forged, ['not-counted', 'not-counted', 'over-quota']);
    const proven = await taken(rig.archive, nth('1'), nth('2'), nth('3'));
    assert.deepEqual(proven, ['stored', 'stored', 'over-quota']);
    const file = { way: 'file', authenticity: { kind: 'unauthenticated', notes: [] } } as const;
    assert.deepEqual(await taken(rig.archive, nth('3', file)), ['stored']);
    const tomorrow = { receivedAt: MONDAY + 2 * DAY_MS };
    assert.deepEqual(await taken(rig.archive, nth('4', tomorrow)), ['stored']);
  });

  it('I20: a report that comes 23 days late counts on its own day', async () => {
    await using rig = await archiveRig();
    const late = incoming(report(), { receivedAt: MONDAY + 24 * DAY_MS });
    assert.deepEqual(await taken(rig.archive, late), ['stored']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 5/0']);
  });

  it('I19: what the store refuses is to come again, and nothing of it is kept', async () => {
    await using rig = await archiveRig();
    await rig.store.db.schema.dropTable('report_daily_failure').execute();
    const broken = report({ policies: [policyResult([0, 1], { details: [detail(1)] })] });
    assert.deepEqual(await taken(rig.archive, incoming(broken)), ['REPORT_INTAKE_STORE']);
    assert.deepEqual(await statesOf(rig.store), []);
    assert.deepEqual((await sumsOfDaily(rig.store))[0], undefined);
  });

  it('I19: a transaction that fails is told of once, with how many reports were in it', async () => {
    const lines: Line[] = [];
    await using rig = await archiveRig({ log: collectingLog(lines) });
    await rig.store.db.schema.dropTable('report_daily').execute();
    const many = Array.from({ length: 40 }, (_, at) => incoming(report({ reportId: String(at) })));
    const outcomes = await rig.archive.takeMany(many);
    const codes = outcomes.map((outcome) => (outcome.ok ? 'taken' : outcome.failure.code));
    assert.deepEqual([codes.length, ...new Set(codes)], [40, 'REPORT_INTAKE_STORE']);
    assert.deepEqual(await taken(rig.archive, incoming()), ['REPORT_INTAKE_STORE']);
    assert.deepEqual(
      lines.map(({ level, fields, message }) => [level, fields['reports'], message]),
      [
        ['warn', 40, '40 received reports could not be stored'],
        ['warn', 1, 'a received report could not be stored'],
      ],
    );
  });

  it('many at once end as they would one by one', async () => {
    await using together = await archiveRig({ settings: { unauthenticated: 'count' } });
    await using alone = await archiveRig({ settings: { unauthenticated: 'count' } });
    const all = [
      incoming(FALSE_NUMBERS, UNSIGNED),
      incoming(),
      incoming(),
      incoming(report({ reportId: 'b' })),
      incoming(report({ reportId: 'b', policies: [policyResult([1, 0])] })),
    ];
    const outcomes = await together.archive.takeMany(all);
    const kinds = outcomes.map((outcome) => (outcome.ok ? outcome.value.kind : '-'));
    assert.deepEqual(kinds, ['stored', 'replaced', 'duplicate', 'stored', 'conflict']);
    assert.deepEqual(await taken(alone.archive, ...all), kinds);
    assert.deepEqual(await sumsOf(together.store), await sumsOf(alone.store));
    assert.deepEqual(await statesOf(together.store), await statesOf(alone.store));
  });

  it('fuzz: the sums are those of the reports that count, whatever came in what order', async () => {
    const one = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      numbers: fc.tuple(fc.nat(3), fc.nat(3)),
      isProven: fc.boolean(),
      domain: fc.constantFrom('shop.test', 'x.other.test', 'stranger.test'),
      type: fc.constantFrom('sts' as const, 'tlsa' as const, 'no-policy-found' as const),
      reason: fc.string({ maxLength: 3, unit: 'binary' }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 12 }), fc.boolean(), async (list, count) => {
        const unauthenticated = count ? 'count' : 'show';
        await using rig = await archiveRig({ settings: { unauthenticated } });
        for (const { id, numbers, isProven, domain, type, reason } of list) {
          const details = numbers[1] > 0 ? [detail(numbers[1], { reasonCode: reason })] : [];
          const policies = [policyResult(numbers, { domain, type, details })];
          const said = report({ reportId: id, policies });
          const [kind] = await taken(rig.archive, incoming(said, isProven ? {} : UNSIGNED));
          assert.notEqual(kind, 'REPORT_INTAKE_STORE');
        }
        await assertConsistent(rig.store);
      }),
      { numRuns: 30 },
    );
  });
});

async function sumsOfDaily(
  store: Awaited<ReturnType<typeof archiveRig>>['store'],
): Promise<readonly unknown[]> {
  return await store.db.selectFrom('report_daily').selectAll().execute();
}

/** Daily sums against the rows of the reports. */
async function assertConsistent(
  store: Awaited<ReturnType<typeof archiveRig>>['store'],
): Promise<void> {
  const counted = await store.db
    .selectFrom('received_report')
    .selectAll()
    .where('state', '=', 'counted')
    .execute();
  assert.equal(new Set(counted.map(({ identity }) => identity)).size, counted.length);
  const total = (
    rows: readonly { readonly successes: number; readonly failures: number }[],
  ): string =>
    rows.reduce((sum, row) => sum + row.successes, 0) +
    '/' +
    rows.reduce((sum, row) => sum + row.failures, 0);
  for (const table of ['report_daily', 'report_daily_sender'] as const) {
    const rows = await store.db.selectFrom(table).selectAll().execute();
    assert.equal(total(rows), total(counted), table);
    assert.ok(rows.every(({ reports }) => reports > 0));
  }
  const details = await store.db.selectFrom('report_daily_failure').selectAll().execute();
  const itemised = details.reduce((sum, { sessions }) => sum + sessions, 0);
  assert.equal(
    itemised,
    counted.reduce((sum, row) => sum + row.failures, 0),
  );
}
