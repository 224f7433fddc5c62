/**
 * The fields of a certificate that Node.js does not give: SPKI octets, DNS names, constraints (RFC 5280 §4).
 *
 * @module
 */
import { childrenOf, readElement, readElements, type DerElement } from './der.ts';

const SEQUENCE = 0x30;
const BOOLEAN = 0x01;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const OID = 0x06;
/** `[0]` and `[1]` constructed: version, and the two lists of name constraints. */
const CONTEXT_0 = 0xa0;
const CONTEXT_1 = 0xa1;
/** `[3]` constructed: the extensions. */
const CONTEXT_3 = 0xa3;
/** `[2] IMPLICIT IA5String`: a dNSName in a GeneralName (RFC 5280 §4.2.1.6). */
const DNS_NAME = 0x82;

/** Content octets of id-ce (2.5.29) extension identifiers, in hex. */
const EXTENSION = {
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  nameConstraints: '551d1e',
} as const;

/** One extension. */
export interface Extension {
  /** Content octets of the object identifier, in lower-case hex. */
  readonly id: string;
  readonly critical: boolean;
  /** The DER inside the OCTET STRING. */
  readonly value: Uint8Array;
}

/** DNS subtrees in which the names below an authority must or must not lie (RFC 5280 §4.2.1.10). */
export interface DnsConstraints {
  /** Absent: no DNS subtree is named, so any DNS name is permitted. */
  readonly permitted?: readonly string[];
  readonly excluded: readonly string[];
}

/** The fields. */
export interface CertificateFields {
  /** SubjectPublicKeyInfo as it stands in the certificate: what selector 1 is about (RFC 6698 §2.1.2). */
  readonly spki: Uint8Array;
  readonly extensions: readonly Extension[];
  /** dNSName entries of the subjectAltName, in order, as they stand. */
  readonly dnsNames: readonly string[];
  /** How many intermediates may stand below; absent: no limit. */
  readonly pathLength?: number;
  /** Absent: the certificate has no name constraints. */
  readonly dnsConstraints?: DnsConstraints;
}

/** Reads a certificate in DER; undefined if its structure, or that of an extension read here, is broken. */
export function certificateFields(der: Uint8Array): CertificateFields | undefined {
  const [tbs] = childrenOf(readElement(der), SEQUENCE) ?? [];
  const parts = childrenOf(tbs, SEQUENCE);
  if (parts === undefined) return undefined;
  // version [0]?, serial, algorithm, issuer, validity, subject, SPKI, ids [1] [2]?, extensions [3]?
  const spki = parts[parts[0]?.tag === CONTEXT_0 ? 6 : 5];
  const extensions = readExtensions(parts.find(({ tag }) => tag === CONTEXT_3));
  if (spki?.tag !== SEQUENCE || extensions === undefined) return undefined;
  const dnsNames = readDnsNames(extensions);
  const pathLength = readPathLength(extensions);
  const dnsConstraints = readDnsConstraints(extensions);
  if (dnsNames === undefined || pathLength === 'broken' || dnsConstraints === 'broken') {
    return undefined;
  }
  return {
    spki: spki.whole,
    extensions,
    dnsNames,
    ...(pathLength === undefined ? {} : { pathLength }),
    ...(dnsConstraints === undefined ? {} : { dnsConstraints }),
  };
}

function readExtensions(wrapper: DerElement | undefined): readonly Extension[] | undefined {
  if (wrapper === undefined) return [];
  const list = childrenOf(readElement(wrapper.content), SEQUENCE);
  const extensions = list?.map(readExtension);
  return extensions?.every((extension) => extension !== undefined) === true
    ? extensions
    : undefined;
}

function readExtension(element: DerElement): Extension | undefined {
  const [id, ...rest] = childrenOf(element, SEQUENCE) ?? [];
  const value = rest.at(-1);
  if (id?.tag !== OID || value?.tag !== OCTET_STRING) return undefined;
  const critical = rest[0]?.tag === BOOLEAN && rest[0].content[0] !== 0;
  return { id: Buffer.from(id.content).toString('hex'), critical, value: value.content };
}

function valueOf(
  extensions: readonly Extension[],
  id: string,
): readonly DerElement[] | 'broken' | undefined {
  const extension = extensions.find((candidate) => candidate.id === id);
  if (extension === undefined) return undefined;
  return childrenOf(readElement(extension.value), SEQUENCE) ?? 'broken';
}

function readDnsNames(extensions: readonly Extension[]): readonly string[] | undefined {
  const names = valueOf(extensions, EXTENSION.subjectAltName);
  if (names === 'broken') return undefined;
  return (names ?? []).filter(({ tag }) => tag === DNS_NAME).map(latin1);
}

function latin1({ content }: DerElement): string {
  return Buffer.from(content).toString('latin1');
}

function readPathLength(extensions: readonly Extension[]): number | 'broken' | undefined {
  const constraints = valueOf(extensions, EXTENSION.basicConstraints);
  if (constraints === undefined || constraints === 'broken') return constraints;
  const limit = constraints.find(({ tag }) => tag === INTEGER);
  if (limit === undefined) return undefined;
  // More than four octets, or a negative number, is no limit that anyone means.
  if (limit.content.length === 0 || limit.content.length > 4 || limit.content[0]! >= 0x80) {
    return 'broken';
  }
  return limit.content.reduce((sum, octet) => sum * 256 + octet, 0);
}

function readDnsConstraints(
  extensions: readonly Extension[],
): DnsConstraints | 'broken' | undefined {
  const lists = valueOf(extensions, EXTENSION.nameConstraints);
  if (lists === undefined || lists === 'broken') return lists;
  const permitted = readSubtrees(lists, CONTEXT_0);
  const excluded = readSubtrees(lists, CONTEXT_1);
  if (permitted === undefined || excluded === undefined) return 'broken';
  return { excluded, ...(permitted.length === 0 ? {} : { permitted }) };
}

/** Only DNS subtrees: no other kind of name is ever matched here, so no other kind limits anything. */
function readSubtrees(lists: readonly DerElement[], tag: number): readonly string[] | undefined {
  const list = lists.find((candidate) => candidate.tag === tag);
  if (list === undefined) return [];
  const bases = readElements(list.content)?.map((subtree) => childrenOf(subtree, SEQUENCE)?.[0]);
  if (bases?.every((base) => base !== undefined) !== true) return undefined;
  return bases.filter((base) => base.tag === DNS_NAME).map(latin1);
}
