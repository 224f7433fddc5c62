/**
 * Scenes about what certificate the MX host shows.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import type { Scene } from '../scene.ts';
import type { CertificateKind } from '../types.ts';

interface BadCertificate {
  readonly kind: CertificateKind;
  readonly title: string;
  readonly requirements: readonly string[];
  /** Why enforce refuses it. */
  readonly code: ErrorCode;
}

const BAD: readonly BadCertificate[] = [
  {
    kind: 'expired',
    code: 'TLS_CERTIFICATE_EXPIRED',
    title: 'an expired certificate',
    requirements: ['STS-4.2-1'],
  },
  {
    kind: 'not-yet-valid',
    code: 'TLS_CERTIFICATE_NOT_YET_VALID',
    title: 'a certificate from the future',
    requirements: ['STS-4.2-1'],
  },
  {
    kind: 'self-signed',
    code: 'TLS_CERTIFICATE_SELF_SIGNED',
    title: 'a self-signed certificate',
    requirements: ['STS-4.2-2'],
  },
  {
    kind: 'untrusted-ca',
    code: 'TLS_CERTIFICATE_ISSUER_UNKNOWN',
    title: 'a certificate of an unknown CA',
    requirements: ['STS-4.2-2'],
  },
  {
    kind: 'missing-intermediate',
    code: 'TLS_CERTIFICATE_ISSUER_UNKNOWN',
    title: 'the intermediate is missing',
    requirements: ['STS-4.2-2'],
  },
  {
    kind: 'wrong-name',
    code: 'TLS_CERTIFICATE_NAME_MISMATCH',
    title: "another host's certificate",
    requirements: ['STS-4.2-3'],
  },
  {
    kind: 'cn-only',
    code: 'TLS_CERTIFICATE_NAME_MISMATCH',
    title: 'the name stands in the CN alone',
    requirements: ['STS-4.2-3', 'ID-9525-1'],
  },
  {
    kind: 'partial-wildcard',
    code: 'TLS_CERTIFICATE_NAME_MISMATCH',
    title: 'a partial wildcard (mx*)',
    requirements: ['ID-9525-6.3-2'],
  },
];

const ENFORCED: readonly Scene[] = BAD.map(({ kind, title, requirements, code }) => ({
  name: `certificate-${kind}-enforce`,
  title: `${title}; enforce`,
  rule: 'RFC 8461 §4.2',
  requirements: [...requirements, 'STS-5-1'],
  expected: 'deferred',
  code,
  domain: (name) => ({ name, mx: [{ certificate: kind }], sts: { mode: 'enforce' } }),
}));

const TESTED: readonly Scene[] = BAD.map(({ kind, title }) => ({
  name: `certificate-${kind}-testing`,
  title: `${title}; testing: delivered over TLS all the same`,
  rule: 'RFC 8461 §5',
  requirements: ['STS-5-2'],
  expected: 'delivered',
  domain: (name) => ({ name, mx: [{ certificate: kind }], sts: { mode: 'testing' } }),
  check: ({ report }) =>
    report.hops.some((hop) => hop.attempts.some((attempt) => attempt.failure !== undefined))
      ? undefined
      : 'nothing is there to report although a testing policy failed',
}));

const OF_EE: readonly CertificateKind[] = ['expired', 'self-signed', 'wrong-name', 'not-yet-valid'];

const BY_KEY: readonly Scene[] = BAD.filter(({ kind }) => OF_EE.includes(kind)).map(
  ({ kind, title }) => ({
    name: `certificate-${kind}-dane-ee`,
    title: `${title}; DANE-EE looks at the key alone`,
    rule: 'RFC 7672 §3.1.1',
    requirements: ['DANE-7672-3.1.1-1', 'DANE-7672-3.1.1-2', 'DANE-7672-3.2.1-1'],
    expected: 'delivered',
    domain: (name) => ({ name, zone: 'secure', mx: [{ certificate: kind, tlsa: ['ee'] }] }),
  }),
);

const BY_ANCHOR: readonly Scene[] = (['expired', 'wrong-name'] as const).map((kind) => ({
  name: `certificate-${kind}-dane-ta`,
  title: `${kind === 'expired' ? 'an expired certificate' : "another host's certificate"}; DANE-TA looks at dates and names`,
  rule: kind === 'expired' ? 'RFC 7672 §3.1.2' : 'RFC 7672 §3.2.2',
  requirements: [kind === 'expired' ? 'DANE-7672-3.2-1' : 'DANE-7672-3.2.2-1'],
  expected: 'deferred',
  code: kind === 'expired' ? 'DANE_CERTIFICATE_EXPIRED' : 'DANE_NAME_MISMATCH',
  domain: (name) => ({ name, zone: 'secure', mx: [{ certificate: kind, tlsa: ['ta-cert'] }] }),
}));

const RIGHT: readonly Scene[] = [
  {
    name: 'certificate-valid-enforce',
    title: 'everything is right; enforce',
    rule: 'RFC 8461 §4',
    requirements: ['STS-4-1', 'STS-7.1-4'],
    expected: 'delivered',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    check: ({ domain }) =>
      domain.host.messages[0]?.tls?.servername === domain.host.options.host
        ? undefined
        : 'the MX host was not named in the handshake (SNI)',
  },
  {
    name: 'certificate-wildcard-enforce',
    title: 'a wildcard certificate; enforce',
    rule: 'RFC 9525 §6.3',
    requirements: ['STS-4.2-3', 'ID-9525-6.3-2'],
    expected: 'delivered',
    domain: (name) => ({ name, mx: [{ certificate: 'wildcard' }], sts: { mode: 'enforce' } }),
  },
  {
    name: 'certificate-recipient-domain-enforce',
    title: 'the certificate names the domain, not the MX host; enforce',
    rule: 'RFC 8461 §4.2',
    requirements: ['STS-4.2-4'],
    expected: 'deferred',
    code: 'TLS_CERTIFICATE_NAME_MISMATCH',
    domain: (name) => ({ name, mx: [{ names: [name] }], sts: { mode: 'enforce' } }),
  },
];

/** Under enforce only a certificate of the web PKI for the MX host will do. */
export const CERTIFICATE_SCENES: readonly Scene[] = [
  ...RIGHT,
  ...ENFORCED,
  ...TESTED,
  ...BY_KEY,
  ...BY_ANCHOR,
];
