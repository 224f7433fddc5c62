import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  archiveRig,
  type ArchiveRig,
  detail,
  incoming,
  policyResult,
  report,
  statesOf,
  sumsOf,
  taken,
  verified,
} from './archive.fixture.ts';
import { contentDigest } from './digest.ts';

const NOBODY = { kind: 'unauthenticated', notes: [] } as const;
const BY_HTTPS = { way: 'https', authenticity: NOBODY } as const;
const BY_HAND = { way: 'file', authenticity: NOBODY } as const;
const HOSTING = { authenticity: verified('hosting.test') } as const;
const { contactInfo, ...WITHOUT_CONTACT } = report({ organizationName: 'Example Hosting' });
void contactInfo;
const ONCE = ['shop.test 03-02 1: 5/0'];

describe('the same report under two names', () => {
  it('I7: proven by mail, then as a file without a contact: one', async () => {
    await using rig = await archiveRig();
    const kinds = await taken(
      rig.archive,
      incoming(WITHOUT_CONTACT, HOSTING),
      incoming(WITHOUT_CONTACT, BY_HAND),
      incoming(WITHOUT_CONTACT, BY_HTTPS),
    );
    assert.deepEqual(kinds, ['stored', 'duplicate', 'duplicate']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ONCE);
  });

  it('I9: as a file first: the proven one takes its place, also under another name', async () => {
    for (const together of [false, true]) {
      await using rig = await archiveRig();
      const both = [incoming(WITHOUT_CONTACT, BY_HAND), incoming(WITHOUT_CONTACT, HOSTING)];
      const kinds = together
        ? (await rig.archive.takeMany(both)).map((each) => each.ok && each.value.kind)
        : await taken(rig.archive, ...both);
      assert.deepEqual(kinds, ['stored', 'replaced']);
      const { daily, senders } = await sumsOf(rig.store);
      assert.deepEqual(daily, ONCE);
      assert.match(senders.join(), /^shop.test 03-02 hosting.test 1: 5\/0 verified 5\/0/);
      assert.deepEqual(await statesOf(rig.store), ['replaced unauthenticated', 'counted verified']);
      assert.equal((await rig.archive.reparse()).changed, 0);
      assert.deepEqual((await sumsOf(rig.store)).daily, ONCE);
    }
  });

  it('a contact of another domain of the same organisation makes no second report', async () => {
    await using rig = await archiveRig({ settings: { unauthenticated: 'count' } });
    const kinds = await taken(
      rig.archive,
      incoming(report({ contactInfo: 'tls@freemail.test' }), BY_HTTPS),
      incoming(report({ contactInfo: 'tls@bigmail.test' }), BY_HTTPS),
      incoming(report({ contactInfo: 'tls@bigmail.test' })),
    );
    assert.deepEqual(kinds, ['stored', 'duplicate', 'replaced']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ONCE);
  });

  it('what was shown only counts under its name once the operator hands it in under another', async () => {
    await using rig = await archiveRig();
    const failing = {
      ...WITHOUT_CONTACT,
      policies: [policyResult([5, 2], { details: [detail(2)] })],
    };
    const named = { ...BY_HAND, hints: { headerSubmitter: 'hosting.test' } };
    const kinds = await taken(
      rig.archive,
      incoming(failing, BY_HTTPS),
      incoming(failing, named),
      incoming(failing, HOSTING),
    );
    assert.deepEqual(kinds, ['not-counted', 'stored', 'replaced']);
    const { daily, senders, failures } = await sumsOf(rig.store);
    assert.deepEqual(daily, ['shop.test 03-02 1: 5/2']);
    assert.equal(senders.length, 1);
    assert.deepEqual(failures, ['shop.test 03-02 hosting.test certificate-expired mx.shop.test 2']);
  });

  it('never two that count under one name, though the twin of another name would be reason to', async () => {
    await using rig = await archiveRig();
    const other = { ...WITHOUT_CONTACT, policies: [policyResult([8, 0])] };
    const named = { ...BY_HAND, hints: { headerSubmitter: 'hosting.test' } };
    const kinds = await taken(
      rig.archive,
      incoming(WITHOUT_CONTACT, BY_HTTPS),
      incoming(other, BY_HAND),
      incoming(WITHOUT_CONTACT, named),
    );
    assert.deepEqual(kinds, ['not-counted', 'stored', 'duplicate']);
    assert.deepEqual((await sumsOf(rig.store)).daily, ['shop.test 03-02 1: 8/0']);
  });

  it('two that two nodes counted in the same moment count once when they are read again', async () => {
    await using rig = await archiveRig();
    const hidden = async (digest: string): Promise<void> => {
      await rig.store.db
        .updateTable('received_report')
        .set({ digest })
        .where('verified', '=', 1)
        .execute();
    };
    await taken(rig.archive, incoming(WITHOUT_CONTACT, HOSTING));
    await hidden('not there yet');
    assert.deepEqual(await taken(rig.archive, incoming(WITHOUT_CONTACT, BY_HAND)), ['stored']);
    await hidden(contentDigest(report({ organizationName: 'Example Hosting' })));
    assert.equal((await rig.archive.reparse()).changed, 1);
    assert.deepEqual((await sumsOf(rig.store)).daily, ONCE);
    assert.deepEqual(await statesOf(rig.store), ['counted verified', 'conflict unauthenticated']);
  });

  it('I8: two that are proven to be of two organisations stay two, whatever they say', async () => {
    await using rig = await archiveRig();
    const kinds = await taken(rig.archive, incoming(), incoming(report(), HOSTING));
    assert.deepEqual(kinds, ['stored', 'stored']);
  });

  it('the proven one of a name that counts already does not give way to a twin of another name', async () => {
    await using rig = await archiveRig();
    const said = report({ policies: [policyResult([8, 0])] });
    const kinds = await taken(
      rig.archive,
      incoming(),
      incoming({ ...said, contactInfo: 'x@elsewhere.test' }, BY_HAND),
      incoming(said),
    );
    assert.deepEqual(kinds, ['stored', 'stored', 'conflict']);
  });
});

