/**
 * Scenes about the policy host: broken, slow, moved, or in somebody else's hands.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import type { Scene, Stage } from '../scene.ts';
import type { CertificateKind, PolicyFault } from '../types.ts';
import { REDIRECT_TARGET } from '../policy-response.ts';
import { DAY, TEN_MINUTES } from './times.ts';

interface Breakage {
  readonly fault: PolicyFault;
  /** How the fetch ends. */
  readonly code: ErrorCode;
  readonly title: string;
  readonly requirements: readonly string[];
}

const BREAKAGES: readonly Breakage[] = [
  { fault: 'down', code: 'TLS_HANDSHAKE_CLOSED', title: 'is down', requirements: [] },
  { fault: 'redirect', code: 'HTTP_REDIRECT', title: 'redirects', requirements: ['STS-3.3-6'] },
  { fault: 'not-found', code: 'HTTP_STATUS', title: 'answers 404', requirements: ['STS-3.3-5'] },
  { fault: 'status-204', code: 'HTTP_STATUS', title: 'answers 204', requirements: ['STS-3.3-5'] },
  { fault: 'status-206', code: 'HTTP_STATUS', title: 'answers 206', requirements: ['STS-3.3-5'] },
  {
    fault: 'server-error',
    code: 'HTTP_STATUS',
    title: 'answers 500 with a valid body',
    requirements: ['STS-3.3-5'],
  },
  {
    fault: 'html',
    code: 'STS_POLICY_MEDIA_TYPE',
    title: 'calls the policy text/html',
    requirements: ['STS-3.2-18'],
  },
  {
    fault: 'no-content-type',
    code: 'STS_POLICY_MEDIA_TYPE',
    title: 'names no media type',
    requirements: ['STS-3.2-18'],
  },
  {
    fault: 'oversize',
    code: 'HTTP_TOO_LARGE',
    title: 'sends more than 64 KiB',
    requirements: ['STS-3.3-11'],
  },
  {
    fault: 'oversize-chunked',
    code: 'HTTP_TOO_LARGE',
    title: 'sends without end',
    requirements: ['STS-3.3-11', 'STS-3.3-R1'],
  },
  {
    fault: 'truncated-body',
    code: 'HTTP_TRUNCATED',
    title: 'breaks off in the middle',
    requirements: [],
  },
  {
    fault: 'gzip-bomb',
    code: 'HTTP_CONTENT_ENCODING',
    title: 'sends a gzip bomb',
    requirements: ['STS-3.3-R1'],
  },
  {
    fault: 'huge-header',
    code: 'HTTP_RESPONSE_INVALID',
    title: 'sends a huge header',
    requirements: ['STS-3.3-R1'],
  },
  {
    fault: 'tls-1.1',
    code: 'TLS_VERSION_TOO_OLD',
    title: 'speaks TLS 1.1 at most',
    requirements: ['TLS-9325-1'],
  },
  { fault: 'drip', code: 'HTTP_TIMEOUT', title: 'drips the policy', requirements: ['STS-3.3-10'] },
  { fault: 'silent', code: 'HTTP_TIMEOUT', title: 'does not answer', requirements: ['STS-3.3-10'] },
];

/** What drips or is silent is waited for only this long. */
function patience(fault: PolicyFault): Pick<Scene, 'config'> {
  if (fault !== 'drip' && fault !== 'silent') return {};
  return { config: { policyFetch: { timeoutMs: 1500 }, mtaSts: { firstContactMs: 3000 } } };
}

function redirectFollowed({ world, domain }: Stage): string | undefined {
  const followed = world.policyHost.requests.some(
    ({ sni, path }) => sni === `mta-sts.${domain.name}` && path === REDIRECT_TARGET,
  );
  return followed ? 'the target of the redirect was fetched' : undefined;
}

/** With nothing known, mail goes as without MTA-STS (RFC 8461 §3.3). */
const COLD: readonly Scene[] = BREAKAGES.map(({ fault, code, title, requirements }) => ({
  policyCode: code,
  ...patience(fault),
  name: `policy-host-${fault}-first-contact`,
  title: `at first contact the policy host ${title}; as without a policy`,
  rule: 'RFC 8461 §3.3',
  requirements: ['STS-3.3-13', ...requirements],
  expected: 'delivered',
  over: 'clear',
  domain: (name) => ({
    name,
    mx: [{ fault: 'strip-starttls' }],
    sts: { mode: 'enforce', fault },
  }),
  check: redirectFollowed,
}));

