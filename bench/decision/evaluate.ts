/**
 * How fast evidence becomes a decision.
 *
 * @module
 */
import type { Answer, RrType } from '../../src/dns/types.ts';
import { evaluate } from '../../src/tls-policy/evaluate.ts';
import type { Evidence, HostEvidence, PolicyKnobs } from '../../src/tls-policy/types.ts';
import type { Bench } from '../figure.ts';
import { rateOf } from '../rate.ts';

const NOW = Date.UTC(2026, 0, 1);
const DOMAIN = 'example.com';
const HOSTS = ['mx1.example.com', 'mx2.example.com'];

const KNOBS: PolicyKnobs = {
  daneSatisfiesSts: false,
  daneWithInsecureMx: true,
  enforceTesting: false,
  daneRequired: [],
  deferOnDiscoveryError: false,
};

/** The pure core, in process. */
export const evaluateBench: Bench = {
  name: 'decision/evaluate',
  what: 'evidence to decision: DANE and MTA-STS, two MX hosts',
  run: async ({ quick }) => {
    const sample = evidence();
    const ours = rateOf(() => evaluate(sample, KNOBS).hosts.length, quick ? 20 : 1000);
    return await Promise.resolve([{ figure: 'evaluations', unit: '/s', ours }]);
  },
};

function evidence(): Evidence {
  const text = 'version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n';
  return {
    nextHop: { kind: 'domain', domain: DOMAIN, port: 25 },
    gatheredAt: NOW,
    mx: {
      ...answerBase(DOMAIN, 'MX'),
      kind: 'records',
      records: HOSTS.map((exchange, index) => ({ preference: index * 10, exchange })),
    },
    hostsFrom: 'mx',
    mxSecurity: 'secure',
    hosts: HOSTS.map(hostEvidence),
    sts: {
      kind: 'policy',
      active: {
        policyDomain: DOMAIN,
        policy: { mode: 'enforce', mx: ['*.example.com'], maxAge: 604_800, extensions: [], text },
        id: '1',
        source: 'cache',
        fetchedAt: NOW,
        expiresAt: NOW + 604_800_000,
      },
    },
  };
}

function hostEvidence(host: string, index: number): HostEvidence {
  const record = { usage: 3, selector: 1, matchingType: 1, data: new Uint8Array(32) };
  const tlsa: Answer<'TLSA'> = {
    ...answerBase(`_25._tcp.${host}`, 'TLSA'),
    kind: 'records',
    records: [record],
  };
  return {
    host,
    preference: index * 10,
    a: { ...answerBase(host, 'A'), kind: 'records', records: ['192.0.2.1'] },
    aaaa: { ...answerBase(host, 'AAAA'), kind: 'records', records: ['2001:db8::1'] },
    dane: {
      state: { kind: 'usable', baseDomain: host, records: [record], usable: [record], ttl: 300 },
      tlsaAnswers: [tlsa],
    },
  };
}

interface AnswerBase<T> {
  readonly name: string;
  readonly type: T;
  readonly finalName: string;
  readonly chain: readonly [];
  readonly security: 'secure';
  readonly ttl: number;
  readonly receivedAt: number;
  readonly upstream: string;
}

function answerBase<const T extends RrType>(name: string, type: T): AnswerBase<T> {
  return {
    name,
    type,
    finalName: name,
    chain: [],
    security: 'secure',
    ttl: 300,
    receivedAt: NOW,
    upstream: '127.0.0.1#53',
  };
}
