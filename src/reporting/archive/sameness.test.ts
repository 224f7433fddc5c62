import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  archiveRig,
  detail,
  incoming,
  policyResult,
  report,
  statesOf,
  sumsOf,
  taken,
  verified,
} from './archive.fixture.ts';

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
