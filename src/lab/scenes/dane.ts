/**
 * Scenes about DANE: TLSA records that are right, wrong, forged or out of reach.
 *
 * @module
 */
import type { HostPlan } from '../lab-domain.ts';
import type { Scene } from '../scene.ts';
import type { TlsaKind } from '../tlsa-of.ts';
import type { ZoneMode } from '../types.ts';
import { TEN_MINUTES } from './times.ts';

interface Records {
  readonly name: string;
  readonly title: string;
  readonly tlsa: readonly TlsaKind[];
  readonly requirements: readonly string[];
  readonly certificate?: HostPlan['certificate'];
}

const MATCHING: readonly Records[] = [
  { name: 'ee', title: '3 1 1', tlsa: ['ee'], requirements: ['DANE-7672-2.2-1'] },
  { name: 'ee-sha512', title: '3 1 2', tlsa: ['ee-sha512'], requirements: ['DANE-6698-6-1'] },
  { name: 'ee-cert', title: '3 0 1', tlsa: ['ee-cert'], requirements: ['DANE-6698-6-1'] },
  {
    name: 'ee-full',
    title: '3 1 0, the whole key',
    tlsa: ['ee-full'],
    requirements: ['DANE-6698-6-1'],
  },
  { name: 'ta', title: '2 1 1', tlsa: ['ta'], requirements: ['DANE-7672-3.2.2-1'] },
  { name: 'ta-cert', title: '2 0 1', tlsa: ['ta-cert'], requirements: ['DANE-7672-3.2.2-1'] },
  {
    name: 'ta-full',
    title: '2 0 0, the anchor comes from DNS alone',
    tlsa: ['ta-full'],
    requirements: ['DANE-7671-5.2.2-1'],
  },
  {
    name: 'one-of-two',
    title: 'one record matches, one does not',
    tlsa: ['wrong', 'ee'],
    requirements: ['DANE-6698-4.1-3'],
  },
  {
    name: 'usable-beside-unusable',
    title: 'an unusable record stands beside a matching one',
    tlsa: ['pkix-ee', 'ee'],
    requirements: ['DANE-6698-4.1-1'],
  },
];

const MATCHES: readonly Scene[] = MATCHING.map(({ name, title, tlsa, requirements }) => ({
  name: `dane-match-${name}`,
  title: `TLSA ${title}: matches`,
  rule: 'RFC 7672 §3',
  requirements,
  expected: 'delivered',
  domain: (domain) => ({ name: domain, zone: 'secure', mx: [{ tlsa }] }),
  check: ({ report }) =>
    report.recipients[0]?.verdict?.tls === 'authenticated'
      ? undefined
      : 'the session does not count as authenticated',
}));

const UNUSABLE: readonly Records[] = [
  { name: 'pkix-ee', title: 'usage 1', tlsa: ['pkix-ee'], requirements: ['DANE-7672-3.1-1'] },
  {
    name: 'short',
    title: 'a digest too short',
    tlsa: ['short'],
    requirements: ['DANE-6698-4.1-1'],
  },
  {
    name: 'unknown-digest',
    title: 'an unknown digest',
    tlsa: ['unknown-digest'],
    requirements: ['DANE-6698-4.1-1'],
  },
];

/** TLS is a must, whose certificate is not (RFC 7672 §2.2). */
const ENCRYPT: readonly Scene[] = UNUSABLE.flatMap(
  ({ name, title, tlsa, requirements }): Scene[] => [
    {
      name: `dane-unusable-${name}`,
      title: `only unusable TLSA records (${title}): any certificate will do`,
      rule: 'RFC 7672 §2.2',
      requirements: ['DANE-7672-2.2-2', ...requirements],
      expected: 'delivered',
      domain: (domain) => ({
        name: domain,
        zone: 'secure',
        mx: [{ tlsa, certificate: 'self-signed' }],
      }),
    },
    {
      name: `dane-unusable-${name}-stripped`,
      title: `only unusable TLSA records (${title}), and STARTTLS is stripped`,
      rule: 'RFC 7672 §2.2',
      requirements: ['DANE-7672-2.2-2', 'DANE-7672-2.2.3-4', ...requirements],
      expected: 'deferred',
      code: 'SMTP_STARTTLS_NOT_OFFERED',
      domain: (domain) => ({
        name: domain,
        zone: 'secure',
        mx: [{ tlsa, fault: 'strip-starttls' }],
      }),
    },
  ],
);

