/**
 * Scenes about DNS that lies, breaks or is silent on the way to the MX hosts.
 *
 * @module
 */
import type { Scene } from '../scene.ts';
import type { ZoneMode } from '../types.ts';

const SHORT = { dns: { timeoutMs: 800, attempts: 1 } } as const;

const MX_FAILS: readonly Scene[] = (
  ['bogus', 'servfail', 'timeout', 'garbage'] satisfies readonly ZoneMode[]
).map((mode) => ({
  name: `dns-mx-${mode}`,
  title: `the MX look-up ends in ${mode}`,
  rule: 'RFC 7672 §2.1.2',
  requirements: ['DANE-7672-2.1.2-1', 'SMTP-5.1-1'],
  expected: 'deferred',
  code: 'POLICY_MX_LOOKUP_FAILED',
  config: SHORT,
  domain: (name) => ({ name, zone: 'secure', mx: [{ tlsa: ['ee'] }] }),
  prepare: ({ domain, world }) => world.dns.override(domain.name, mode, 'MX'),
}));

/** No answer is no licence. */
export const DNS_SCENES: readonly Scene[] = [
  ...MX_FAILS,
  {
    name: 'dns-address-bogus-next-host',
    title: "the first host's addresses are bogus, the second host is fine",
    rule: 'RFC 7672 §2.1.2',
    requirements: ['DANE-7672-2.1.2-2'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({ name, zone: 'secure', mx: [{}, { tlsa: ['ee'] }] }),
    prepare: ({ domain, world }) => world.dns.override(domain.host.options.host, 'bogus'),
    check: ({ domain }) => (domain.host.connections > 0 ? 'the first was contacted' : undefined),
  },
  {
    name: 'dns-one-family-fails',
    title: 'AAAA ends in SERVFAIL, A is fine: the host is reachable',
    rule: 'RFC 7672 §2.1.2',
    requirements: ['SMTP-5.1-4'],
    expected: 'delivered',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    prepare: ({ domain, world }) =>
      world.dns.override(domain.host.options.host, 'servfail', 'AAAA'),
  },
  {
    name: 'dns-dead-address-first',
    title: 'the first address of a host is dead, the second takes the message',
    rule: 'RFC 5321 §5.1',
    requirements: ['SMTP-5.1-4', 'STS-App-B-1'],
    expected: 'delivered',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    prepare: ({ domain, world }) => {
      const { host, address } = domain.host.options;
      world.dns.remove(host, 'A');
      world.dns.add(
        { type: 'A', name: host, value: world.deadAddress() },
        { type: 'A', name: host, value: address },
      );
    },
  },
  {
    name: 'dns-ipv6-dead',
    title: 'nobody listens at the IPv6 address, IPv4 takes the message',
    rule: 'RFC 5321 §5.1',
    requirements: ['SMTP-5.1-4', 'STS-App-B-1'],
    expected: 'delivered',
    domain: (name) => ({
      name,
      sts: { mode: 'enforce' },
      records: [{ type: 'AAAA', name: `mx1.${name}`, value: '::1' }],
    }),
  },
  {
    name: 'dns-all-truncated',
    title: 'every UDP answer is cut; TCP gives them whole',
    rule: 'RFC 7766 §5',
    requirements: [],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({
      name,
      zone: 'truncated',
      mx: [{ fault: 'strip-starttls' }],
      sts: { mode: 'enforce' },
    }),
  },
  {
    name: 'dns-no-such-domain',
    title: 'the domain does not exist',
    rule: 'RFC 5321 §5.1',
    requirements: ['SMTP-5.1-1'],
    expected: 'bounced',
    code: 'POLICY_DOMAIN_NOT_FOUND',
    domain: (name) => ({ name }),
    message: { recipientDomain: ({ domain }) => `no-such.${domain.name}` },
  },
  {
    name: 'dns-mx-loop',
    title: 'a CNAME loop in place of the MX records',
    rule: 'RFC 7672 §2.1.3',
    requirements: ['DANE-7672-2.1.3-1'],
    expected: 'deferred',
    code: 'POLICY_MX_LOOKUP_FAILED',
    domain: (name) => ({
      name,
      mx: 'none',
      records: [
        { type: 'CNAME', name: `a.${name}`, value: `b.${name}` },
        { type: 'CNAME', name: `b.${name}`, value: `a.${name}` },
      ],
    }),
    message: { recipientDomain: ({ domain }) => `a.${domain.name}` },
  },
];
