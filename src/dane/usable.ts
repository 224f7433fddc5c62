/**
 * Which TLSA records count: usable ones (RFC 7672 §3.1), and of those the strongest digests (RFC 7671 §9).
 *
 * @module
 */
import { createPublicKey, X509Certificate } from 'node:crypto';
import type { Tlsa } from '../dns/types.ts';
import { isOneElement } from '../tls/der.ts';

/** A matching type that is a digest. */
export interface DigestAlgorithm {
  /** Its number in TLSA records (RFC 6698 §7.4). */
  readonly matchingType: number;
  /** Its name for `node:crypto`. */
  readonly hash: string;
  /** Octets. */
  readonly length: number;
}

/** The digests that are used, strongest first (RFC 7671 §9). A digest that is not listed makes its records unusable. */
export const DEFAULT_DIGESTS: readonly DigestAlgorithm[] = [
  { matchingType: 2, hash: 'sha512', length: 64 },
  { matchingType: 1, hash: 'sha256', length: 32 },
];

/** A record that does not count, and why. */
export interface UnusableRecord {
  readonly record: Tlsa;
  /** For a person, e.g. `usage 1 is not for mail`. */
  readonly why: string;
}

/** A TLSA RRset, sorted. */
export interface Usability {
  /** What counts, in the order of the RRset. */
  readonly usable: readonly Tlsa[];
  /** What does not: not usable, or usable but outdone by a stronger digest. */
  readonly unusable: readonly UnusableRecord[];
}

/** The certificate association is the whole thing, not a digest (RFC 6698 §2.1.3). */
const FULL = 0;
const SEQUENCE = 0x30;

/**
 * Sorts a TLSA RRset. Usages 0 and 1 are not usable for mail (RFC 7672 §3.1.3), nor is anything
 * that is unknown or malformed (RFC 6698 §4.1). Of the usable ones, for each usage and selector,
 * only the strongest digest and the full data count (RFC 7671 §9).
 *
 * @param digests strongest first; default SHA-512, SHA-256
 */
export function usableRecords(
  records: readonly Tlsa[],
  digests: readonly DigestAlgorithm[] = DEFAULT_DIGESTS,
): Usability {
  const usable: Tlsa[] = [];
  const unusable: UnusableRecord[] = [];
  const candidates = records.filter((record) => whyUnusable(record, digests) === undefined);
  for (const record of records) {
    const why = whyUnusable(record, digests) ?? whyOutdone(record, candidates, digests);
    if (why === undefined) usable.push(record);
    else unusable.push({ record, why });
  }
  return { usable, unusable };
}

function whyUnusable(record: Tlsa, digests: readonly DigestAlgorithm[]): string | undefined {
  const { usage, selector, matchingType, data } = record;
  if (usage === 0 || usage === 1) return `usage ${usage} (PKIX) is not for mail (RFC 7672 §3.1.3)`;
  if (usage !== 2 && usage !== 3) return `usage ${usage} is unknown`;
  if (selector !== 0 && selector !== 1) return `selector ${selector} is unknown`;
  if (matchingType === FULL) return whyUnreadable(selector, data);
  const digest = digests.find((candidate) => candidate.matchingType === matchingType);
  if (digest === undefined) return `matching type ${matchingType} is unknown or switched off`;
  return data.length === digest.length
    ? undefined
    : `a ${digest.hash} digest has ${digest.length} octets, not ${data.length}`;
}

/** Full data must be what the selector says: a certificate, or a public key (RFC 6698 §4.1). */
function whyUnreadable(selector: 0 | 1, data: Uint8Array): string | undefined {
  const what = selector === 0 ? 'certificate' : 'public key';
  const broken = `the data is no ${what} in DER`;
  // The readers below would also take PEM, and ignore what stands behind the element.
  if (!isOneElement(data, SEQUENCE)) return broken;
  try {
    if (selector === 0) return new X509Certificate(data).raw.length > 0 ? undefined : broken;
    createPublicKey({ key: Buffer.from(data), format: 'der', type: 'spki' });
    return undefined;
  } catch {
    return broken;
  }
}

/** A digest yields to a stronger one beside it; full data neither yields nor outdoes. */
function whyOutdone(
  record: Tlsa,
  candidates: readonly Tlsa[],
  digests: readonly DigestAlgorithm[],
): string | undefined {
  if (record.matchingType === FULL) return undefined;
  const present = candidates.filter(
    ({ usage, selector }) => usage === record.usage && selector === record.selector,
  );
  const strongest = digests.find(({ matchingType }) =>
    present.some((candidate) => candidate.matchingType === matchingType),
  );
  return strongest === undefined || strongest.matchingType === record.matchingType
    ? undefined
    : `outdone by ${record.usage} ${record.selector} ${strongest.matchingType} (RFC 7671 §9)`;
}