describe('any order of copies, proofs and names', () => {
  it('fuzz: each counts once, has what it says if it counts alone, and is read again to the same sums', async () => {
    const one = fc.record({
      id: fc.constantFrom('a', 'b'),
      successes: fc.nat(1),
      from: fc.constantFrom('bigmail.test', 'hosting.test', undefined),
      contact: fc.constantFrom('x@bigmail.test', 'x@hosting.test', undefined),
      hand: fc.constantFrom('https' as const, 'file' as const),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(one, { maxLength: 14 }),
        fc.boolean(),
        fc.boolean(),
        async (list, counts, together) => {
          const unauthenticated = counts ? 'count' : 'show';
          await using rig = await archiveRig({ settings: { unauthenticated } });
          const all = list.map(({ id, successes, from, contact, hand }) =>
            incoming(
              {
                ...WITHOUT_CONTACT,
                reportId: id,
                policies: [policyResult([successes, 1], { details: [detail(1)] })],
                ...(contact === undefined ? {} : { contactInfo: contact }),
              },
              from === undefined
                ? { way: hand, authenticity: NOBODY }
                : { authenticity: verified(from) },
            ),
          );
          const outcomes = together
            ? await rig.archive.takeMany(all)
            : await Promise.all(all.map(async (each) => await rig.archive.take(each)));
          assert.ok(outcomes.every(({ ok }) => ok));
          await assertOnce(rig);
          const sums = await sumsOf(rig.store);
          assert.equal((await rig.archive.reparse()).changed, 0);
          assert.deepEqual(await sumsOf(rig.store), sums);
        },
      ),
      { numRuns: 30 },
    );
  });
});

async function assertOnce({ store }: ArchiveRig): Promise<void> {
  const rows = await store.db.selectFrom('received_report').selectAll().execute();
  const counted = rows.filter(({ state }) => state === 'counted');
  const unproven = counted.filter(({ verified: proven }) => proven === 0);
  for (const { digest, id } of unproven) {
    assert.ok(!counted.some((other) => other.digest === digest && other.id !== id));
  }
  assert.equal(new Set(counted.map(({ identity }) => identity)).size, counted.length);
  const policies = await store.db.selectFrom('received_policy').select('report_id').execute();
  assert.deepEqual(
    policies.map(({ report_id }) => report_id).sort(),
    counted.map(({ id }) => id).sort(),
  );
  const daily = await store.db.selectFrom('report_daily').select('reports').execute();
  assert.equal(
    daily.reduce((sum, { reports }) => sum + reports, 0),
    counted.length,
  );
}