/** A look-up that failed makes the host unreachable; STS does not rescue it (RFC 7672 §2.1.2, RFC 8461 §2). */
const LOOKUP_FAILS: readonly Scene[] = (
  ['bogus', 'servfail', 'timeout', 'garbage'] satisfies readonly ZoneMode[]
).map((mode) => ({
  name: `dane-tlsa-${mode}-with-sts`,
  title: `the TLSA look-up ends in ${mode}; a valid STS policy does not help`,
  rule: 'RFC 7672 §2.1.2',
  requirements: ['DANE-7672-2.1.2-2', 'DANE-7672-2.1.2-3', 'DANE-7672-2.2-4'],
  expected: 'deferred',
  code: mode === 'bogus' ? 'DANE_TLSA_BOGUS' : 'DANE_TLSA_LOOKUP_FAILED',
  config: { dns: { timeoutMs: 800, attempts: 1 } },
  domain: (name) => ({ name, zone: 'secure', sts: { mode: 'enforce' } }),
  prepare: ({ domain, world }) =>
    world.dns.override(`_${world.smtpPort}._tcp.${domain.host.options.host}`, mode),
  check: ({ domain }) => (domain.host.connections > 0 ? 'the host was contacted' : undefined),
}));

const WITH_STS: readonly Scene[] = [
  {
    name: 'dane-and-sts',
    title: 'DANE and an enforced STS policy, both content',
    rule: 'RFC 8461 §2',
    requirements: ['STS-2-1'],
    expected: 'delivered',
    domain: (name) => ({ name, zone: 'secure', mx: [{ tlsa: ['ee'] }], sts: { mode: 'enforce' } }),
  },
  {
    name: 'dane-mismatch-with-sts',
    title: 'STS is content, the TLSA record is not (forged or stale)',
    rule: 'RFC 8461 §2',
    requirements: ['STS-2-1', 'DANE-7672-3.2-1'],
    expected: 'deferred',
    code: 'DANE_NO_MATCH',
    domain: (name) => ({
      name,
      zone: 'secure',
      mx: [{ tlsa: ['wrong'] }],
      sts: { mode: 'enforce' },
    }),
  },
  {
    name: 'dane-match-sts-mismatch',
    title: 'DANE is content, the enforced STS policy is not: taken literally, no',
    rule: 'RFC 8461 §5',
    requirements: ['STS-5-1'],
    expected: 'deferred',
    code: 'TLS_CERTIFICATE_SELF_SIGNED',
    domain: (name) => ({
      name,
      zone: 'secure',
      mx: [{ tlsa: ['ee'], certificate: 'self-signed' }],
      sts: { mode: 'enforce' },
    }),
  },
  {
    name: 'dane-match-sts-mismatch-allowed',
    title: 'the same where the operator lets DANE suffice',
    rule: 'RFC 8461 §2',
    requirements: ['DANE-7672-3.1.1-1'],
    expected: 'delivered',
    config: { policy: { daneSatisfiesSts: true } },
    domain: (name) => ({
      name,
      zone: 'secure',
      mx: [{ tlsa: ['ee'], certificate: 'self-signed' }],
      sts: { mode: 'enforce' },
    }),
  },
  {
    name: 'dane-unusable-with-sts',
    title: 'unusable TLSA records and an enforced policy: STS decides',
    rule: 'RFC 8461 §5',
    requirements: ['STS-5-1', 'DANE-7672-2.2-2'],
    expected: 'deferred',
    code: 'TLS_CERTIFICATE_SELF_SIGNED',
    domain: (name) => ({
      name,
      zone: 'secure',
      mx: [{ tlsa: ['pkix-ee'], certificate: 'self-signed' }],
      sts: { mode: 'enforce' },
    }),
  },
];

