import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { systemClock } from '../clock.ts';
import type { Tlsa } from '../dns/types.ts';
import { createAuthority, issueLeaf, type Authority, type LeafOptions } from '../lab/pki/ca.ts';
import { createKeyPair } from '../lab/pki/certificate.ts';
import { verifyDane } from './verify.ts';

const MX = 'mx.example.test';
const now = systemClock.now();
const DAY = 86_400_000;
const root = createAuthority({ name: 'TA Root' });
const middle = createAuthority({ name: 'TA Middle', issuer: root });

/** A TLSA record about a certificate or a key. */
function about(numbers: string, thing: { der: Uint8Array; spki: Uint8Array }): Tlsa {
  const [usage, selector, matchingType] = numbers.split(' ').map(Number) as [
    number,
    number,
    number,
  ];
  const selected = selector === 0 ? thing.der : thing.spki;
  const hash = [undefined, 'sha256', 'sha512'][matchingType];
  const data = hash === undefined ? selected : createHash(hash).update(selected).digest();
  return { usage, selector, matchingType, data: new Uint8Array(data) };
}

const pem = (...ders: readonly Uint8Array[]): X509Certificate[] =>
  ders.map((der) => new X509Certificate(der));

interface Case {
  readonly leaf?: Partial<LeafOptions>;
  /** What is sent behind the leaf; default the intermediate. */
  readonly behind?: readonly Authority[];
  readonly names?: readonly string[];
  readonly at?: number;
}

/** `matched depth n as name`, or the code of the failure. */
function outcome(
  records: readonly Tlsa[],
  { leaf = {}, behind = [middle], names = [MX], at = now }: Case,
): string {
  const { der } = issueLeaf({ names: [MX], issuer: middle, ...leaf });
  const chain = pem(der, ...behind.map((authority) => authority.der));
  const verdict = verifyDane({ chain, records, referenceNames: names, now: at });
  return verdict.matched
    ? `matched depth ${verdict.depth} as ${verdict.identity}`
    : `${verdict.failure.code} ${verdict.failure.resultType}`;
}

const MISMATCH = 'DANE_NAME_MISMATCH certificate-host-mismatch';
const EXPIRED = 'DANE_CERTIFICATE_EXPIRED certificate-expired';
const CONSTRAINT = 'DANE_CHAIN_CONSTRAINT certificate-not-trusted';
const NO_MATCH = 'DANE_NO_MATCH validation-failure';
const NO_PATH = 'DANE_NO_PATH certificate-not-trusted';

describe('verifyDane: DANE-EE', () => {
  const leaf = issueLeaf({ names: ['some-other.test'], validTo: now - DAY });
  const verdict = (record: Tlsa): ReturnType<typeof verifyDane> =>
    verifyDane({ chain: pem(leaf.der), records: [record], referenceNames: [MX], now });

  it('DANE-7672-3.1.1-1, DANE-7672-3.1.1-2, DANE-7672-3.2.1-1: no name, no date, no issuer is looked at', () => {
    const record = about('3 1 1', leaf);
    assert.deepEqual(verdict(record), { matched: true, record, depth: 0 });
  });

  it('DANE-6698-2.1-1, DANE-6698-6-1: every selector and matching type', () => {
    for (const kind of ['3 0 0', '3 0 1', '3 0 2', '3 1 0', '3 1 1', '3 1 2']) {
      assert.ok(verdict(about(kind, leaf)).matched, kind);
    }
  });

  it('DANE-7672-3.2-1: another key does not match', () => {
    const other = issueLeaf({ names: [MX] });
    for (const kind of ['3 0 0', '3 0 1', '3 0 2', '3 1 0', '3 1 1', '3 1 2']) {
      const refused = verdict(about(kind, other));
      assert.ok(!refused.matched);
      assert.equal(refused.failure.code, 'DANE_NO_MATCH');
      assert.equal(refused.failure.resultType, 'validation-failure');
    }
  });

  it('DANE-7672-3.1.1-1: only the leaf counts, not what stands behind it', () => {
    assert.equal(outcome([about('3 1 1', middle)], {}), NO_MATCH);
  });

  it('DANE-6698-4.1-3: one match among several is enough', () => {
    const other = issueLeaf({ names: [MX] });
    const records = [about('3 1 1', other), about('3 0 1', other), about('3 1 1', leaf)];
    const found = verifyDane({ chain: pem(leaf.der), records, referenceNames: [], now });
    assert.ok(found.matched);
    assert.equal(found.record, records[2]);
  });

  it('DANE-7671-9-1: a match of the weaker digest does not help beside a stronger one that fails', () => {
    const stronger = about('3 1 2', issueLeaf({ names: [MX] }));
    const records = [about('3 1 1', leaf), stronger];
    assert.ok(!verifyDane({ chain: pem(leaf.der), records, referenceNames: [], now }).matched);
  });

  it('only unusable records, or no certificate, match nothing', () => {
    const unusable = verdict(about('1 1 1', leaf));
    assert.equal(unusable.matched ? '' : unusable.failure.resultType, 'tlsa-invalid');
    const records = [about('3 1 1', leaf)];
    const none = verifyDane({ chain: [], records, referenceNames: [], now });
    assert.equal(none.matched ? '' : none.failure.code, 'DANE_NO_MATCH');
  });
});

