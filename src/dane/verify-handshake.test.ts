import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { systemClock } from '../clock.ts';
import type { Tlsa } from '../dns/types.ts';
import { createAuthority, createLabCa, issueLeaf } from '../lab/pki/ca.ts';
import type { LabCertificate } from '../lab/types.ts';
import { HOST, meetServer, serving } from '../tls/meet.fixture.ts';
import type { DaneVerdict } from './types.ts';
import { verifyDane } from './verify.ts';

const now = systemClock.now();

const sha256 = (usage: number, selector: number, selected: Uint8Array): Tlsa => ({
  usage,
  selector,
  matchingType: 1,
  data: new Uint8Array(createHash('sha256').update(selected).digest()),
});

/** Shakes hands with a server that presents the certificate, and verifies what it showed. */
async function met(certificate: LabCertificate, records: readonly Tlsa[]): Promise<DaneVerdict> {
  const outcome = await meetServer(serving(certificate), { ca: [] });
  assert.ok(outcome.ok);
  const { chain } = outcome.value.peer;
  return verifyDane({ chain, records, referenceNames: [HOST], now });
}

describe('verifyDane over real handshakes', () => {
  const ca = createLabCa();

  it('DANE-7672-3.1.1-1, DANE-7672-3.1.1-2: `3 1 1` takes an expired certificate for another name', async () => {
    const leaf = issueLeaf({ names: ['other.test'], validFrom: now - 2e8, validTo: now - 1e8 });
    assert.ok((await met(leaf, [sha256(3, 1, leaf.spki)])).matched);
    const stranger = issueLeaf({ names: [HOST] });
    assert.ok(!(await met(stranger, [sha256(3, 1, leaf.spki)])).matched);
  });

  it('DANE-7672-3.1.2-1, DANE-7672-3.2.2-1: `2 0 1` takes what the anchor issued for the name', async () => {
    const records = [sha256(2, 0, ca.intermediateDer)];
    const good = await met(ca.issue([HOST]), records);
    assert.ok(good.matched);
    assert.equal(good.depth, 1);
    const refusals = {
      'wrong-name': 'certificate-host-mismatch',
      'cn-only': 'certificate-host-mismatch',
      'partial-wildcard': 'certificate-host-mismatch',
      expired: 'certificate-expired',
      'not-yet-valid': 'certificate-not-trusted',
      'self-signed': 'validation-failure',
      'untrusted-ca': 'validation-failure',
      'missing-intermediate': 'validation-failure',
    } as const;
    for (const [kind, resultType] of Object.entries(refusals)) {
      const verdict = await met(ca.issue([HOST], kind as keyof typeof refusals), records);
      assert.equal(verdict.matched ? 'matched' : verdict.failure.resultType, resultType, kind);
    }
  });

  it('DANE-7671-5.2.2-1, DANE-7671-5.2.3-1: an anchor that is whole in DNS need not be sent', async () => {
    const leaf = ca.issue([HOST], 'missing-intermediate');
    const whole = { usage: 2, matchingType: 0 };
    const byCertificate = { ...whole, selector: 0, data: ca.intermediateDer };
    const byKey = { ...whole, selector: 1, data: ca.intermediateSpki };
    for (const record of [byCertificate, byKey]) assert.ok((await met(leaf, [record])).matched);
  });

  it('finds the path in a message that is out of order', async () => {
    const root = createAuthority({ name: 'Root' });
    const middle = createAuthority({ name: 'Middle', issuer: root });
    const stray = createAuthority({ name: 'Stray' });
    const order = [stray.der, root.der, middle.der];
    const leaf = issueLeaf({ names: [HOST], issuer: middle, with: order });
    const verdict = await met(leaf, [sha256(2, 1, root.spki)]);
    assert.equal(verdict.matched ? verdict.depth : -1, 2);
  });
});

describe('verifyDane: order', () => {
  it('fuzz: the order of what stands behind the leaf changes nothing but the depth', () => {
    const root = createAuthority({ name: 'Root', pathLength: 1 });
    const middle = createAuthority({ name: 'Middle', issuer: root });
    const low = createAuthority({ name: 'Low', issuer: middle });
    const twin = createAuthority({ name: 'Low', issuer: middle });
    const stray = createAuthority({ name: 'Stray' });
    const leaf = issueLeaf({ names: [HOST], issuer: low });
    const behind = [root, middle, low, twin, stray];
    fc.assert(
      fc.property(fc.shuffledSubarray(behind), fc.constantFrom(root, middle), (sent, anchor) => {
        const chain = [leaf, ...sent].map(({ der }) => new X509Certificate(der));
        const records = [sha256(2, 1, anchor.spki)];
        const verdict = verifyDane({ chain, records, referenceNames: [HOST], now });
        const needed = anchor === root ? [low, middle, root] : [low, middle];
        assert.equal(
          verdict.matched,
          needed.every((one) => sent.includes(one)),
        );
        if (verdict.matched) assert.equal(verdict.depth, sent.indexOf(anchor) + 1);
      }),
      { numRuns: 200 },
    );
  });
});