const ATTACKS: readonly Scene[] = [
  {
    name: 'dane-mismatch',
    title: 'the TLSA record is for another key',
    rule: 'RFC 7672 §3.2',
    requirements: ['DANE-7672-3.2-1'],
    expected: 'deferred',
    code: 'DANE_NO_MATCH',
    domain: (name) => ({ name, zone: 'secure', mx: [{ tlsa: ['wrong'] }] }),
  },
  {
    name: 'dane-impostor',
    title: "mallory answers at the host's address with a certificate of the web PKI",
    rule: 'RFC 7672 §3.2',
    requirements: ['DANE-7672-3.2-1'],
    expected: 'deferred',
    code: 'DANE_NO_MATCH',
    domain: (name) => ({ name, zone: 'secure', mx: [{ tlsa: ['ee'] }] }),
    warm: true,
    attack: ({ domain, world, clock }) => {
      const host = domain.host.options.host;
      domain.host.setCertificates(new Map([['', world.ca.issue([host])]]));
      clock.skip(TEN_MINUTES);
    },
  },
  {
    name: 'dane-second-host',
    title: 'the first host does not match its TLSA record, the second does',
    rule: 'RFC 7672 §2.2',
    requirements: ['DANE-7672-2.2-1', 'DANE-7672-2.2.1-1'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({ name, zone: 'secure', mx: [{ tlsa: ['wrong'] }, { tlsa: ['ee'] }] }),
  },
  {
    name: 'dane-second-host-lookup',
    title: "the first host's TLSA look-up is bogus, the second host is fine",
    rule: 'RFC 7672 §2.1.2',
    requirements: ['DANE-7672-2.1.2-2', 'DANE-7672-2.2-4'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({ name, zone: 'secure', mx: [{}, { tlsa: ['ee'] }] }),
    prepare: ({ domain, world }) =>
      world.dns.override(`_${world.smtpPort}._tcp.${domain.host.options.host}`, 'bogus'),
    check: ({ domain }) => (domain.host.connections > 0 ? 'the first was contacted' : undefined),
  },
  {
    name: 'dane-unsigned-zone',
    title: 'TLSA records in an unsigned zone mean nothing',
    rule: 'RFC 7672 §2.1.1',
    requirements: ['DANE-7672-2.2-3', 'DANE-7672-2.2.2-2'],
    expected: 'delivered',
    domain: (name) => ({ name, mx: [{ tlsa: ['wrong'] }] }),
    check: ({ domain, world }) =>
      world.dns.queries.some(({ name, type }) => type === 'TLSA' && name.endsWith(domain.name))
        ? 'TLSA was asked for although the address is unsigned'
        : undefined,
  },
  {
    name: 'dane-insecure-mx',
    title: 'unsigned MX records lead to a signed host with TLSA: DANE applies to the host',
    rule: 'RFC 7672 §2.2.1',
    requirements: ['DANE-7672-2.2.1-4'],
    expected: 'deferred',
    code: 'DANE_NO_MATCH',
    domain: (name, world) => {
      world.dns.zone(`signed-${name}`, 'secure');
      return { name, mx: [{ host: `mx.signed-${name}`, tlsa: ['wrong'] }] };
    },
  },
  {
    name: 'dane-insecure-mx-match',
    title: 'the same, and the host matches: nothing vouches for the way to it',
    rule: 'RFC 7672 §2.2.1',
    requirements: ['DANE-7672-2.2.1-4', 'DANE-7672-2.2.1-5'],
    expected: 'delivered',
    domain: (name, world) => {
      world.dns.zone(`signed-${name}`, 'secure');
      return { name, mx: [{ host: `mx.signed-${name}`, tlsa: ['ee'] }] };
    },
    check: ({ report }) =>
      report.hops[0]?.decision.policy.level.mx === 'none'
        ? undefined
        : 'the MX host counts as vouched for',
  },
  {
    name: 'dane-insecure-mx-next-hop-name',
    title: 'unsigned MX records: the next hop as a name in the certificate is not enough (DANE-TA)',
    rule: 'RFC 7672 §3.2.2',
    requirements: ['DANE-7672-3.2.2-4'],
    expected: 'deferred',
    code: 'DANE_NAME_MISMATCH',
    domain: (name, world) => {
      world.dns.zone(`signed-${name}`, 'secure');
      return { name, mx: [{ host: `mx.signed-${name}`, names: [name], tlsa: ['ta-cert'] }] };
    },
  },
  {
    name: 'dane-next-hop-name',
    title: 'signed MX records: the next hop as a name in the certificate will do (DANE-TA)',
    rule: 'RFC 7672 §3.2.2',
    requirements: ['DANE-7672-3.2.2-2'],
    expected: 'delivered',
    domain: (name) => ({ name, zone: 'secure', mx: [{ names: [name], tlsa: ['ta-cert'] }] }),
  },
  {
    name: 'dane-host-alias',
    title: 'the MX host is a signed CNAME; TLSA stands at the name it leads to',
    rule: 'RFC 7672 §2.2.2',
    requirements: ['DANE-7672-2.2.2-3', 'DANE-7672-8.1-1', 'DANE-7671-7-1'],
    expected: 'delivered',
    domain: (name) => ({
      name,
      zone: 'secure',
      mx: [{ host: `real.${name}`, tlsa: ['ee'] }],
      records: [{ type: 'CNAME', name: `mx.${name}`, value: `real.${name}` }],
    }),
    prepare: ({ domain }) => domain.setMx(`mx.${domain.name}`),
    check: ({ domain }) =>
      domain.host.messages[0]?.tls?.servername === domain.host.options.host
        ? undefined
        : 'SNI was not the TLSA base domain',
  },
  {
    name: 'dane-host-alias-unsigned-target',
    title: 'a signed CNAME leads out of the signed zones; TLSA stands at the first name and counts',
    rule: 'RFC 7672 §2.2.2',
    requirements: ['DANE-7672-2.2.2-3', 'DANE-7672-2.1.3-3'],
    expected: 'deferred',
    code: 'DANE_NO_MATCH',
    domain: (name, world) => {
      world.dns.zone(`unsigned-${name}`, 'insecure');
      return {
        name,
        zone: 'secure',
        mx: [{ host: `real.unsigned-${name}`, tlsa: ['wrong'], tlsaAt: `mx.${name}` }],
        records: [{ type: 'CNAME', name: `mx.${name}`, value: `real.unsigned-${name}` }],
      };
    },
    prepare: ({ domain }) => domain.setMx(`mx.${domain.name}`),
  },
  {
    name: 'dane-implicit-mx',
    title: 'no MX records; the domain itself has TLSA records',
    rule: 'RFC 7672 §2.2.1',
    requirements: ['SMTP-5.1-2', 'DANE-7672-2.2.3-1'],
    expected: 'delivered',
    domain: (name) => ({ name, zone: 'secure', mx: [{ host: name, tlsa: ['ee'] }] }),
    prepare: ({ domain, world }) => world.dns.remove(domain.name, 'MX'),
    check: ({ report }) =>
      report.recipients[0]?.verdict?.tls === 'authenticated' ? undefined : 'DANE was not used',
  },
  {
    name: 'dane-required-absent',
    title: 'the operator demands DANE, the domain has none',
    rule: 'RFC 7672 §2.2',
    requirements: ['DANE-7672-2.2-5', 'TLS-3207-6-1'],
    expected: 'deferred',
    code: 'POLICY_DANE_REQUIRED',
    domain: (name) => ({ name, zone: 'secure' }),
    config: { policy: { daneRequired: ['dane-required-absent.test'] } },
  },
  {
    name: 'dane-required-insecure-mx',
    title: 'the operator demands DANE, the MX records are unsigned',
    rule: 'RFC 7672 §2.2.1',
    requirements: ['DANE-7672-2.2.1-3', 'DANE-7672-2.2-5'],
    expected: 'deferred',
    code: 'POLICY_DANE_REQUIRED',
    config: { policy: { daneRequired: ['dane-required-insecure-mx.test'] } },
    domain: (name, world) => {
      world.dns.zone(`signed-${name}`, 'secure');
      return { name, mx: [{ host: `mx.signed-${name}`, tlsa: ['ee'] }] };
    },
  },
];

/** DANE refuses where it must, and nothing rescues what it refuses. */
export const DANE_SCENES: readonly Scene[] = [
  ...MATCHES,
  ...ENCRYPT,
  ...LOOKUP_FAILS,
  ...WITH_STS,
  ...ATTACKS,
];