describe('verifyDane: DANE-TA paths', () => {
  it('DANE-7672-3.1.2-1: the anchor is found in what was sent, by certificate or key', () => {
    for (const kind of ['2 0 0', '2 0 1', '2 0 2', '2 1 0', '2 1 1', '2 1 2']) {
      assert.equal(outcome([about(kind, middle)], {}), `matched depth 1 as ${MX}`, kind);
      assert.equal(
        outcome([about(kind, root)], { behind: [middle, root] }),
        `matched depth 2 as ${MX}`,
      );
    }
  });

  it('DANE-7672-3.1.2-1: a digest of an anchor that was not sent matches nothing', () => {
    for (const kind of ['2 0 1', '2 1 1']) {
      assert.equal(outcome([about(kind, root)], {}), NO_MATCH);
      assert.equal(outcome([about(kind, middle)], { behind: [] }), NO_MATCH);
    }
  });

  it('DANE-7671-5.2.2-1: the anchor of `2 0 0` may stand in DNS alone', () => {
    assert.equal(outcome([about('2 0 0', root)], {}), `matched depth 2 as ${MX}`);
    assert.equal(outcome([about('2 0 0', middle)], { behind: [] }), `matched depth 1 as ${MX}`);
  });

  it('DANE-7671-5.2.3-1: the key of `2 1 0` may have signed the topmost certificate', () => {
    assert.equal(outcome([about('2 1 0', root)], {}), `matched depth 2 as ${MX}`);
    assert.equal(outcome([about('2 1 0', middle)], { behind: [] }), `matched depth 1 as ${MX}`);
    const late = { leaf: { validTo: now - DAY, validFrom: now - 2 * DAY } };
    assert.equal(outcome([about('2 1 0', root)], late), EXPIRED);
    const old = createAuthority({ name: 'Old', issuer: root, validTo: now - DAY });
    const topmost = { leaf: { issuer: old }, behind: [old] };
    assert.equal(outcome([about('2 1 0', root)], topmost), EXPIRED);
  });

  it('takes certificates out of order and strays', () => {
    const stray = createAuthority({ name: 'Stray' });
    assert.equal(
      outcome([about('2 1 1', root)], { behind: [stray, root, middle, stray] }),
      `matched depth 2 as ${MX}`,
    );
  });

  it('an anchor that was sent but issued nothing is refused', () => {
    const stray = createAuthority({ name: 'Stray' });
    assert.equal(outcome([about('2 0 1', stray)], { behind: [middle, stray] }), NO_PATH);
  });

  it('the same name over another key is refused', () => {
    const impostor = createAuthority({ name: 'TA Middle', issuer: root });
    assert.equal(outcome([about('2 1 1', impostor)], { behind: [impostor] }), NO_PATH);
    // The real one beside it still makes a path to the root.
    assert.equal(
      outcome([about('2 1 1', root)], { behind: [impostor, middle, root] }),
      `matched depth 3 as ${MX}`,
    );
    // Signed under the anchor's name by someone else: the bare key of DNS does not verify it.
    const forged = issueLeaf({ names: [MX], issuer: { name: 'TA Root', keys: createKeyPair() } });
    const records = [about('2 0 0', root), about('2 1 0', root)];
    const chain = pem(forged.der, root.der);
    assert.ok(!verifyDane({ chain, records, referenceNames: [MX], now }).matched);
  });

  it('neither the right name without the signature nor the signature without the right name will do', () => {
    const spoilt = Uint8Array.from(issueLeaf({ names: [MX], issuer: middle }).der);
    spoilt[spoilt.length - 1]! ^= 1;
    const named = issueLeaf({ names: [MX], issuer: { name: 'Someone Else', keys: middle.keys } });
    for (const der of [spoilt, named.der]) {
      const chain = pem(der, middle.der);
      const verdict = verifyDane({
        chain,
        records: [about('2 1 1', middle)],
        referenceNames: [MX],
        now,
      });
      assert.equal(verdict.matched ? '' : verdict.failure.code, 'DANE_NO_PATH');
    }
  });

  it('the leaf is never its own trust anchor', () => {
    const own = issueLeaf({ names: [MX] });
    const records = [about('2 0 1', own), about('2 1 1', own)];
    const verdict = verifyDane({
      chain: pem(own.der, own.der),
      records,
      referenceNames: [MX],
      now,
    });
    assert.ok(!verdict.matched);
  });

  it('a second path is tried when the first breaks a rule', () => {
    const keys = createKeyPair();
    const late = createAuthority({ name: 'Twice', issuer: root, keys, validTo: now - DAY });
    const fresh = createAuthority({ name: 'Twice', issuer: root, keys });
    const leaf = { issuer: fresh };
    const records = [about('2 1 1', root)];
    assert.equal(outcome(records, { leaf, behind: [late, root] }), EXPIRED);
    assert.equal(
      outcome(records, { leaf, behind: [late, fresh, root] }),
      `matched depth 3 as ${MX}`,
    );
  });

  it('gives up on a web of certificates instead of trying every path', () => {
    const keys = createKeyPair();
    const self = { name: 'Web', keys };
    const web = Array.from({ length: 12 }, () => createAuthority({ ...self, issuer: self }));
    const behind = { leaf: { issuer: self }, behind: web };
    const started = performance.now();
    assert.equal(
      outcome([about('2 1 1', root)], behind),
      'DANE_CHAIN_TOO_COMPLEX certificate-not-trusted',
    );
    assert.ok(performance.now() - started < 2000);
  });
});

