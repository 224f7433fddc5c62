/**
 * Scenes in which the owner of the domain changes the policy, as is their right.
 *
 * @module
 */
import type { HopReport } from '../../relay/types.ts';
import type { Scene } from '../scene.ts';
import { TEN_MINUTES } from './times.ts';

/** Whether the second look ended so. */
function recheckedTo(wanted: HopReport['recheck']): NonNullable<Scene['check']> {
  return ({ report }) => {
    const recheck = report.hops[0]?.recheck;
    return recheck === wanted ? undefined : `recheck: ${recheck ?? 'none'} instead of ${wanted}`;
  };
}

/** Who holds the policy host may also loosen the policy. */
export const ROLLOUT_SCENES: readonly Scene[] = [
  {
    name: 'rollout-none',
    title: 'enforce becomes none: free at once',
    rule: 'RFC 8461 §8.3',
    requirements: ['STS-8.3-R1', 'STS-5-3', 'STS-5-4'],
    expected: 'delivered',
    over: 'clear',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    warm: true,
    attack: ({ domain, clock }) => {
      domain.publish({ mode: 'none', id: '2' });
      domain.host.setFault('strip-starttls');
      clock.skip(TEN_MINUTES);
    },
  },
  {
    name: 'rollout-testing',
    title: 'enforce becomes testing',
    rule: 'RFC 8461 §5',
    requirements: ['STS-5-2', 'STS-5-4'],
    expected: 'delivered',
    over: 'clear',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    warm: true,
    attack: ({ domain, clock }) => {
      domain.publish({ mode: 'testing', id: '2' });
      domain.host.setFault('strip-starttls');
      clock.skip(TEN_MINUTES);
    },
  },
  {
    name: 'rollout-none-within-ttl',
    title: 'enforce has just become none, and the old record is still cached: asked for anew',
    rule: 'RFC 8461 §5.1',
    requirements: ['STS-5-4', 'STS-5.1-5'],
    expected: 'delivered',
    over: 'clear',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    warm: true,
    attack: ({ domain }) => {
      domain.publish({ mode: 'none', id: '2' });
      domain.host.setFault('strip-starttls');
    },
    check: recheckedTo('changed'),
  },
  {
    name: 'rollout-new-patterns-within-ttl',
    title: 'other hosts have just been allowed, and the old record is still cached',
    rule: 'RFC 8461 §5.1',
    requirements: ['STS-5-4', 'STS-5.1-5'],
    expected: 'deferred',
    code: 'POLICY_MX_NOT_IN_POLICY',
    domain: (name) => ({ name, sts: { mode: 'enforce' } }),
    warm: true,
    attack: ({ domain }) => {
      domain.publish({ mode: 'enforce', id: '2', mx: [`new.${domain.name}`] });
      domain.host.setFault('strip-starttls');
    },
    check: recheckedTo('changed'),
  },
  {
    name: 'rollout-new-mx',
    title: 'the domain moves: new policy, new id, new MX host',
    rule: 'RFC 8461 §5.1',
    requirements: ['STS-5-4', 'STS-3.1-7'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({
      name,
      mx: [{ host: `old.${name}` }, { host: `new.${name}` }],
      sts: { mode: 'enforce', mx: [`old.${name}`] },
    }),
    prepare: ({ domain }) => domain.setMx(`old.${domain.name}`),
    warm: true,
    attack: ({ domain, clock }) => {
      domain.publish({ mode: 'enforce', id: '0', mx: [`new.${domain.name}`] });
      domain.setMx(`new.${domain.name}`);
      clock.skip(TEN_MINUTES);
    },
  },
  {
    name: 'rollout-new-mx-same-id',
    title: 'the domain moves and its owner forgets to change the id',
    rule: 'RFC 8461 §10.2',
    requirements: ['STS-10.2-2', 'STS-5.1-R1'],
    expected: 'delivered',
    by: 1,
    domain: (name) => ({
      name,
      mx: [{ host: `old.${name}` }, { host: `new.${name}` }],
      sts: { mode: 'enforce', mx: [`old.${name}`] },
    }),
    prepare: ({ domain }) => domain.setMx(`old.${domain.name}`),
    warm: true,
    attack: ({ domain, clock }) => {
      domain.publish({ mode: 'enforce', id: '1', mx: [`new.${domain.name}`] });
      domain.setMx(`new.${domain.name}`);
      clock.skip(TEN_MINUTES);
    },
  },
  {
    name: 'rollout-enforce-begins',
    title: 'testing becomes enforce, and then STARTTLS is stripped',
    rule: 'RFC 8461 §5',
    requirements: ['STS-5-1', 'STS-3-1'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    domain: (name) => ({ name, sts: { mode: 'testing' } }),
    warm: true,
    attack: async ({ domain, clock, contact }) => {
      domain.publish({ mode: 'enforce', id: '2' });
      clock.skip(TEN_MINUTES);
      await contact();
      domain.host.setFault('strip-starttls');
      clock.skip(TEN_MINUTES);
    },
  },
  {
    name: 'rollout-none-plain',
    title: 'a policy of mode none asks for nothing',
    rule: 'RFC 8461 §5',
    requirements: ['STS-5-3', 'STS-3.2-9'],
    expected: 'delivered',
    over: 'clear',
    domain: (name) => ({
      name,
      mx: [{ fault: 'strip-starttls' }],
      sts: { mode: 'none', mx: [] },
    }),
  },
  {
    name: 'rollout-testing-as-enforce',
    title: 'testing counts as enforce where the operator wants it so',
    rule: 'RFC 8461 §5',
    requirements: ['STS-5-1'],
    expected: 'deferred',
    code: 'SMTP_STARTTLS_NOT_OFFERED',
    config: { policy: { enforceTesting: true } },
    domain: (name) => ({
      name,
      mx: [{ fault: 'strip-starttls' }],
      sts: { mode: 'testing' },
    }),
  },
];
