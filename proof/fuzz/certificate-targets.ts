/**
 * Certificates and TLSA records under fire.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { parseTlsa, tlsaText } from '../../src/dane/tlsa-text.ts';
import { usableRecords } from '../../src/dane/usable.ts';
import { verifyDane } from '../../src/dane/verify.ts';
import type { Tlsa } from '../../src/dns/types.ts';
import { createLabCa } from '../../src/lab/pki/ca.ts';
import { certificateFields } from '../../src/tls/certificate-fields.ts';
import { certificateText } from '../../src/tls/certificate-text.ts';
import { matchIdentity, presentedNames } from '../../src/tls/identity.ts';
import { type Target, textTarget } from './target.ts';

const KIB = 1024;
const NAMES = ['mx1.example.com', 'example.com'];

/** Made once: keys take time. */
export function certificateTargets(): readonly Target[] {
  const ca = createLabCa();
  const leaf = ca.issue(['mx1.example.com', '*.mail.example.com']);
  const chain = [new X509Certificate(leaf.leaf)];
  const anchors: readonly Tlsa[] = [ca.rootDer, ca.intermediateDer].map((data) => ({
    usage: 2,
    selector: 0,
    matchingType: 0,
    data,
  }));
  const question = { records: anchors, referenceNames: NAMES, now: Date.now() };
  const certificates = [leaf.der, ca.intermediateDer, ca.rootDer];
  return [
    {
      name: 'certificate',
      samples: certificates,
      maxSize: 256 * KIB,
      feed: (input) => {
        certificateFields(input);
        const certificate = opened(input);
        if (certificate === undefined) return;
        presentedNames(certificate);
        matchIdentity(certificate, NAMES);
        certificateText(certificate);
        verifyDane({ ...question, chain: [certificate, ...chain, certificate] });
      },
    },
    {
      name: 'tlsa data',
      samples: [...certificates, ca.rootSpki],
      maxSize: 64 * KIB,
      feed: (input) => feedTlsa(chain, input),
    },
    textTarget({
      name: 'tlsa text',
      samples: [`3 1 1 ${'ab'.repeat(32)}`, `2 0 1 ( ${'AB '.repeat(32)})`],
      maxSize: 64 * KIB,
      feed: (text) => {
        const tlsa = parseTlsa(text);
        if (tlsa.ok) tlsaText(tlsa.value);
      },
    }),
  ];
}

/** What OpenSSL does not take never reaches us. */
function opened(der: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** The same data as a record of every kind, asked of a good chain. */
function feedTlsa(chain: readonly X509Certificate[], data: Buffer): void {
  const [first = 0, second = 0] = data;
  const records: Tlsa[] = [];
  for (const usage of [2, 3, first]) {
    for (const selector of [0, 1, second]) records.push({ usage, selector, matchingType: 0, data });
  }
  usableRecords(records);
  verifyDane({ chain, records, referenceNames: NAMES, now: Date.now() });
}
