/**
 * Scenes about what the message itself says of TLS (RFC 8689).
 *
 * @module
 */
import type { Scene } from '../scene.ts';
import { MODERN_KEYWORDS } from '../mx-host.ts';

const WITHOUT_REQUIRETLS = MODERN_KEYWORDS.filter((keyword) => keyword !== 'REQUIRETLS');
const REQUIRED = { envelope: { requireTls: true } } as const;
const NOT_REQUIRED = { header: ['TLS-Required: No'] } as const;

const passesOn: NonNullable<Scene['check']> = ({ domain }) =>
  domain.host.messages.at(-1)?.mailParameters.includes('REQUIRETLS') === true
    ? undefined
    : 'REQUIRETLS was not passed on';

/** The author's wish against the domain's policy. */
export const REQUIRETLS_SCENES: readonly Scene[] = [
  {
    name: 'requiretls-sts',
    title: 'REQUIRETLS over an enforced STS policy',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-2-3', 'RT-4.2.1-1', 'RT-4.2.1-7'],
    expected: 'delivered',
    message: REQUIRED,
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    check: passesOn,
  },
  {
    name: 'requiretls-dane',
    title: 'REQUIRETLS over DANE',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-2-3', 'RT-4.2.1-1', 'RT-4.2.1-7'],
    expected: 'delivered',
    message: REQUIRED,
    domain: (name) => ({ name, zone: 'secure', mx: [{ tlsa: ['ee'] }] }),
    check: passesOn,
  },
  {
    name: 'requiretls-unsupported',
    title: 'REQUIRETLS, and the host does not know it',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-4.2.1-4', 'RT-4.2.1-5', 'RT-4.2.1-6'],
    expected: 'bounced',
    code: 'POLICY_REQUIRETLS_UNSUPPORTED',
    message: REQUIRED,
    domain: (name) => ({
      name,
      mx: [{ keywords: WITHOUT_REQUIRETLS }],
      sts: { mode: 'enforce' },
    }),
  },
  {
    name: 'requiretls-next-host',
    title: 'REQUIRETLS: the first host does not know it, the second does',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-4.2.1-3'],
    expected: 'delivered',
    by: 1,
    message: REQUIRED,
    domain: (name) => ({
      name,
      mx: [{ keywords: WITHOUT_REQUIRETLS }, {}],
      sts: { mode: 'enforce' },
    }),
  },
  {
    name: 'requiretls-no-policy',
    title: 'REQUIRETLS, and nothing vouches for the MX host',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-2-3', 'RT-4.2.1-4', 'RT-4.2.1-5'],
    expected: 'bounced',
    code: 'POLICY_REQUIRETLS_MX',
    message: REQUIRED,
    domain: (name) => ({ name }),
  },
  {
    name: 'requiretls-testing',
    title: 'REQUIRETLS: a testing policy does not vouch for the MX host',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-4.2.1-R1', 'RT-4.2.1-4'],
    expected: 'bounced',
    code: 'POLICY_REQUIRETLS_MX',
    message: REQUIRED,
    domain: (name) => ({ name, sts: { mode: 'testing' } }),
  },
  {
    name: 'requiretls-record-servfail',
    title: 'REQUIRETLS, and DNS does not say whether there is a policy: later',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-4.2.1-R1', 'STS-5.1-5'],
    expected: 'deferred',
    code: 'POLICY_REQUIRETLS_UNSURE',
    message: REQUIRED,
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    prepare: ({ domain, world }) =>
      world.dns.override(`_mta-sts.${domain.name}`, 'servfail', 'TXT'),
  },
  {
    name: 'requiretls-record-servfail-later',
    title:
      'REQUIRETLS under a testing policy, and DNS does not say whether it is the newest: later',
    rule: 'RFC 8461 §5.1',
    requirements: ['RT-4.2.1-R1', 'STS-5.1-5'],
    expected: 'deferred',
    code: 'POLICY_REQUIRETLS_UNSURE',
    message: REQUIRED,
    domain: (name) => ({ name, sts: { mode: 'testing' } }),
    warm: true,
    attack: ({ domain, world }) => world.dns.override(`_mta-sts.${domain.name}`, 'servfail', 'TXT'),
  },
  {
    name: 'requiretls-first-contact-pending',
    title: 'REQUIRETLS, and the policy host is slow to answer at first contact: later',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-4.2.1-R1', 'STS-5.1-5'],
    expected: 'deferred',
    code: 'POLICY_REQUIRETLS_UNSURE',
    message: REQUIRED,
    config: { mtaSts: { firstContactMs: 500 } },
    domain: (name) => ({ name, sts: { mode: 'enforce', fault: 'silent' } }),
  },
  {
    name: 'requiretls-policy-host-fails',
    title: 'REQUIRETLS, a valid record, and no policy to be had: later',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-4.2.1-R1'],
    expected: 'deferred',
    code: 'POLICY_REQUIRETLS_UNSURE',
    policyCode: 'HTTP_STATUS',
    message: REQUIRED,
    domain: (name) => ({ name, sts: { mode: 'enforce', fault: 'server-error' } }),
  },
  {
    name: 'requiretls-enforce-begins',
    title: 'REQUIRETLS: testing has just become enforce, and the old record is still cached',
    rule: 'RFC 8461 §5.1',
    requirements: ['STS-5-4', 'STS-5.1-5', 'RT-4.2.1-7'],
    expected: 'delivered',
    message: REQUIRED,
    domain: (name) => ({ name, sts: { mode: 'testing' } }),
    warm: true,
    attack: ({ domain }) => domain.publish({ mode: 'enforce', id: '2' }),
    check: passesOn,
  },
  {
    name: 'requiretls-stripped',
    title: 'REQUIRETLS, and STARTTLS is stripped',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-4.2.1-4'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    message: REQUIRED,
    domain: (name) => ({ name, mx: [{ fault: 'strip-starttls' }], sts: { mode: 'enforce' } }),
  },
  {
    name: 'requiretls-down',
    title: 'REQUIRETLS, and the host is down: later',
    rule: 'RFC 8689 §4.2.1',
    requirements: ['RT-4.2.1-R1'],
    expected: 'deferred',
    code: 'DIAL_REFUSED',
    message: REQUIRED,
    domain: (name) => ({ name, mx: [{ fault: 'down' }], sts: { mode: 'enforce' } }),
  },
  {
    name: 'tls-required-no-bad-certificate',
    title: '"TLS-Required: No" and an expired certificate under enforce: over TLS all the same',
    rule: 'RFC 8689 §4.2.2',
    requirements: ['RT-3-3', 'RT-4.2.2-1'],
    expected: 'delivered',
    message: NOT_REQUIRED,
    domain: (name) => ({ name, mx: [{ certificate: 'expired' }], sts: { mode: 'enforce' } }),
  },
  {
    name: 'tls-required-no-stripped',
    title: '"TLS-Required: No" and STARTTLS is stripped under enforce',
    rule: 'RFC 8689 §4.2.2',
    requirements: ['RT-3-3', 'RT-4.2.2-1'],
    expected: 'delivered',
    over: 'clear',
    message: NOT_REQUIRED,
    domain: (name) => ({ name, mx: [{ fault: 'strip-starttls' }], sts: { mode: 'enforce' } }),
  },
  {
    name: 'tls-required-no-and-requiretls',
    title: 'REQUIRETLS and "TLS-Required: No" together: REQUIRETLS wins',
    rule: 'RFC 8689 §4.1',
    requirements: ['RT-4.1-3', 'RT-8-1'],
    expected: 'deferred',
    code: 'TLS_CERTIFICATE_EXPIRED',
    message: { ...REQUIRED, ...NOT_REQUIRED },
    domain: (name) => ({ name, mx: [{ certificate: 'expired' }], sts: { mode: 'enforce' } }),
  },
];
