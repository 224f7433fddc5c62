/**
 * Scenes in which DNS names other MX hosts than the policy.
 *
 * @module
 */
import type { Scene } from '../scene.ts';
import { TEN_MINUTES } from './times.ts';

/** Who controls DNS chooses the host, but not what the policy allows. */
export const MX_SWAP_SCENES: readonly Scene[] = [
  {
    name: 'mx-swap-warm-enforce',
    title: 'MX records are swapped for a host with a certificate valid for its own name',
    rule: 'RFC 8461 §4.1',
    requirements: ['STS-4-1', 'STS-5-1', 'STS-5-5'],
    expected: 'deferred',
    code: 'POLICY_MX_NOT_IN_POLICY',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    warm: true,
    attack: async (stage) => {
      const mallory = await stage.mallory();
      stage.domain.setMx(mallory.options.host);
      stage.clock.skip(TEN_MINUTES);
    },
  },
  {
    name: 'mx-swap-first-contact-enforce',
    title: 'MX records are swapped before the first contact',
    rule: 'RFC 8461 §4.1',
    requirements: ['STS-4-1'],
    expected: 'deferred',
    code: 'POLICY_MX_NOT_IN_POLICY',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    attack: async (stage) => {
      const mallory = await stage.mallory();
      stage.domain.setMx(mallory.options.host);
    },
  },
  {
    name: 'mx-swap-testing',
    title: 'MX records are swapped; testing lets it pass and reports it',
    rule: 'RFC 8461 §5',
    requirements: ['STS-5-2'],
    expected: 'delivered',
    by: 'mallory',
    domain: (name) => ({ name, sts: { mode: 'testing' } }),
    attack: async (stage) => {
      const mallory = await stage.mallory();
      stage.domain.setMx(mallory.options.host);
    },
  },
  {
    name: 'mx-swap-prepended-enforce',
    title: "mallory's host comes first, the real one second",
    rule: 'RFC 8461 §5.1',
    requirements: ['STS-5.1-4', 'STS-8.4-1'],
    expected: 'delivered',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    warm: true,
    attack: async (stage) => {
      const mallory = await stage.mallory();
      stage.domain.setMx(mallory.options.host, stage.domain.host.options.host);
      stage.clock.skip(TEN_MINUTES);
    },
  },
  {
    name: 'mx-address-swap-enforce',
    title: "the MX host's address is swapped; mallory has no certificate for the name",
    rule: 'RFC 8461 §4.2',
    requirements: ['STS-4.2-3'],
    expected: 'deferred',
    code: 'TLS_CERTIFICATE_NAME_MISMATCH',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    warm: true,
    attack: async ({ mallory, domain, world, clock }) => {
      const { options } = await mallory();
      world.dns.remove(domain.host.options.host, 'A');
      world.dns.add({ type: 'A', name: domain.host.options.host, value: options.address });
      clock.skip(TEN_MINUTES);
    },
  },
  {
    name: 'mx-deeper-than-wildcard',
    title: 'the pattern *.DOMAIN does not allow a.b.DOMAIN',
    rule: 'RFC 8461 §4.1',
    requirements: ['STS-4.1-2'],
    expected: 'deferred',
    code: 'POLICY_MX_NOT_IN_POLICY',
    domain: (name) => ({
      name,
      mx: [{ host: `a.b.${name}` }],
      sts: { mode: 'enforce', mx: [`*.${name}`] },
    }),
  },
  {
    name: 'mx-within-wildcard',
    title: 'the pattern *.DOMAIN allows a.DOMAIN',
    rule: 'RFC 8461 §4.1',
    requirements: ['STS-4.1-2'],
    expected: 'delivered',
    domain: (name) => ({
      name,
      mx: [{ host: `a.${name}` }],
      sts: { mode: 'enforce', mx: [`*.${name}`] },
    }),
  },
  {
    name: 'mx-upper-case',
    title: 'case does not matter in MX records and patterns',
    rule: 'RFC 8461 §4.1',
    requirements: ['STS-4.1-3'],
    expected: 'delivered',
    domain: (name) => ({
      name,
      mx: [{ host: `MX1.${name}` }],
      sts: { mode: 'enforce', mx: [`mX1.${name}`] },
    }),
  },
  {
    name: 'mx-alias-allowed',
    title: 'an MX name that is a CNAME: the name in the MX record counts',
    rule: 'RFC 8461 §4.1',
    requirements: ['STS-4.1-1', 'STS-4.2-4'],
    expected: 'delivered',
    domain: (name) => ({
      name,
      mx: [{ host: `real.${name}`, names: [`mx.${name}`] }],
      sts: { mode: 'enforce', mx: [`mx.${name}`] },
      records: [{ type: 'CNAME', name: `mx.${name}`, value: `real.${name}` }],
    }),
    prepare: ({ domain }) => domain.setMx(`mx.${domain.name}`),
  },
  {
    name: 'mx-alias-target-only',
    title: 'only the CNAME target of the MX name is in the policy',
    rule: 'RFC 8461 §4.1',
    requirements: ['STS-4.1-1'],
    expected: 'deferred',
    code: 'POLICY_MX_NOT_IN_POLICY',
    domain: (name) => ({
      name,
      mx: [{ host: `real.${name}`, names: [`mx.${name}`, `real.${name}`] }],
      sts: { mode: 'enforce', mx: [`real.${name}`] },
      records: [{ type: 'CNAME', name: `mx.${name}`, value: `real.${name}` }],
    }),
    prepare: ({ domain }) => domain.setMx(`mx.${domain.name}`),
  },
];
