/**
 * The lab's certificate authority: a root, an intermediate, and certificates that are right or wrong on purpose.
 *
 * @module
 */
import { isIP } from 'node:net';
import { systemClock, type Clock } from '../../clock.ts';
import type { CertificateKind, LabCa, LabCertificate } from '../types.ts';
import {
  certificatePem,
  createKeyPair,
  signCertificate,
  spkiOf,
  type CertificateSpec,
  type Issuer,
  type KeyPair,
} from './certificate.ts';

const DAY_MS = 86_400_000;
/** How far an authority's validity reaches to each side of now. */
const AUTHORITY_DAYS = 3650;
/** How long a leaf is valid. */
const LEAF_DAYS = 90;

/** An issuer with its own certificate. */
export interface Authority extends Issuer {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly spki: Uint8Array;
}

/** What an authority is to be; by default a self-signed root without limits. */
export interface AuthorityOptions {
  readonly name: string;
  /** Who signs it; absent: itself. */
  readonly issuer?: Issuer;
  /** Default: a new pair. */
  readonly keys?: KeyPair;
  readonly pathLength?: number;
  readonly nameConstraints?: CertificateSpec['nameConstraints'];
  /** Milliseconds since the Unix epoch; default ten years ago. */
  readonly validFrom?: number;
  /** Milliseconds since the Unix epoch; default in ten years. */
  readonly validTo?: number;
}

/** What a leaf is to be; by default valid for 90 days from yesterday. */
export interface LeafOptions extends Partial<Omit<CertificateSpec, 'publicKey'>> {
  readonly names: readonly string[];
  /** Absent: the leaf signs itself. */
  readonly issuer?: Issuer;
  /** DER of what is sent behind the leaf. */
  readonly with?: readonly Uint8Array[];
  /** Default: a new pair. */
  readonly keys?: KeyPair;
}

/** A new authority: a building block where a test needs more than {@link createLabCa}. */
export function createAuthority(options: AuthorityOptions, clock: Clock = systemClock): Authority {
  const { name, pathLength, nameConstraints, keys = createKeyPair() } = options;
  const der = signCertificate(
    {
      subject: name,
      publicKey: keys.publicKey,
      validFrom: options.validFrom ?? clock.now() - AUTHORITY_DAYS * DAY_MS,
      validTo: options.validTo ?? clock.now() + AUTHORITY_DAYS * DAY_MS,
      authority: pathLength === undefined ? {} : { pathLength },
      ...(nameConstraints === undefined ? {} : { nameConstraints }),
    },
    options.issuer ?? { name, keys },
  );
  return { name, keys, der, pem: certificatePem(der), spki: spkiOf(keys.publicKey) };
}

/** A new leaf certificate with its key and chain. */
export function issueLeaf(options: LeafOptions, clock: Clock = systemClock): LabCertificate {
  const { issuer, with: others = [], keys = createKeyPair(), ...spec } = options;
  const subject = spec.subject ?? options.names[0] ?? 'lab';
  const der = signCertificate(
    {
      validFrom: clock.now() - DAY_MS,
      validTo: clock.now() + (LEAF_DAYS - 1) * DAY_MS,
      ...spec,
      subject,
      publicKey: keys.publicKey,
    },
    issuer ?? { name: subject, keys },
  );
  const leaf = certificatePem(der);
  return {
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    chain: leaf + others.map(certificatePem).join(''),
    leaf,
    der,
    spki: spkiOf(keys.publicKey),
  };
}

/** A new root and intermediate, valid around now. */
export function createLabCa(clock: Clock = systemClock): LabCa {
  const root = createAuthority({ name: 'Lab Root' }, clock);
  const intermediate = createAuthority({ name: 'Lab Intermediate', issuer: root }, clock);
  return {
    rootPem: root.pem,
    rootDer: root.der,
    rootSpki: root.spki,
    intermediateDer: intermediate.der,
    intermediateSpki: intermediate.spki,
    issue: (names, kind = 'valid') =>
      issueLeaf(leafOfKind(names, kind, { intermediate, clock }), clock),
  };
}

/** What each kind of certificate is made of. */
function leafOfKind(
  names: readonly string[],
  kind: CertificateKind,
  { intermediate, clock }: { readonly intermediate: Authority; readonly clock: Clock },
): LeafOptions {
  const usual = { names, issuer: intermediate, with: [intermediate.der] };
  const recipes: Readonly<Record<CertificateKind, () => LeafOptions>> = {
    valid: () => usual,
    wildcard: () => ({ ...usual, names: names.map((name) => onFirstLabel(name, () => '*')) }),
    'partial-wildcard': () => ({
      ...usual,
      names: names.map((name) => onFirstLabel(name, shortened)),
    }),
    'wrong-name': () => ({ ...usual, names: ['some-other-host.test'] }),
    'cn-only': () => ({ ...usual, subject: names[0] ?? 'lab', names: [] }),
    expired: () => ({ ...usual, ...daysFromNow(clock, -LEAF_DAYS, -1) }),
    'not-yet-valid': () => ({ ...usual, ...daysFromNow(clock, 1, LEAF_DAYS) }),
    'self-signed': () => ({ names }),
    'missing-intermediate': () => ({ ...usual, with: [] }),
    'untrusted-ca': () => ({ ...usual, ...strangers(clock) }),
  };
  return recipes[kind]();
}

/** A root that nobody trusts, which is not sent, and its intermediate, which is. */
function strangers(clock: Clock): Pick<LeafOptions, 'issuer' | 'with'> {
  const root = createAuthority({ name: 'Strange Root' }, clock);
  const issuer = createAuthority({ name: 'Strange Intermediate', issuer: root }, clock);
  return { issuer, with: [issuer.der] };
}

function daysFromNow(
  clock: Clock,
  from: number,
  to: number,
): { readonly validFrom: number; readonly validTo: number } {
  return { validFrom: clock.now() + from * DAY_MS, validTo: clock.now() + to * DAY_MS };
}

/** `mx1` becomes `mx*`: what a client must not take for `mx1` (RFC 9525 §6.3). */
function shortened(label: string): string {
  return `${label.slice(0, Math.max(1, label.length - 1))}*`;
}

function onFirstLabel(name: string, change: (label: string) => string): string {
  if (isIP(name) !== 0) return name;
  const [first = '', ...rest] = name.split('.');
  return [change(first), ...rest].join('.');
}
