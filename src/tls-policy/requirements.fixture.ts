/**
 * Requirements and certificates for tests of verdicts and sessions.
 *
 * @module
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { Failure } from '../failure.ts';
import type { DaneDemand, HostPolicy, Requirement, StsDemand } from './types.ts';

/** The MX host of all these tests. */
export const MX = 'mx1.example.test';
/** Its address. */
export const ADDRESS = '192.0.2.1';

/** What OpenSSL says of a certificate whose time is over. */
export const EXPIRED: Failure = {
  code: 'TLS_CERTIFICATE_EXPIRED',
  detail: 'certificate has expired',
  resultType: 'certificate-expired',
  reasonCode: 'CERT_HAS_EXPIRED',
};

/** A handshake that never ended. */
export const BROKEN_HANDSHAKE: Failure = {
  code: 'TLS_HANDSHAKE_CLOSED',
  detail: 'handshake broke off',
  resultType: 'validation-failure',
};

/** What STS asks of the MX host. */
export function sts(mode: 'enforce' | 'testing', more: Partial<StsDemand> = {}): StsDemand {
  return { policyDomain: 'example.test', mode, id: 'id1', host: MX, mxMatches: true, ...more };
}

/** TLSA `3 1 1` for this certificate. */
export function dane(certificate: X509Certificate, baseDomain = MX): DaneDemand {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  const data = new Uint8Array(createHash('sha256').update(spki).digest());
  return {
    baseDomain,
    usable: [{ usage: 3, selector: 1, matchingType: 1, data }],
    referenceNames: [baseDomain],
  };
}

/** TLSA `3 1 1` for a key that nobody has. */
export function otherDane(baseDomain = MX): DaneDemand {
  const data = new Uint8Array(32).fill(7);
  return {
    baseDomain,
    usable: [{ usage: 3, selector: 1, matchingType: 1, data }],
    referenceNames: [baseDomain],
  };
}

/** A host with one address and this requirement. */
export function hostWith(requirement: Requirement, more: Partial<HostPolicy> = {}): HostPolicy {
  return {
    host: MX,
    preference: 10,
    port: 25,
    addresses: [ADDRESS],
    requirement,
    servername: MX,
    level: { mx: 'none', tls: 'none' },
    why: 'a test',
    ...more,
  };
}

/** The leaf of a PEM chain. */
export function leafOf({ leaf }: { readonly leaf: string }): X509Certificate {
  return new X509Certificate(leaf);
}
