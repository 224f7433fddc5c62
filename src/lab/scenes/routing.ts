/**
 * Scenes about where a message goes: MX lists, aliases, smart hosts, literals, odd names.
 *
 * @module
 */
import type { Scene } from '../scene.ts';

/** The way to the hosts, with policies on it. */
export const ROUTING_SCENES: readonly Scene[] = [
  {
    name: 'routing-plain',
    title: 'no policy at all: TLS all the same where it is offered',
    rule: 'RFC 7435 §3',
    requirements: [],
    expected: 'delivered',
    domain: (name) => ({ name, mx: [{ certificate: 'self-signed' }] }),
  },
  {
    name: 'routing-next-host-bad-certificate',
    title: 'the first host has an expired certificate, the second takes the message',
    rule: 'RFC 8461 §5.1',
    requirements: ['STS-5.1-4'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({ name, mx: [{ certificate: 'expired' }, {}], sts: { mode: 'enforce' } }),
  },
  {
    name: 'routing-next-host-down',
    title: 'the first host is down, the second takes the message',
    rule: 'RFC 5321 §5.1',
    requirements: ['STS-App-B-1', 'SMTP-5.1-4'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({ name, mx: [{ fault: 'down' }, {}], sts: { mode: 'enforce' } }),
  },
  {
    name: 'routing-next-host-busy',
    title: 'the first host greets with 421, the second takes the message',
    rule: 'RFC 5321 §3.8',
    requirements: ['SMTP-5.1-4'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({ name, mx: [{ fault: 'busy' }, {}], sts: { mode: 'enforce' } }),
  },
  {
    name: 'routing-all-down',
    title: 'every host is down: later, and no fault of the policy',
    rule: 'RFC 8461 App. B',
    requirements: ['STS-App-B-1'],
    expected: 'deferred',
    code: 'DIAL_REFUSED',
    domain: (name) => ({
      name,
      mx: [{ fault: 'down' }, { fault: 'down' }],
      sts: { mode: 'enforce' },
    }),
  },
  {
    name: 'routing-greylist',
    title: 'the host says "later" to the recipient',
    rule: 'RFC 5321 §4.2.1',
    requirements: [],
    expected: 'deferred',
    code: 'SMTP_RCPT_REFUSED',
    envelopeSeen: true,
    domain: (name) => ({ name, mx: [{ fault: 'greylist' }], sts: { mode: 'enforce' } }),
  },
  {
    name: 'routing-rejected',
    title: 'the host says "never" to the recipient',
    rule: 'RFC 5321 §4.2.1',
    requirements: [],
    expected: 'bounced',
    code: 'SMTP_RCPT_REFUSED',
    envelopeSeen: true,
    domain: (name) => ({ name, mx: [{ fault: 'reject-recipients' }], sts: { mode: 'enforce' } }),
  },
  {
    name: 'routing-null-mx',
    title: 'null MX: the domain takes no mail',
    rule: 'RFC 7505 §3',
    requirements: ['NMX-3-1', 'STS-3.4-R3'],
    expected: 'bounced',
    code: 'POLICY_NULL_MX',
    domain: (name) => ({ name, mx: 'null', sts: { mode: 'enforce' } }),
    check: ({ domain, world }) =>
      world.policyHost.requests.some(({ sni }) => sni === `mta-sts.${domain.name}`)
        ? 'the policy was fetched all the same'
        : undefined,
  },
  {
    name: 'routing-implicit-mx',
    title: 'no MX records: the domain itself is the host, and in the policy',
    rule: 'RFC 5321 §5.1',
    requirements: ['SMTP-5.1-2', 'STS-3.4-R2'],
    expected: 'delivered',
    domain: (name) => ({ name, mx: 'implicit', sts: { mode: 'enforce' } }),
  },
  {
    name: 'routing-implicit-mx-not-in-policy',
    title: 'no MX records, and the policy names other hosts',
    rule: 'RFC 8461 §4.1',
    requirements: ['STS-3.4-R2', 'STS-4-1'],
    expected: 'deferred',
    code: 'POLICY_MX_NOT_IN_POLICY',
    domain: (name) => ({
      name,
      mx: 'implicit',
      sts: { mode: 'enforce', mx: [`mail.${name}`] },
    }),
  },
  {
    name: 'routing-alias',
    title: 'the recipient domain is a CNAME; its own policy counts',
    rule: 'RFC 5321 §5.1',
    requirements: ['DANE-7672-2.2.1-2', 'STS-3.4-R1'],
    expected: 'delivered',
    domain: (name) => ({
      name,
      sts: { mode: 'enforce', mx: ['somebody-else.test'] },
      records: [{ type: 'CNAME', name: `alias.${name}`, value: name }],
    }),
    message: { recipientDomain: ({ domain }) => `alias.${domain.name}` },
    check: ({ domain, world }) =>
      world.dns.queries.some(({ name }) => name === `_mta-sts.alias.${domain.name}`)
        ? undefined
        : 'the policy of the alias was not asked for',
  },
  {
    name: 'routing-upper-case-and-dot',
    title: 'the recipient domain in upper case',
    rule: 'RFC 8461 §3.4',
    requirements: ['STS-3.4-R4'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({ name, mx: [{ fault: 'strip-starttls' }], sts: { mode: 'enforce' } }),
    message: { recipientDomain: ({ domain }) => domain.name.toUpperCase() },
  },
  {
    name: 'routing-idn',
    title: 'an internationalised domain and mailbox (SMTPUTF8)',
    rule: 'RFC 6531 §3.4',
    requirements: ['STS-3.4-R4', 'STS-3.2-11'],
    expected: 'delivered',
    domain: (name) => ({ name: `bücher.${name}`, sts: { mode: 'enforce' } }),
    message: {
      localPart: 'käthe',
      recipientDomain: ({ domain }) => domain.name.replace('xn--bcher-kva', 'bücher'),
      envelope: { smtpUtf8: true },
    },
    check: ({ domain }) =>
      domain.host.messages[0]?.mailParameters.includes('SMTPUTF8') === true
        ? undefined
        : 'SMTPUTF8 was not asked for',
  },
  {
    name: 'routing-smart-host',
    title: "a smart host: its policy counts, not the recipient domain's",
    rule: 'RFC 8461 §3.4',
    requirements: ['STS-3.4-1', 'STS-1.1-1'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({
      name,
      mx: [{ host: name, fault: 'strip-starttls' }],
      sts: { mode: 'enforce', mx: [name] },
    }),
    message: {
      recipientDomain: ({ domain }) => `elsewhere-${domain.name}`,
      route: ({ domain }) => `[${domain.name}]`,
    },
    check: ({ domain, world }) =>
      world.dns.queries.some(({ name }) => name.endsWith(`elsewhere-${domain.name}`))
        ? 'the recipient domain was asked for'
        : undefined,
  },
  {
    name: 'routing-smart-host-fine',
    title: 'a smart host that lives up to its policy',
    rule: 'RFC 8461 §3.4',
    requirements: ['STS-3.4-1'],
    expected: 'delivered',
    domain: (name) => ({ name, mx: [{ host: name }], sts: { mode: 'enforce', mx: [name] } }),
    message: {
      recipientDomain: ({ domain }) => `elsewhere-${domain.name}`,
      route: ({ domain }) => `[${domain.name}]`,
    },
  },
  {
    name: 'routing-address-literal-via-smart-host',
    title: 'everything goes to the smart host, a message to an address literal too',
    rule: 'RFC 8461 §3.4',
    requirements: ['STS-3.4-1'],
    expected: 'delivered',
    domain: (name) => ({ name, mx: [{ host: name }], sts: { mode: 'enforce', mx: [name] } }),
    message: {
      recipientDomain: ({ world }) => `[${world.deadAddress()}]`,
      route: ({ domain }) => `[${domain.name}]`,
    },
  },
  {
    name: 'routing-address-literal',
    title: 'an address literal has no policy',
    rule: 'RFC 8461 §3.4',
    requirements: ['STS-3.4-2', 'DANE-7672-2.2-6'],
    expected: 'delivered',
    over: 'clear',
    domain: (name) => ({ name, mx: [{ fault: 'strip-starttls' }], sts: { mode: 'enforce' } }),
    message: { recipientDomain: ({ domain }) => `[${domain.host.options.address}]` },
    check: ({ domain, world }) =>
      world.dns.queries.some(({ name }) => name.endsWith(domain.name))
        ? 'DNS was asked'
        : undefined,
  },
];