/** A known policy outlives its host: a new id makes the sender ask, what it gets is no policy. */
const WARM: readonly Scene[] = BREAKAGES.map(({ fault, code, title, requirements }) => ({
  policyCode: code,
  ...patience(fault),
  name: `policy-host-${fault}-new-id`,
  title: `a new id appears and the policy host ${title}; the old policy stays`,
  rule: 'RFC 8461 §3.3',
  requirements: ['STS-3.3-14', ...requirements],
  expected: 'deferred',
  code: 'SMTP_STARTTLS_NOT_OFFERED',
  domain: (name) => ({ name, sts: { mode: 'enforce' } }),
  warm: true,
  attack: ({ domain, clock }) => {
    domain.publish({ mode: 'none', id: '2', fault });
    domain.host.setFault('strip-starttls');
    clock.skip(TEN_MINUTES);
  },
  check: redirectFollowed,
}));

const CERTIFICATE_CODES = {
  expired: 'TLS_CERTIFICATE_EXPIRED',
  'self-signed': 'TLS_CERTIFICATE_SELF_SIGNED',
  'wrong-name': 'TLS_CERTIFICATE_NAME_MISMATCH',
  'cn-only': 'TLS_CERTIFICATE_NAME_MISMATCH',
  'partial-wildcard': 'TLS_CERTIFICATE_NAME_MISMATCH',
  'untrusted-ca': 'TLS_CERTIFICATE_ISSUER_UNKNOWN',
} as const satisfies Readonly<Partial<Record<CertificateKind, ErrorCode>>>;

