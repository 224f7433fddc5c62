/**
 * Paths from a leaf to a DANE-TA trust anchor, over whatever certificates the server sent, linked by signatures.
 *
 * @module
 */
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { Tlsa } from '../dns/types.ts';
import { recordMatches } from './record-match.ts';
import type { DigestAlgorithm } from './usable.ts';

/** The longest path that is tried: a leaf, its issuers, and the anchor. */
const LONGEST_PATH = 10;
/** How many certificates are visited before the search is given up: a hostile chain has many paths. */
const MOST_VISITS = 500;

/** A path. Each certificate is signed by the next one's key, or by the anchor's bare key. */
export interface AnchorPath {
  /** Leaf first; the anchor is last, unless it is a bare key. */
  readonly certificates: readonly X509Certificate[];
  /** The record that makes the end of the path a trust anchor. */
  readonly record: Tlsa;
  /** `bare-key`: the anchor is the key of a `2 1 0` record, and no certificate carries it (RFC 7671 §5.2.3). */
  readonly anchor: 'certificate' | 'bare-key';
}

/** What a search is made of. */
export interface PathSearch {
  /** As the server sent it, leaf first; any order behind the leaf, strays allowed. */
  readonly chain: readonly X509Certificate[];
  /** Usable records of usage 2. */
  readonly records: readonly Tlsa[];
  readonly digests: readonly DigestAlgorithm[];
}

/** Counts down over one search. */
interface Budget {
  visits: number;
}

interface Searching extends PathSearch {
  readonly pool: readonly X509Certificate[];
  readonly bareKeys: readonly { readonly record: Tlsa; readonly key: KeyObject }[];
  readonly signed: (child: X509Certificate, issuer: X509Certificate) => boolean;
  readonly budget: Budget;
}

/**
 * Every path from the leaf to a trust anchor. Only names and signatures are looked at: dates and
 * constraints are for whoever takes the paths. That a record matches something in the chain is not
 * enough; signatures must lead there from the leaf.
 *
 * @returns `'too-complex'` as the last value if the search was given up
 */
export function* anchorPaths(search: PathSearch): Generator<AnchorPath | 'too-complex'> {
  const [leaf] = search.chain;
  if (leaf === undefined) return;
  const pool = distinct([...search.chain.slice(1), ...certificatesFromDns(search.records)]);
  // A key that a certificate carries is an anchor with that certificate, and with its dates.
  const bare = search.records.filter(
    (record) => !pool.some((one) => recordMatches(record, one, search.digests)),
  );
  const searching: Searching = {
    ...search,
    pool,
    bareKeys: keysFromDns(bare),
    signed: rememberingSignatures(),
    budget: { visits: MOST_VISITS },
  };
  yield* extend([leaf], searching);
  if (searching.budget.visits <= 0) yield 'too-complex';
}

function* extend(path: readonly X509Certificate[], searching: Searching): Generator<AnchorPath> {
  const { pool, records, bareKeys, digests, signed, budget } = searching;
  const top = path.at(-1)!;
  // Usage 2 names an issuer: the leaf is never its own trust anchor.
  if (path.length > 1) {
    const record = records.find((candidate) => recordMatches(candidate, top, digests));
    if (record !== undefined) yield { certificates: path, record, anchor: 'certificate' };
  }
  for (const { record, key } of bareKeys) {
    if (verifies(top, key)) yield { certificates: path, record, anchor: 'bare-key' };
  }
  if (path.length >= LONGEST_PATH) return;
  for (const issuer of pool) {
    if (budget.visits <= 0) return;
    budget.visits -= 1;
    if (!path.includes(issuer) && signed(top, issuer)) yield* extend([...path, issuer], searching);
  }
}

/** `2 0 0` records carry the anchor itself, which the server need not send (RFC 7671 §5.2.2). */
function certificatesFromDns(records: readonly Tlsa[]): X509Certificate[] {
  return records
    .filter(({ selector, matchingType }) => selector === 0 && matchingType === 0)
    .map(({ data }) => new X509Certificate(data));
}

/** `2 1 0` records carry a key that may have signed the topmost certificate (RFC 7671 §5.2.3). */
function keysFromDns(records: readonly Tlsa[]): Searching['bareKeys'] {
  return records
    .filter(({ selector, matchingType }) => selector === 1 && matchingType === 0)
    .map((record) => ({
      record,
      key: createPublicKey({ key: Buffer.from(record.data), format: 'der', type: 'spki' }),
    }));
}

/** Without doubles, which would only multiply the paths. */
function distinct(certificates: readonly X509Certificate[]): X509Certificate[] {
  return [...new Map(certificates.map((one) => [one.fingerprint512, one])).values()];
}

/** Names, key identifiers, key usage, then the signature: the same name over another key is refused here. */
function rememberingSignatures(): Searching['signed'] {
  const known = new Map<X509Certificate, Map<X509Certificate, boolean>>();
  return (child, issuer) => {
    const results = known.get(child) ?? new Map<X509Certificate, boolean>();
    known.set(child, results);
    const answer = results.get(issuer) ?? (child.checkIssued(issuer) && signedBy(child, issuer));
    results.set(issuer, answer);
    return answer;
  };
}

function signedBy(child: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return child.verify(issuer.publicKey);
  } catch {
    // A key of a kind that OpenSSL cannot use signs nothing.
    return false;
  }
}

function verifies(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key);
  } catch {
    return false;
  }
}
