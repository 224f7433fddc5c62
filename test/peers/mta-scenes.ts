/**
 * The scenes that are played through mail servers: those of the lab, and those in which one answer for
 * a whole domain meets hosts that are not alike.
 *
 * @module
 */
import type { Scene } from '../../src/lab/scene.ts';
import { SCENES } from '../../src/lab/scenes/all.ts';

/** About the product's own sender, or about patience that says nothing of policies. */
const LEFT_OUT = ['starttls-tls11-allowed', 'stall-drip', 'dns-mx-garbage'];

function concernsOthers({ name, message }: Scene): boolean {
  // REQUIRETLS and TLS-Required are for the sender to know.
  const isAboutMessage =
    message?.envelope?.requireTls !== undefined || message?.header !== undefined;
  return !isAboutMessage && !LEFT_OUT.some((part) => name.startsWith(part));
}

/** Hosts of one domain that are not alike. */
const UNEQUAL_HOSTS: readonly Scene[] = [
  {
    name: 'unequal-dane-first',
    title: 'signed, TLSA records on the first of two hosts, no policy',
    rule: 'RFC 7672 §2.2',
    requirements: ['G2'],
    expected: 'delivered',
    domain: (name) => ({ name, zone: 'secure', mx: [{ tlsa: ['ee'] }, {}] }),
  },
  {
    name: 'unequal-dane-first-mismatch',
    title: 'the same, and the first host does not match: the second, without records, takes it',
    rule: 'RFC 7672 §2.2',
    requirements: ['G2'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({ name, zone: 'secure', mx: [{ tlsa: ['wrong'] }, {}] }),
  },
  {
    name: 'unequal-dane-sts',
    title:
      'signed, TLSA records on one of two hosts, enforced policy: the host without has to verify',
    rule: 'RFC 8461 §2',
    requirements: ['G29'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({
      name,
      zone: 'secure',
      mx: [{ certificate: 'self-signed' }, { tlsa: ['ee'] }],
      sts: { mode: 'enforce' },
    }),
  },
  {
    name: 'unequal-dane-insecure-mx-sts',
    title: 'unsigned MX to a signed host with TLSA, enforced policy: the policy counts',
    rule: 'RFC 8461 §2',
    requirements: ['G4'],
    expected: 'deferred',
    code: 'POLICY_MX_NOT_IN_POLICY',
    domain: (name, world) => {
      world.dns.zone(`signed-${name}`, 'secure');
      return {
        name,
        mx: [{ host: `mx.signed-${name}`, tlsa: ['ee'] }],
        sts: { mode: 'enforce', mx: [`mx.${name}`] },
      };
    },
  },
  {
    name: 'unequal-tlsa-fails',
    title: 'the TLSA look-up of the first host fails, the second has none, no policy',
    rule: 'RFC 7672 §2.1.2',
    requirements: ['G8'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({ name, zone: 'secure', mx: [{}, {}] }),
    prepare: ({ domain, world }) =>
      world.dns.override(`_25._tcp.${domain.host.options.host}`, 'servfail'),
  },
  {
    name: 'unequal-backup-missing',
    title: 'the backup host does not exist',
    rule: 'RFC 7672 §2.1.2',
    requirements: ['G10'],
    expected: 'delivered',
    domain: (name) => ({
      name,
      sts: { mode: 'enforce', mx: [`*.${name}`] },
      records: [{ type: 'MX', name, preference: 50, exchange: `missing.${name}` }],
    }),
  },
  {
    name: 'unequal-outside-with-listed-name',
    title: 'a host outside the policy shows a certificate that also names one of the policy',
    rule: 'RFC 8461 §4.1',
    requirements: ['D8'],
    expected: 'deferred',
    code: 'POLICY_MX_NOT_IN_POLICY',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    attack: async ({ mallory, domain, world }) => {
      const names = ['mx.elsewhere.test', domain.host.options.host];
      const certificates = new Map([['', world.ca.issue(names)]]);
      const host = await mallory({ host: 'mx.elsewhere.test', certificates });
      domain.setMx(host.options.host);
    },
  },
  {
    name: 'unequal-everything-bogus',
    title: 'no answer about the domain can be believed',
    rule: 'RFC 7672 §2.1.2',
    requirements: ['G12'],
    expected: 'deferred',
    code: 'POLICY_MX_LOOKUP_FAILED',
    domain: (name) => ({ name, zone: 'bogus', sts: { mode: 'enforce' } }),
  },
];

/** All of them, by unique names. */
export const MTA_SCENES: readonly Scene[] = [...SCENES.filter(concernsOthers), ...UNEQUAL_HOSTS];