describe('verifyDane: DANE-TA rules', () => {
  const records = [about('2 1 1', root), about('2 0 1', root)];
  const sent = { behind: [middle, root] };

  it('DANE-7672-3.2.2-1, DANE-7671-10.2-1: the certificate must carry a reference name', () => {
    assert.equal(outcome(records, { ...sent, leaf: { names: ['other.test'] } }), MISMATCH);
    assert.equal(outcome(records, { ...sent, names: [] }), MISMATCH);
  });

  it('DANE-7672-3.2.2-2, DANE-7672-3.2.2-3, DANE-7672-3.2.2-4: exactly the names that are given', () => {
    const leaf = { names: ['example.test'] };
    const both = { ...sent, leaf, names: [MX, 'example.test'] };
    assert.equal(outcome(records, both), 'matched depth 2 as example.test');
    assert.equal(outcome(records, { ...sent, leaf, names: [MX] }), MISMATCH);
  });

  it('DANE-7672-3.2.3-1, DANE-7672-3.2.3-2: DNS names only; a wildcard is one whole label', () => {
    assert.equal(outcome(records, { ...sent, leaf: { subject: MX, names: [] } }), MISMATCH);
    const wildcard = { ...sent, leaf: { names: ['*.example.test'] } };
    assert.equal(outcome(records, wildcard), `matched depth 2 as ${MX}`);
    assert.equal(outcome(records, { ...sent, leaf: { names: ['m*.example.test'] } }), MISMATCH);
  });

  it('dates count for the leaf, for intermediates and for the anchor', () => {
    const late = { validFrom: now - 2 * DAY, validTo: now - DAY };
    assert.equal(outcome(records, { ...sent, leaf: late }), EXPIRED);
    const early = { validFrom: now + DAY, validTo: now + 2 * DAY };
    const notYet = 'DANE_CERTIFICATE_NOT_YET_VALID certificate-not-trusted';
    assert.equal(outcome(records, { ...sent, leaf: early }), notYet);
    const keys = createKeyPair();
    const oldRoot = createAuthority({ name: 'Old Root', keys, ...late });
    const below = createAuthority({ name: 'Below', issuer: oldRoot });
    const underOld = { leaf: { issuer: below }, behind: [below, oldRoot] };
    assert.equal(outcome([about('2 1 0', oldRoot)], underOld), EXPIRED);
    assert.equal(outcome([about('2 0 1', oldRoot)], underOld), EXPIRED);
    assert.equal(outcome([about('2 1 1', oldRoot)], underOld), EXPIRED);
    assert.equal(outcome(records, { ...sent, at: now + 100 * DAY }), EXPIRED);
  });

  it('an issuer must be a certificate authority', () => {
    const keys = createKeyPair();
    for (const purpose of ['serverAuth', 'unstated'] as const) {
      const self = { names: ['x.test'], subject: 'Not A CA', issuer: root, keys, purpose };
      const leafAsIssuer = issueLeaf(self);
      const { der } = issueLeaf({ names: [MX], issuer: { name: 'Not A CA', keys } });
      const chain = pem(der, leafAsIssuer.der, root.der);
      for (const anchor of [about('2 1 1', root), about('2 0 1', leafAsIssuer)]) {
        assert.ok(!verifyDane({ chain, records: [anchor], referenceNames: [MX], now }).matched);
      }
    }
  });

  it('an unknown critical extension and a worn-out signature are refused', () => {
    assert.equal(outcome(records, { ...sent, leaf: { unknownExtension: '1.2.3.4' } }), CONSTRAINT);
    assert.equal(outcome(records, { ...sent, leaf: { digest: 'sha1' } }), CONSTRAINT);
    assert.equal(
      outcome(records, { ...sent, leaf: { purpose: 'unstated' } }),
      `matched depth 2 as ${MX}`,
    );
  });

  it('a certificate for clients only is refused', () => {
    assert.equal(outcome(records, { ...sent, leaf: { purpose: 'clientAuth' } }), CONSTRAINT);
  });

  it('DANE-7672-3.1.2-2: the path length of an anchor that is matched as a certificate counts', () => {
    const tight = createAuthority({ name: 'Tight', pathLength: 0 });
    const below = createAuthority({ name: 'Below', issuer: tight });
    const deep = { leaf: { issuer: below }, behind: [below, tight] };
    assert.equal(outcome([about('2 0 1', tight)], deep), CONSTRAINT);
    assert.equal(outcome([about('2 0 0', tight)], { ...deep, behind: [below] }), CONSTRAINT);
    // Matched by key, an anchor has no constraints of its own.
    assert.equal(outcome([about('2 1 1', tight)], deep), `matched depth 2 as ${MX}`);
    // A self-issued certificate, as in a change of keys, does not count (RFC 5280 §4.2.1.9).
    const renewed = createAuthority({ name: 'Tight', issuer: tight });
    const rolled = { leaf: { issuer: renewed }, behind: [renewed, tight] };
    assert.equal(outcome([about('2 0 1', tight)], rolled), `matched depth 2 as ${MX}`);
    const direct = { leaf: { issuer: tight }, behind: [tight] };
    assert.equal(outcome([about('2 0 1', tight)], direct), `matched depth 1 as ${MX}`);
  });

  it('the path length of an intermediate counts, whatever the anchor', () => {
    const tight = createAuthority({ name: 'Tight', issuer: root, pathLength: 0 });
    const below = createAuthority({ name: 'Below', issuer: tight });
    const deep = { leaf: { issuer: below }, behind: [below, tight, root] };
    assert.equal(outcome([about('2 1 1', root)], deep), CONSTRAINT);
  });

  it('DANE-7672-3.1.2-2: the name constraints of an anchor that is matched as a certificate count', () => {
    const anchor = (nameConstraints: { permitted?: string[]; excluded?: string[] }): string => {
      const limited = createAuthority({ name: 'Limited', nameConstraints });
      return outcome([about('2 0 1', limited)], { leaf: { issuer: limited }, behind: [limited] });
    };
    assert.equal(anchor({ permitted: ['example.test'] }), `matched depth 1 as ${MX}`);
    assert.equal(anchor({ permitted: ['other.test'] }), CONSTRAINT);
    assert.equal(anchor({ excluded: ['example.test'] }), CONSTRAINT);
    assert.equal(anchor({ permitted: ['example.test'], excluded: [MX] }), CONSTRAINT);
    assert.equal(anchor({ permitted: ['192.0.2.0'] }), `matched depth 1 as ${MX}`);
    const limited = createAuthority({
      name: 'Limited',
      nameConstraints: { permitted: ['other.test'] },
    });
    const byKey = { leaf: { issuer: limited }, behind: [limited] };
    assert.equal(outcome([about('2 1 1', limited)], byKey), `matched depth 1 as ${MX}`);
  });

  it('DANE-7671-4.2-1: certificate transparency is not asked for', () => {
    // The lab's certificates carry no SCT, and match.
    assert.equal(outcome(records, sent), `matched depth 2 as ${MX}`);
  });

  it('a DANE-EE record beside it is tried first, and its miss does not hide the anchor', () => {
    const other = issueLeaf({ names: [MX] });
    assert.equal(outcome([about('3 1 1', other), ...records], sent), `matched depth 2 as ${MX}`);
  });
});
