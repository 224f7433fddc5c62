/**
 * What a path to a DANE-TA trust anchor must keep to besides signatures (RFC 5280 §6.1, RFC 7672 §3.1.2).
 *
 * @module
 */
import type { X509Certificate } from 'node:crypto';
import type { ErrorCode } from '../errors.ts';
import type { Failure } from '../failure.ts';
import { certificateFields, type CertificateFields } from '../tls/certificate-fields.ts';
import { certificateText, excerpt } from '../tls/certificate-text.ts';
import { dnsConstraintBroken } from './name-constraints.ts';
import type { AnchorPath } from './path.ts';

/** Extended key usages (RFC 5280 §4.2.1.12) with which a certificate may serve TLS. */
const SERVER_PURPOSES = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];

/**
 * Critical extensions that are understood: applied here or by OpenSSL, or without effect on a DNS
 * name. Content octets of the identifiers, in hex. Any other critical one is a refusal (RFC 5280 §4.2).
 */
const UNDERSTOOD: readonly string[] = [
  '551d0e', // subjectKeyIdentifier
  '551d0f', // keyUsage
  '551d11', // subjectAltName
  '551d13', // basicConstraints
  '551d1e', // nameConstraints
  '551d1f', // cRLDistributionPoints
  '551d20', // certificatePolicies: any policy will do
  '551d21', // policyMappings
  '551d23', // authorityKeyIdentifier
  '551d24', // policyConstraints
  '551d25', // extKeyUsage
  '551d36', // inhibitAnyPolicy
];

/** Signatures that no longer prove anything. */
const WEAK_SIGNATURE = /md[245]|sha-?1(?!\d)/i;

/** One certificate of a path and its place. */
interface Step {
  readonly certificate: X509Certificate;
  readonly fields: CertificateFields;
  /** 0 for the leaf. */
  readonly position: number;
  readonly role: 'leaf' | 'issuer';
  /**
   * Does the record vouch for this certificate's key alone? Then what else the certificate says
   * (constraints, own signature) has no weight: it is a trust anchor by its key (RFC 7671 §5.2.3).
   */
  readonly anchor: 'none' | 'key-only' | 'whole';
}

/**
 * The first rule that the path breaks, or undefined.
 *
 * Dates count for every certificate of the path, the anchor included: DNS vouches for the anchor's
 * key, not for everything it ever signed, and the senders built on OpenSSL do the same. Path
 * length and name constraints count for every issuer, and for an anchor that is matched as a whole
 * certificate (RFC 7672 §3.1.2: a SHOULD); an anchor matched by key has none.
 *
 * @param now milliseconds since the Unix epoch
 */
export function brokenRule(path: AnchorPath, now: number): Failure | undefined {
  const steps: Step[] = [];
  for (const [position, certificate] of path.certificates.entries()) {
    const fields = certificateFields(certificate.raw);
    if (fields === undefined) return constraint(certificate, 'cannot be read');
    const last = position === path.certificates.length - 1 && path.anchor === 'certificate';
    const whole = path.record.selector === 0 ? 'whole' : 'key-only';
    const role = position === 0 ? 'leaf' : 'issuer';
    steps.push({ certificate, fields, position, role, anchor: last ? whole : 'none' });
  }
  for (const step of steps) {
    const failure = dateFailure(step.certificate, now) ?? ruleFailure(step, steps);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function dateFailure(certificate: X509Certificate, now: number): Failure | undefined {
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  // Written so that an unreadable date fails.
  if (!(now >= from)) {
    const code = 'DANE_CERTIFICATE_NOT_YET_VALID';
    return refusal({ code, certificate, what: 'is not valid yet', reason: 'not-yet-valid' });
  }
  if (now <= to) return undefined;
  return {
    code: 'DANE_CERTIFICATE_EXPIRED',
    detail: `a certificate on the path to the trust anchor has expired: ${certificateText(certificate)}`,
    resultType: 'certificate-expired',
    reasonCode: 'expired',
  };
}

function ruleFailure(step: Step, steps: readonly Step[]): Failure | undefined {
  const { certificate, fields, role, anchor } = step;
  if (role === 'issuer' && !certificate.ca) {
    return constraint(certificate, 'is no certificate authority');
  }
  if (anchor === 'none' && WEAK_SIGNATURE.test(certificate.signatureAlgorithm ?? '')) {
    return constraint(certificate, `is signed with ${certificate.signatureAlgorithm}`);
  }
  if (anchor === 'key-only') return undefined;
  const stranger = fields.extensions.find(
    ({ id, critical }) => critical && !UNDERSTOOD.includes(id),
  );
  if (stranger !== undefined) {
    return constraint(certificate, `has an unknown critical extension (${stranger.id})`);
  }
  if (!mayServe(certificate)) return constraint(certificate, 'is not for TLS servers');
  return belowFailure(step, steps);
}

/** Without extended key usages everything is allowed. (Node.js calls them `keyUsage`.) */
function mayServe({ keyUsage }: X509Certificate): boolean {
  const purposes = keyUsage as readonly string[] | undefined;
  return purposes === undefined || purposes.some((purpose) => SERVER_PURPOSES.includes(purpose));
}

/** What an issuer allows below itself. */
function belowFailure(
  { certificate, fields, position }: Step,
  steps: readonly Step[],
): Failure | undefined {
  const below = steps.slice(0, position);
  // Self-issued certificates, as in a key roll-over, do not count (RFC 5280 §4.2.1.9).
  const intermediates = below.filter(
    ({ role, certificate: { subject, issuer } }) => role === 'issuer' && subject !== issuer,
  );
  const { pathLength, dnsConstraints } = fields;
  if (pathLength !== undefined && intermediates.length > pathLength) {
    const what = `allows ${pathLength} intermediates below it, and there are ${intermediates.length}`;
    return constraint(certificate, what);
  }
  if (dnsConstraints === undefined) return undefined;
  const names = below.flatMap((step) => step.fields.dnsNames);
  const breach = names.find((name) => dnsConstraintBroken(dnsConstraints, name));
  return breach === undefined
    ? undefined
    : constraint(certificate, `does not allow the name ${excerpt(breach)}`);
}

function constraint(certificate: X509Certificate, what: string): Failure {
  return refusal({ code: 'DANE_CHAIN_CONSTRAINT', certificate, what, reason: 'chain-constraint' });
}

function refusal(found: {
  readonly code: ErrorCode;
  readonly certificate: X509Certificate;
  readonly what: string;
  readonly reason: string;
}): Failure {
  return {
    code: found.code,
    detail: `a certificate on the path to the trust anchor ${found.what}: ${certificateText(found.certificate)}`,
    resultType: 'certificate-not-trusted',
    reasonCode: found.reason,
  };
}
