/**
 * TLSA records for lab certificates, right and wrong.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { LabCa, LabCertificate, LabRecord } from './types.ts';

/** A TLSA record in words (RFC 7218). */
export type TlsaKind =
  /** `3 1 1`: the key of the leaf. */
  | 'ee'
  /** `3 1 2`: the same with SHA-512. */
  | 'ee-sha512'
  /** `3 0 1`: the leaf itself. */
  | 'ee-cert'
  /** `3 1 0`: the whole key. */
  | 'ee-full'
  /** `2 1 1`: the key of the intermediate. */
  | 'ta'
  /** `2 0 1`: the intermediate itself. */
  | 'ta-cert'
  /** `2 0 0`: the whole root, found in DNS alone. */
  | 'ta-full'
  /** `3 1 1` with the digest of something else. */
  | 'wrong'
  /** `1 1 1`: a usage that SMTP does not know (RFC 7672 §3.1.3). */
  | 'pkix-ee'
  /** `3 1 1` with a digest that is one octet short. */
  | 'short'
  /** `3 1 9`: a digest nobody knows. */
  | 'unknown-digest';

type TlsaRecord = Extract<LabRecord, { type: 'TLSA' }>;

/** Where the record stands and what it is about. */
export interface TlsaOptions {
  /** TLSA base domain. */
  readonly host: string;
  readonly port: number;
  readonly certificate: LabCertificate;
  readonly ca: LabCa;
}

/** The record of that kind. */
export function tlsaRecord(kind: TlsaKind, options: TlsaOptions): LabRecord {
  const [usage, selector, matchingType, data] = fields(kind, options);
  return {
    type: 'TLSA',
    name: `_${options.port}._tcp.${options.host}`,
    usage,
    selector,
    matchingType,
    data,
  } satisfies TlsaRecord;
}

type Fields = readonly [usage: number, selector: number, matchingType: number, data: Uint8Array];

function fields(kind: TlsaKind, { certificate, ca }: TlsaOptions): Fields {
  const recipes: Readonly<Record<TlsaKind, () => Fields>> = {
    ee: () => [3, 1, 1, sha256(certificate.spki)],
    'ee-sha512': () => [3, 1, 2, sha512(certificate.spki)],
    'ee-cert': () => [3, 0, 1, sha256(certificate.der)],
    'ee-full': () => [3, 1, 0, certificate.spki],
    ta: () => [2, 1, 1, sha256(ca.intermediateSpki)],
    'ta-cert': () => [2, 0, 1, sha256(ca.intermediateDer)],
    'ta-full': () => [2, 0, 0, ca.rootDer],
    wrong: () => [3, 1, 1, sha256(Buffer.from('not this one'))],
    'pkix-ee': () => [1, 1, 1, sha256(certificate.spki)],
    short: () => [3, 1, 1, sha256(certificate.spki).subarray(1)],
    'unknown-digest': () => [3, 1, 9, sha256(certificate.spki)],
  };
  return recipes[kind]();
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

function sha512(data: Uint8Array): Buffer {
  return createHash('sha512').update(data).digest();
}
