/**
 * Writes X.509 certificates (RFC 5280) over P-256 keys, strict enough for `openssl verify -x509_strict`.
 *
 * @module
 */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';
import { isIP, isIPv4, SocketAddress } from 'node:net';
import {
  bitString,
  booleanTrue,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  tagged,
  taggedOctets,
  time,
  utf8String,
} from './der.ts';

const OID = {
  commonName: '2.5.4.3',
  ecdsaWithSha1: '1.2.840.10045.4.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** A P-256 key pair. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Who signs: the name that stands as issuer, and the key. */
export interface Issuer {
  readonly name: string;
  readonly keys: KeyPair;
}

/** What a certificate is to say. */
export interface CertificateSpec {
  /** Common name; '' gives an empty subject (and a critical SAN, RFC 5280 §4.1.2.6). */
  readonly subject: string;
  readonly publicKey: KeyObject;
  /** Milliseconds since the Unix epoch. */
  readonly validFrom: number;
  /** Milliseconds since the Unix epoch. */
  readonly validTo: number;
  /** DNS names, and addresses as iPAddress entries. */
  readonly names?: readonly string[];
  /** Present: a certificate authority, with or without a limit on what may stand below it. */
  readonly authority?: { readonly pathLength?: number };
  /** Default `serverAuth` for an end entity; an authority has none. `unstated`: no key usages at all. */
  readonly purpose?: 'serverAuth' | 'clientAuth' | 'unstated';
  /** Object identifier of a critical extension that nobody knows. */
  readonly unknownExtension?: string;
  /** What is signed; default SHA-256. */
  readonly digest?: 'sha1' | 'sha256';
  /** DNS subtrees (RFC 5280 §4.2.1.10). */
  readonly nameConstraints?: {
    readonly permitted?: readonly string[];
    readonly excluded?: readonly string[];
  };
}

/** A new key pair. */
export function createKeyPair(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

/** A public key as a SubjectPublicKeyInfo in DER: what a TLSA record with selector 1 is about. */
export function spkiOf(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
}

/** DER as PEM. */
export function certificatePem(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Signs a certificate; DER. */
export function signCertificate(spec: CertificateSpec, issuer: Issuer): Uint8Array {
  const { digest = 'sha256' } = spec;
  const algorithm = sequence(oid(digest === 'sha1' ? OID.ecdsaWithSha1 : OID.ecdsaWithSha256));
  const toBeSigned = sequence(
    tagged(0, integer(2)),
    integer(randomBytes(16)),
    algorithm,
    distinguishedName(issuer.name),
    sequence(time(spec.validFrom), time(spec.validTo)),
    distinguishedName(spec.subject),
    spkiOf(spec.publicKey),
    tagged(3, sequence(...extensions(spec, issuer))),
  );
  const signature = sign(digest, toBeSigned, issuer.keys.privateKey);
  return new Uint8Array(sequence(toBeSigned, algorithm, bitString(signature)));
}

function distinguishedName(commonName: string): Buffer {
  if (commonName === '') return sequence();
  return sequence(setOf(sequence(oid(OID.commonName), utf8String(commonName))));
}

function extensions(spec: CertificateSpec, issuer: Issuer): Buffer[] {
  const { names = [] } = spec;
  return [
    extension(OID.subjectKeyIdentifier, octetString(keyIdentifier(spec.publicKey))),
    extension(
      OID.authorityKeyIdentifier,
      sequence(taggedOctets(0, keyIdentifier(issuer.keys.publicKey))),
    ),
    ...(spec.authority === undefined
      ? endEntityExtensions(spec)
      : authorityExtensions(spec.authority)),
    ...(names.length === 0
      ? []
      : [extension(OID.subjectAltName, sequence(...names.map(generalName)), spec.subject === '')]),
    ...(spec.nameConstraints === undefined
      ? []
      : [extension(OID.nameConstraints, nameConstraints(spec.nameConstraints), true)]),
    ...(spec.unknownExtension === undefined
      ? []
      : [extension(spec.unknownExtension, sequence(), true)]),
  ];
}

function authorityExtensions(authority: { readonly pathLength?: number }): Buffer[] {
  const { pathLength } = authority;
  const limit = pathLength === undefined ? [] : [integer(pathLength)];
  return [
    extension(OID.basicConstraints, sequence(booleanTrue(), ...limit), true),
    // keyCertSign and cRLSign: bits 5 and 6.
    extension(OID.keyUsage, bitString(Uint8Array.of(0x06), 1), true),
  ];
}

function endEntityExtensions(spec: CertificateSpec): Buffer[] {
  const { purpose = 'serverAuth' } = spec;
  if (purpose === 'unstated') return [];
  return [
    // digitalSignature: bit 0.
    extension(OID.keyUsage, bitString(Uint8Array.of(0x80), 7), true),
    extension(OID.extendedKeyUsage, sequence(oid(OID[purpose]))),
  ];
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [booleanTrue()] : []), octetString(value));
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1').update(spkiOf(key)).digest();
}

function generalName(name: string): Buffer {
  return isIP(name) === 0
    ? taggedOctets(2, Buffer.from(name, 'latin1'))
    : taggedOctets(7, addressOctets(name));
}

function addressOctets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = new SocketAddress({ address, family: 'ipv6' }).address.split('::');
  const left = head.split(':').filter((group) => group !== '');
  const right = tail.split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return Buffer.from(
    [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(''),
    'hex',
  );
}

function nameConstraints(constraints: NonNullable<CertificateSpec['nameConstraints']>): Buffer {
  const subtrees = (number: number, names: readonly string[] = []): Buffer[] =>
    names.length === 0 ? [] : [tagged(number, ...names.map((name) => sequence(generalName(name))))];
  return sequence(...subtrees(0, constraints.permitted), ...subtrees(1, constraints.excluded));
}
