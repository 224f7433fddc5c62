/**
 * Scenes in which somebody tampers with the `_mta-sts` record.
 *
 * @module
 */
import type { ErrorCode } from '../../errors.ts';
import type { Scene, Stage } from '../scene.ts';
import { TEN_MINUTES } from './times.ts';

/** Mallory waits until caches have forgotten the record, tampers, and takes STARTTLS away. */
function tamper(change: (stage: Stage) => void): NonNullable<Scene['attack']> {
  return (stage) => {
    change(stage);
    stage.domain.host.setFault('strip-starttls');
    stage.clock.skip(TEN_MINUTES);
  };
}

interface Tampering {
  readonly name: string;
  /** How the look-up of the record ends. */
  readonly code: ErrorCode;
  readonly title: string;
  readonly requirements: readonly string[];
  readonly change: (stage: Stage) => void;
}

const TAMPERINGS: readonly Tampering[] = [
  {
    name: 'removed',
    code: 'STS_RECORD_NONE',
    title: 'the record is gone',
    requirements: ['STS-3.1-16', 'STS-3.3-14'],
    change: ({ domain }) => domain.setStsRecords(),
  },
  {
    name: 'servfail',
    code: 'DNS_SERVFAIL',
    title: 'the record cannot be looked up (SERVFAIL)',
    requirements: ['STS-3.1-R1', 'STS-3.3-14'],
    change: ({ domain, world }) => world.dns.override(`_mta-sts.${domain.name}`, 'servfail'),
  },
  {
    name: 'doubled',
    code: 'STS_RECORD_SEVERAL',
    title: 'a second record appears',
    requirements: ['STS-3.1-13', 'STS-3.1-16'],
    change: ({ domain }) => domain.setStsRecords('v=STSv1; id=1;', 'v=STSv1; id=2;'),
  },
  {
    name: 'malformed',
    code: 'STS_RECORD_INVALID',
    title: 'the record turns into nonsense',
    requirements: ['STS-3.1-13', 'STS-3.1-16'],
    change: ({ domain }) => domain.setStsRecords('v=STSv1; id=;'),
  },
];

/** A policy that is known is not unlearned by what happens to a record. */
const WARM: readonly Scene[] = TAMPERINGS.map(({ name, code, title, requirements, change }) => ({
  policyCode: code,
  name: `record-${name}-warm`,
  title: `${title}; the policy is known and stays in force`,
  rule: 'RFC 8461 §3.1',
  requirements,
  expected: 'deferred',
  code: 'SMTP_STARTTLS_NOT_OFFERED',
  domain: (name) => ({ name, sts: { mode: 'enforce' } }),
  warm: true,
  attack: tamper(change),
}));

/** At first contact there is nothing to hold on to: the known weak spot (RFC 8461 §10.2). */
const COLD: readonly Scene[] = TAMPERINGS.map(({ name, code, title, change }) => ({
  policyCode: code,
  name: `record-${name}-first-contact`,
  title: `${title} before the first contact; as without a policy`,
  rule: 'RFC 8461 §3.3',
  requirements: ['STS-3.3-13'],
  expected: 'delivered',
  over: 'clear',
  domain: (name) => ({ name, sts: { mode: 'enforce' } }),
  attack: tamper(change),
}));

const MORE: readonly Scene[] = [
  {
    name: 'record-servfail-first-contact-strict',
    title: 'SERVFAIL at first contact defers where the operator wants it so',
    rule: 'RFC 8461 §10.2',
    requirements: ['STS-3.1-R1'],
    expected: 'deferred',
    code: 'POLICY_DISCOVERY_FAILED',
    config: { policy: { deferOnDiscoveryError: true } },
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    attack: tamper(({ domain, world }) =>
      world.dns.override(`_mta-sts.${domain.name}`, 'servfail'),
    ),
  },
  {
    name: 'record-beside-others',
    title: 'other TXT records stand beside it; the policy is found',
    rule: 'RFC 8461 §3.1',
    requirements: ['STS-3.1-12'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({
      name,
      mx: [{ fault: 'strip-starttls' }],
      sts: { mode: 'enforce' },
      stsRecords: ['verification=abc', 'v=STSv12; id=9;', 'v=STSv1; id=1;'],
    }),
  },
  {
    name: 'record-alias',
    title: 'the record is a CNAME to a provider; the policy is found',
    rule: 'RFC 8461 §8.2',
    requirements: ['STS-3.1-15'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({
      name,
      mx: [{ fault: 'strip-starttls' }],
      sts: { mode: 'enforce' },
      stsRecords: [],
      records: [
        { type: 'CNAME', name: `_mta-sts.${name}`, value: `_mta-sts.provider.${name}` },
        { type: 'TXT', name: `_mta-sts.provider.${name}`, value: 'v=STSv1; id=1;' },
      ],
    }),
  },
  {
    name: 'record-split-strings',
    title: 'the record comes in several strings, over TCP; the policy is found',
    rule: 'RFC 8461 §3.1',
    requirements: ['STS-3.1-14'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({
      name,
      mx: [{ fault: 'strip-starttls' }],
      sts: { mode: 'enforce' },
      stsRecords: [],
      records: [{ type: 'TXT', name: `_mta-sts.${name}`, value: ['v=STSv1; i', 'd=abc;'] }],
    }),
    prepare: ({ domain, world }) => world.dns.override(`_mta-sts.${domain.name}`, 'truncated'),
  },
  {
    name: 'record-of-parent',
    title: 'the policy of the parent domain says nothing about a subdomain',
    rule: 'RFC 8461 §3.4',
    requirements: ['STS-3.4-3'],
    expected: 'delivered',
    over: 'clear',
    domain: (name) => ({ name, mx: [{ fault: 'strip-starttls' }], sts: { mode: 'enforce' } }),
    prepare: ({ domain, world }) =>
      world.dns.add({
        type: 'MX',
        name: `sub.${domain.name}`,
        preference: 10,
        exchange: domain.host.options.host,
      }),
    message: { recipientDomain: ({ domain }) => `sub.${domain.name}` },
    check: ({ domain, world }) =>
      world.dns.queries.some(({ name }) => name === `_mta-sts.${domain.name}`)
        ? 'the parent domain was asked for'
        : undefined,
  },
];

/** What happens to a record never unlearns a policy. */
export const RECORD_SCENES: readonly Scene[] = [...WARM, ...COLD, ...MORE];