const WRONG_CERTIFICATES: readonly Scene[] = Object.entries(CERTIFICATE_CODES).map(
  ([certificate, policyCode]) => ({
    name: `policy-host-certificate-${certificate}`,
    title: `the policy host shows a certificate that is ${certificate}; its "none" is not believed`,
    rule: 'RFC 8461 §3.3',
    requirements: ['STS-3.3-1', 'STS-3.3-2', 'STS-3.3-R5'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    policyCode,
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    warm: true,
    attack: ({ domain, clock }) => {
      const kind = certificate as keyof typeof CERTIFICATE_CODES;
      domain.publish({ mode: 'none', id: '2', certificate: kind });
      domain.host.setFault('strip-starttls');
      clock.skip(TEN_MINUTES);
    },
  }),
);

const BROKEN_TEXTS: readonly (readonly [name: string, title: string, text: string])[] = [
  ['unknown-mode', 'names an unknown mode', 'version: STSv1\nmode: off\nmax_age: 86400\n'],
  ['no-mx', 'forgets its mx lines', 'version: STSv1\nmode: testing\nmax_age: 86400\n'],
  ['version', 'has another version', 'version: STSv2\nmode: none\nmax_age: 86400\n'],
  ['empty', 'is empty', ''],
];

const BROKEN: readonly Scene[] = BROKEN_TEXTS.map(([name, title, text]) => ({
  name: `policy-broken-${name}`,
  title: `a new id, and the new policy ${title}; the old one stays`,
  rule: 'RFC 8461 §3.3',
  requirements: ['STS-3.3-R5', 'STS-3.3-14'],
  policyCode: 'STS_POLICY_INVALID',
  expected: 'deferred',
  code: 'SMTP_STARTTLS_NOT_OFFERED',
  domain: (name) => ({ name, sts: { mode: 'enforce' } }),
  warm: true,
  attack: ({ domain, clock }) => {
    domain.publish({ mode: 'none', id: '2', text });
    domain.host.setFault('strip-starttls');
    clock.skip(TEN_MINUTES);
  },
}));

function moveToPrivateAddress({ domain, world }: Stage): void {
  const host = `mta-sts.${domain.name}`;
  world.dns.remove(host);
  world.dns.add(
    { type: 'A', name: host, value: '10.0.0.1' },
    { type: 'A', name: host, value: '169.254.169.254' },
    { type: 'AAAA', name: host, value: '::ffff:10.0.0.1' },
    { type: 'AAAA', name: host, value: 'fe80::1' },
  );
}

const MORE: readonly Scene[] = [
  {
    name: 'policy-first-key-wins',
    title: '"mode: enforce" and then "mode: none": the first counts',
    rule: 'RFC 8461 §3.2',
    requirements: ['STS-3.2-16'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({
      name,
      mx: [{ fault: 'strip-starttls' }],
      sts: {
        mode: 'enforce',
        text: `version: STSv1\nmode: enforce\nmode: none\nmx: mx1.${name}\nmax_age: 86400\n`,
      },
    }),
  },
  {
    name: 'policy-private-address',
    title: 'the policy host moves to a private address; nobody connects there',
    rule: 'RFC 8461 §10',
    requirements: ['STS-3.3-R2'],
    expected: 'delivered',
    over: 'clear',
    domain: (name) => ({ name, mx: [{ fault: 'strip-starttls' }], sts: { mode: 'enforce' } }),
    policyCode: 'HTTP_ADDRESS_REFUSED',
    attack: moveToPrivateAddress,
  },
  {
    name: 'policy-private-address-new-id',
    title: 'the same with a new id while a policy is known: it stays',
    rule: 'RFC 8461 §3.3',
    requirements: ['STS-3.3-R2', 'STS-3.3-14'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    policyCode: 'HTTP_ADDRESS_REFUSED',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    warm: true,
    attack: (stage) => {
      stage.domain.publish({ mode: 'none', id: '2' });
      moveToPrivateAddress(stage);
      stage.domain.host.setFault('strip-starttls');
      stage.clock.skip(TEN_MINUTES);
    },
  },
  {
    name: 'policy-second-address',
    title: "the policy host's first address is dead, the second answers",
    rule: 'RFC 8461 §3.3',
    requirements: ['STS-3.3-R4'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({ name, mx: [{ fault: 'strip-starttls' }], sts: { mode: 'enforce' } }),
    prepare: ({ domain, world }) => {
      const host = `mta-sts.${domain.name}`;
      world.dns.remove(host);
      world.dns.add(
        { type: 'A', name: host, value: world.deadAddress() },
        { type: 'A', name: host, value: world.policyHost.address },
      );
    },
  },
  {
    name: 'policy-delegated',
    title: 'the policy host is a CNAME to a provider',
    rule: 'RFC 8461 §8.2',
    requirements: ['STS-8.2-1', 'STS-7.1-1'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({ name, mx: [{ fault: 'strip-starttls' }], sts: { mode: 'enforce' } }),
    prepare: ({ domain, world }) => {
      const host = `mta-sts.${domain.name}`;
      world.dns.remove(host);
      world.dns.add(
        { type: 'CNAME', name: host, value: `provider.${domain.name}` },
        { type: 'A', name: `provider.${domain.name}`, value: world.policyHost.address },
      );
    },
  },
  {
    name: 'policy-expired',
    title: 'a policy has run out, its host is down, the id is the same: as without a policy',
    rule: 'RFC 8461 §5.1',
    requirements: ['STS-5.1-1', 'STS-10.2-R1'],
    expected: 'delivered',
    over: 'clear',
    domain: (name) => ({ name, sts: { mode: 'enforce', maxAge: 3600 } }),
    warm: true,
    attack: ({ domain, clock }) => {
      domain.policyFault('down');
      domain.host.setFault('strip-starttls');
      clock.skip(DAY);
    },
  },
  {
    name: 'policy-not-expired',
    title: 'the host has been down for a day, the policy holds for a week',
    rule: 'RFC 8461 §5.1',
    requirements: ['STS-5.1-1', 'STS-3.3-14', 'STS-5.1-3'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    warm: true,
    attack: ({ domain, clock }) => {
      domain.policyFault('down');
      domain.setStsRecords();
      domain.host.setFault('strip-starttls');
      clock.skip(DAY);
    },
  },
];

/** Only a policy fetched over valid HTTPS changes what is known. */
export const POLICY_HOST_SCENES: readonly Scene[] = [
  ...COLD,
  ...WARM,
  ...WRONG_CERTIFICATES,
  ...BROKEN,
  ...MORE,
];
