import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IncomingReport } from '../types.ts';
import {
  archiveRig,
  type ArchiveRig,
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
import { readStoredReport } from './read-archive.ts';

const NOBODY = { kind: 'unauthenticated', notes: [] } as const;
const UNSIGNED = { authenticity: { kind: 'unsigned', notes: [] } } as const;
const BY_HTTPS = { way: 'https', authenticity: NOBODY } as const;
const BY_HAND = { way: 'file', authenticity: NOBODY } as const;
const MIB = 1_048_576;

/** A report of a sender that nobody has heard of. */
function ofStranger(number: number, more: Partial<IncomingReport> = BY_HTTPS): IncomingReport {
  const organizationName = `Stranger ${number}`;
  const contactInfo = `a@stranger${number}.test`;
  return incoming(report({ organizationName, contactInfo, reportId: `r${number}` }), more);
}

/** Half a megabyte of failures, which packed are nearly nothing. */
function blownUp(reportId: string, more: Partial<IncomingReport> = {}): IncomingReport {
  const details = Array.from({ length: 600 }, (_, index) =>
    detail(1, { reasonCode: `${'r'.repeat(800)}${index}` }),
  );
  const said = report({ reportId, policies: [policyResult([1, 600], { details })] });
  return incoming(said, { raw: Buffer.alloc(1_000), ...more });
}

async function countOf(
  { store }: ArchiveRig,
  table: 'received_policy' | 'received_raw',
): Promise<number> {
  return (await store.db.selectFrom(table).selectAll().execute()).length;
}

describe('the share of a day', () => {
  it('whoever proves nothing has one share with all others like him, whatever he calls himself', async () => {
    await using rig = await archiveRig({ settings: { perSenderAndDay: 3 } });
    const many = [1, 2, 3, 4, 5].map((number) => ofStranger(number));
    assert.deepEqual(await taken(rig.archive, ...many), [
      'not-counted',
      'not-counted',
      'not-counted',
      'over-quota',
      'over-quota',
    ]);
    // By each way apart, and what is proven or handed in by the operator does not wait for it.
    assert.deepEqual(await taken(rig.archive, ofStranger(6, UNSIGNED)), ['not-counted']);
    assert.deepEqual(await taken(rig.archive, ofStranger(7, { way: 'smtp' })), ['stored']);
    assert.deepEqual(await taken(rig.archive, ofStranger(8, BY_HAND)), ['stored']);
    // The same once more takes up nothing.
    assert.deepEqual(await taken(rig.archive, ofStranger(1)), ['duplicate']);
  });

  it('is measured in octets too, for those that are proven as well', async () => {
    for (const more of [BY_HTTPS, { authenticity: verified() }]) {
      await using rig = await archiveRig({ settings: { perSenderAndDay: 100 } });
      const kinds = [];
      for (let number = 0; number < 7; number += 1) {
        const raw = Buffer.alloc(2 * MIB, number);
        kinds.push(...(await taken(rig.archive, { ...ofStranger(number, more), raw })));
      }
      const kind = more === BY_HTTPS ? 'not-counted' : 'stored';
      assert.deepEqual(kinds, [kind, kind, kind, kind, 'over-quota', 'over-quota', 'over-quota']);
    }
  });

  it('octets are those that are stored: of what counts also all that it says', async () => {
    await using rig = await archiveRig({ settings: { perSenderAndDay: 1_000 } });
    const kinds = [];
    for (let number = 0; number < 30; number += 1) {
      kinds.push(...(await taken(rig.archive, blownUp(`r${number}`))));
    }
    const stored = kinds.filter((kind) => kind === 'stored').length;
    assert.ok(stored >= 10 && stored <= 20, `${stored}`);
    assert.deepEqual([...new Set(kinds)], ['stored', 'over-quota']);
  });

  it('begins anew at midnight UTC', async () => {
    await using rig = await archiveRig({ settings: { perSenderAndDay: 1 } });
    const now = (number: number): IncomingReport => ({
      ...ofStranger(number),
      receivedAt: rig.clock.now(),
    });
    await rig.clock.advance(DAY_MS - 1);
    assert.deepEqual(await taken(rig.archive, now(1), now(2)), ['not-counted', 'over-quota']);
    await rig.clock.advance(1);
    assert.equal(rig.clock.now(), MONDAY + 2 * DAY_MS);
    assert.deepEqual(await taken(rig.archive, now(2), now(3)), ['not-counted', 'over-quota']);
    await rig.clock.advance(DAY_MS);
    await rig.archive.prune();
    const days = await rig.store.db.selectFrom('report_quota').select('day').execute();
    assert.deepEqual(
      days.map(({ day }) => day),
      [MONDAY / DAY_MS + 2],
    );
  });
});

describe('what is kept of a report that does not count', () => {
  it('its octets and its head; what it says is read from them when somebody looks', async () => {
    await using rig = await archiveRig();
    const unproven = incoming(report(), BY_HTTPS);
    const { value } = (await rig.archive.take(unproven)) as { value: { id: string } };
    assert.equal(await countOf(rig, 'received_raw'), 1);
    assert.equal(await countOf(rig, 'received_policy'), 0);
    const shown = await readStoredReport(
      rig.store,
      value.id,
      async () => await Promise.resolve({ report: unproven.report, deviations: [] }),
    );
    assert.deepEqual(shown?.policies, unproven.report.policies);
  });

  it('all that it says is there again once it counts, and gone when another one counts in its place', async () => {
    await using rig = await archiveRig();
    const said = report({ policies: [policyResult([4, 2], { details: [detail(2)] })] });
    const kinds = await taken(rig.archive, incoming(said, BY_HTTPS), incoming(said, BY_HAND));
    assert.deepEqual(kinds, ['not-counted', 'stored']);
    assert.deepEqual((await sumsOf(rig.store)).failures.length, 1);
    assert.equal(await countOf(rig, 'received_policy'), 1);
    // Why it counts is remembered.
    assert.equal((await rig.archive.reparse()).changed, 0);
    assert.equal(await countOf(rig, 'received_policy'), 1);
    const proven = incoming(report({ policies: [policyResult([7, 0])] }));
    assert.deepEqual(await taken(rig.archive, proven), ['replaced']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 7/0']);
    assert.deepEqual((await sumsOf(rig.store)).failures, []);
    assert.equal(await countOf(rig, 'received_policy'), 1);
    assert.equal(await countOf(rig, 'received_raw'), 2);
  });

  it('many at once: one that comes to count in the transaction that brings it', async () => {
    await using rig = await archiveRig();
    const outcomes = await rig.archive.takeMany([
      incoming(report(), BY_HTTPS),
      incoming(report(), BY_HAND),
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.ok && outcome.value.kind),
      ['not-counted', 'stored'],
    );
    assert.equal(await countOf(rig, 'received_policy'), 1);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 5/0']);
    assert.equal((await rig.archive.reparse()).changed, 0);
  });

  it('D6: reading again does not bring it back, and brings it in when it counts by the settings of now', async () => {
    await using rig = await archiveRig();
    await taken(rig.archive, incoming(report(), BY_HTTPS));
    assert.equal((await rig.archive.reparse()).changed, 0);
    rig.settings = { ...rig.settings, unauthenticated: 'count' };
    assert.equal((await rig.archive.reparse()).changed, 1);
    assert.equal(await countOf(rig, 'received_policy'), 1);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 5/0']);
    rig.settings = { ...rig.settings, unauthenticated: 'show' };
    assert.equal((await rig.archive.reparse()).changed, 1);
    assert.equal(await countOf(rig, 'received_policy'), 0);
    assert.deepEqual(await statesOf(rig.store), ['not-counted unauthenticated']);
    assert.deepEqual(await sumsOf(rig.store), { daily: [], senders: [], failures: [] });
  });
});

describe('a report that tells of very many failures', () => {
  const details = Array.from({ length: 3_000 }, (_, index) =>
    detail(1, {
      resultType: index % 2 === 0 ? 'certificate-expired' : 'validation-failure',
      receivingMxHostname: `mx${index}.shop.test`,
    }),
  );
  const said = report({
    policies: [
      policyResult([1, 2_000], { details: details.slice(0, 2_000) }),
      policyResult([0, 1_000], { domain: 'x.other.test', details: details.slice(2_000) }),
    ],
  });

  it('of one that is not proven 1,000 are kept, the others by their type: the sums are right', async () => {
    await using rig = await archiveRig({ settings: { unauthenticated: 'count' } });
    assert.deepEqual(await taken(rig.archive, incoming(said, BY_HTTPS)), ['stored']);
    const rows = await rig.store.db.selectFrom('received_policy').select('details').execute();
    const kept = rows.flatMap((row) => JSON.parse(row.details) as { count: number }[]);
    assert.equal(kept.length, 1_000 + 4);
    assert.equal(
      kept.reduce((sum, { count }) => sum + count, 0),
      3_000,
    );
    assert.deepEqual((await sumsOf(rig.store)).daily, [
      'shop.test 03-02 1: 1/2000',
      'x.other.test 03-02 1: 0/1000',
    ]);
    const { deviations } = await rig.store.db
      .selectFrom('received_report')
      .select('deviations')
      .executeTakeFirstOrThrow();
    assert.equal(deviations, '["REPORT_ARCHIVE_DETAILS_CUT"]');
    assert.equal((await rig.archive.reparse()).changed, 0);
    assert.deepEqual(await taken(rig.archive, incoming(report({ ...said }))), ['replaced']);
    const after = await rig.store.db.selectFrom('received_policy').select('details').execute();
    const all = after.flatMap((row) => JSON.parse(row.details) as unknown[]);
    assert.equal(all.length, 3_000);
    assert.ok((await sumsOf(rig.store)).failures.every((line) => line.includes(' bigmail.test ')));
  });
});
