/**
 * Does a certificate match a TLSA record (RFC 6698 §2.1)?
 *
 * @module
 */
import { createHash, timingSafeEqual, type X509Certificate } from 'node:crypto';
import type { Tlsa } from '../dns/types.ts';
import { certificateFields } from '../tls/certificate-fields.ts';
import type { DigestAlgorithm } from './usable.ts';

/** Whether the part of the certificate that the selector names, or its digest, is the record's data. */
export function recordMatches(
  record: Tlsa,
  certificate: X509Certificate,
  digests: readonly DigestAlgorithm[],
): boolean {
  const selected = select(record.selector, certificate);
  if (selected === undefined) return false;
  const shown = record.matchingType === 0 ? selected : digestOf(record, selected, digests);
  return shown?.length === record.data.length && timingSafeEqual(shown, record.data);
}

function select(selector: number, certificate: X509Certificate): Uint8Array | undefined {
  if (selector === 0) return certificate.raw;
  return selector === 1 ? certificateFields(certificate.raw)?.spki : undefined;
}

function digestOf(
  { matchingType }: Tlsa,
  selected: Uint8Array,
  digests: readonly DigestAlgorithm[],
): Uint8Array | undefined {
  const digest = digests.find((candidate) => candidate.matchingType === matchingType);
  return digest === undefined ? undefined : createHash(digest.hash).update(selected).digest();
}
