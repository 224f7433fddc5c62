/**
 * DANE for SMTP (RFC 7672, 7671, 6698): TLSA records, what they ask of a host, and whether it complies.
 *
 * @module
 */
export { baseDomains, type AddressAnswer, type BaseDomains } from './base-domain.ts';
export { lookUpDane, type DaneLookupOptions } from './lookup.ts';
export { parseTlsa, tlsaText } from './tlsa-text.ts';
export type { DaneEvidence, DaneState, DaneVerdict } from './types.ts';
export {
  DEFAULT_DIGESTS,
  usableRecords,
  type DigestAlgorithm,
  type UnusableRecord,
  type Usability,
} from './usable.ts';
export { verifyDane, type VerifyDaneOptions } from './verify.ts';
export type { Tlsa } from '../dns/types.ts';
