/**
 * Does what a server presented satisfy its TLSA records (RFC 7672 §3)?
 *
 * @module
 */
import type { X509Certificate } from 'node:crypto';
import type { Tlsa } from '../dns/types.ts';
import type { Failure } from '../failure.ts';
import { certificateText, excerpt } from '../tls/certificate-text.ts';
import { matchIdentity, presentedText } from '../tls/identity.ts';
import { anchorPaths, type AnchorPath } from './path.ts';
import { brokenRule } from './path-rules.ts';
import { recordMatches } from './record-match.ts';
import type { DaneVerdict } from './types.ts';
import { DEFAULT_DIGESTS, usableRecords, type DigestAlgorithm } from './usable.ts';

/** What is to be verified. */
export interface VerifyDaneOptions {
  /** As the server sent it, leaf first. */
  readonly chain: readonly X509Certificate[];
  /** The RRset, or what `usableRecords` left of it. */
  readonly records: readonly Tlsa[];
  /** Names of which the certificate must carry one for DANE-TA: the TLSA base domain, the next hop (RFC 7672 §3.2.2). */
  readonly referenceNames: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Digests in use, strongest first. */
  readonly digests?: readonly DigestAlgorithm[];
}

/**
 * Verifies a chain against TLSA records; one match is enough (RFC 6698 §4.1).
 *
 * DANE-EE looks at the leaf alone, at no name and at no date (RFC 7672 §3.1.1). DANE-TA needs
 * signatures from the leaf up to the anchor, dates, constraints, and a reference name. A failure
 * has result type `certificate-host-mismatch`, `certificate-expired`, `certificate-not-trusted` or,
 * where nothing matches, `validation-failure` (RFC 8460 §4.3).
 */
export function verifyDane(options: VerifyDaneOptions): DaneVerdict {
  const { chain, records, digests = DEFAULT_DIGESTS } = options;
  const [leaf] = chain;
  const { usable } = usableRecords(records, digests);
  if (leaf === undefined || usable.length === 0) return refused(nothingToMatch(leaf));
  const forLeaf = usable.filter(({ usage }) => usage === 3);
  const record = forLeaf.find((candidate) => recordMatches(candidate, leaf, digests));
  if (record !== undefined) return { matched: true, record, depth: 0 };
  return verifyAnchored(leaf, usable, { ...options, digests });
}

/** DANE-TA: the first path that keeps to all rules; else the first thing that was wrong with one. */
function verifyAnchored(
  leaf: X509Certificate,
  usable: readonly Tlsa[],
  options: Required<VerifyDaneOptions>,
): DaneVerdict {
  const { chain, digests } = options;
  const records = usable.filter(({ usage }) => usage === 2);
  let wrong: Failure | undefined;
  for (const path of anchorPaths({ chain, records, digests })) {
    if (path === 'too-complex') wrong ??= tooComplex(chain.length);
    else {
      const verdict = judgePath(leaf, path, options);
      if (verdict.matched) return verdict;
      wrong ??= verdict.failure;
    }
  }
  if (wrong !== undefined) return refused(wrong);
  const stray = chain
    .slice(1)
    .find((one) => records.some((record) => recordMatches(record, one, digests)));
  return refused(stray === undefined ? noMatch(leaf, usable) : noPath(leaf, stray));
}

function judgePath(
  leaf: X509Certificate,
  path: AnchorPath,
  { chain, referenceNames, now }: VerifyDaneOptions,
): DaneVerdict {
  const broken = brokenRule(path, now);
  if (broken !== undefined) return refused(broken);
  const identity = matchIdentity(leaf, referenceNames);
  if (identity === undefined) return refused(nameMismatch(leaf, referenceNames));
  return { matched: true, record: path.record, depth: depthOf(path, chain), identity };
}

/** Where the anchor stands in what was sent; behind the end if it came from DNS alone. */
function depthOf({ certificates, anchor }: AnchorPath, chain: readonly X509Certificate[]): number {
  if (anchor === 'bare-key') return chain.length;
  const fingerprint = certificates.at(-1)?.fingerprint512;
  const position = chain.findIndex((one) => one.fingerprint512 === fingerprint);
  return position < 0 ? chain.length : position;
}

function refused(failure: Failure): DaneVerdict {
  return { matched: false, failure };
}

function nothingToMatch(leaf: X509Certificate | undefined): Failure {
  return {
    code: leaf === undefined ? 'DANE_NO_MATCH' : 'DANE_ALL_UNUSABLE',
    detail: leaf === undefined ? 'the server presented no certificate' : 'no TLSA record is usable',
    resultType: leaf === undefined ? 'validation-failure' : 'tlsa-invalid',
    reasonCode: leaf === undefined ? 'no-certificate' : 'all-TLSA-records-unusable',
  };
}

function noMatch(leaf: X509Certificate, usable: readonly Tlsa[]): Failure {
  const kinds = new Set(
    usable.map(({ usage, selector, matchingType }) => `${usage} ${selector} ${matchingType}`),
  );
  return {
    code: 'DANE_NO_MATCH',
    detail: `none of ${usable.length} usable TLSA records (${[...kinds].join(', ')}) matches: ${certificateText(leaf)}`,
    resultType: 'validation-failure',
    reasonCode: 'tlsa-no-match',
  };
}

function noPath(leaf: X509Certificate, anchor: X509Certificate): Failure {
  return {
    code: 'DANE_NO_PATH',
    detail: `the trust anchor was sent (${certificateText(anchor)}) but did not issue: ${certificateText(leaf)}`,
    resultType: 'certificate-not-trusted',
    reasonCode: 'no-path-to-anchor',
  };
}

function nameMismatch(leaf: X509Certificate, referenceNames: readonly string[]): Failure {
  const wanted = referenceNames.map(excerpt).join(' or ');
  return {
    code: 'DANE_NAME_MISMATCH',
    detail: `the trust anchor matches, but the certificate is not for ${wanted}: ${presentedText(leaf)}`,
    resultType: 'certificate-host-mismatch',
    reasonCode: 'name-mismatch',
  };
}

function tooComplex(sent: number): Failure {
  return {
    code: 'DANE_CHAIN_TOO_COMPLEX',
    detail: `no path to a trust anchor found among ${sent} certificates within the limit of the search`,
    resultType: 'certificate-not-trusted',
    reasonCode: 'chain-too-complex',
  };
}
