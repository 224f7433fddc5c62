/**
 * An answerer for tests, on a clock that stands still and an engine made of a function.
 *
 * @module
 */
import { FakeClock } from '../clock.fixture.ts';
import { type Log, silentLog } from '../log/log.ts';
import type { ActivePolicy, StsStatus } from '../mta-sts/types.ts';
import type { DecideOptions } from '../tls-policy/engine-types.ts';
import { evaluate } from '../tls-policy/evaluate.ts';
import { type NextHop, nextHopText } from '../tls-policy/next-hop.ts';
import type { DecisionRecord, Evidence } from '../tls-policy/types.ts';
import {
  type AnswerSettings,
  createAnswerer,
  type FramingAnswerer,
  type PolicyFailures,
} from './answerer.ts';

const KNOBS = {
  daneSatisfiesSts: false,
  daneWithInsecureMx: true,
  enforceTesting: false,
  daneRequired: [],
  deferOnDiscoveryError: false,
};
/** Milliseconds. */
export const MINUTE = 60_000;
/** Milliseconds. */
export const HOUR = 60 * MINUTE;

/** An answerer on an engine made of a function. */
export interface Bench {
  readonly clock: FakeClock;
  readonly answerer: FramingAnswerer;
  /** Next hops that the engine was asked about, with its budget. */
  readonly asked: (readonly [string, number | undefined])[];
  readonly counted: string[];
  readonly lines: object[];
  settings: AnswerSettings;
  /** What the engine finds. */
  find: (nextHop: NextHop, how?: DecideOptions) => Promise<DecisionRecord>;
}

/** A domain as the engine finds it. */
export interface Domain {
  readonly mode?: 'enforce' | 'testing';
  /** Milliseconds. */
  readonly ttl?: number;
  readonly policyTtl?: number;
  readonly pending?: boolean;
  readonly dnsFails?: boolean;
}

/** A domain with one unsigned MX host, and a policy if a mode is given. */
export function recordOf(nextHop: NextHop, clock: FakeClock, domain: Domain = {}): DecisionRecord {
  const name = nextHop.kind === 'domain' ? nextHop.domain : 'd.test';
  const now = clock.now();
  const evidence: Evidence = {
    nextHop,
    gatheredAt: now,
    hostsFrom: domain.dnsFails === true ? 'nothing' : 'mx',
    mxSecurity: 'insecure',
    ...hostsOf(name, now, domain.dnsFails === true),
    sts: stsOf(name, now, domain),
  };
  const policy = evaluate(evidence, KNOBS);
  const expiresAt = now + (domain.ttl ?? 5 * MINUTE);
  return { version: 1, evidence, knobs: KNOBS, policy: { ...policy, expiresAt } };
}

function hostsOf(name: string, now: number, fails: boolean): Pick<Evidence, 'mx' | 'hosts'> {
  const upstream = '127.0.0.1:53';
  const answer = { chain: [], receivedAt: now, security: 'insecure', ttl: 300, upstream } as const;
  const failure = { code: 'DNS_TIMEOUT', detail: 'no answer' } as const;
  const host = `mx.${name}`;
  if (fails) {
    const mx = { kind: 'failure', name, type: 'MX', failure, chain: [], receivedAt: now } as const;
    return { mx, hosts: [] };
  }
  const records = [{ preference: 10, exchange: host }];
  const addresses = { ...answer, name: host, finalName: host, records: ['192.0.2.1'] };
  return {
    mx: { ...answer, kind: 'records', name, type: 'MX', finalName: name, records },
    hosts: [
      {
        host,
        preference: 10,
        a: { ...addresses, kind: 'records', type: 'A' },
        aaaa: undefined,
      },
    ],
  };
}

function stsOf(policyDomain: string, now: number, domain: Domain): StsStatus {
  const { mode, pending } = domain;
  if (mode === undefined) {
    const code = pending === true ? 'STS_FIRST_CONTACT_PENDING' : 'STS_RECORD_NONE';
    return { kind: 'none', failure: { code, detail: 'none' } };
  }
  const policy = { mode, mx: [`mx.${policyDomain}`], maxAge: 86_400, extensions: [], text: '' };
  const expiresAt = now + (domain.policyTtl ?? 24 * HOUR);
  const active = { policyDomain, policy, id: '1', source: 'fetched', fetchedAt: now, expiresAt };
  return { kind: 'policy', active: active as ActivePolicy };
}

/** Makes one; the engine finds an enforced policy for every domain. */
export function bench(
  options: { readonly maxEntries?: number; readonly policyFailures?: PolicyFailures } = {},
): Bench {
  const clock = new FakeClock();
  const lines: object[] = [];
  const log: Log = { ...silentLog, info: (fields) => lines.push(fields) };
  const it: Bench = {
    clock,
    asked: [],
    counted: [],
    lines,
    settings: {
      defaultDialect: 'postfix',
      budgetMs: 5_000,
      firstContactMs: 5_000,
      maxStaleMs: HOUR,
      mixedDane: 'secure',
      dryRun: false,
    },
    find: async (nextHop) => recordOf(nextHop, clock, { mode: 'enforce' }),
    answerer: createAnswerer({
      engine: {
        decide: async (nextHop: NextHop, how?: DecideOptions) => {
          it.asked.push([nextHopText(nextHop), how?.budgetMs]);
          return await it.find(nextHop, how);
        },
      },
      clock,
      log,
      metrics: {
        answered: (...what) => it.counted.push(what.join(' ')),
        answerTook: () => undefined,
      },
      smtpPort: 25,
      maxEntries: options.maxEntries ?? 100,
      settings: () => it.settings,
      policyFailures: options.policyFailures,
    }),
  };
  return it;
}

/** The reply to a request. */
export async function ask({ answerer }: Bench, request: string): Promise<string> {
  return (await answerer.answer(Buffer.from(request))).toString();
}

/** The answer if it is at hand. */
export function atHand({ answerer }: Bench, request: string): string | undefined {
  const answer = answerer.answer(Buffer.from(request));
  if (!(answer instanceof Promise)) return answer.toString();
  void answer;
  return undefined;
}

/** What `d.test` is said to be while it enforces. */
export const SECURE = 'OK secure match=mx.d.test servername=hostname';
/** No policy. */
export const NOT_FOUND = 'NOTFOUND ';
