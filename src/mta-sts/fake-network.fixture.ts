/**
 * A network for the tests of the policy cache: the record and the policy are what the test says.
 *
 * @module
 */
import { FakeClock, settle } from '../clock.fixture.ts';
import type { Failure, Outcome } from '../failure.ts';
import { silentLog } from '../log/log.ts';
import type { Store } from '../store/types.ts';
import type { PolicyNetwork } from './attempts.ts';
import { NO_FETCH, SETTINGS, T0, policyOf, record } from './life-cycle.fixture.ts';
import { createStsPolicies } from './policies.ts';
import type { Discovery, StsEvent, StsMode, StsPolicies, StsPolicy } from './types.ts';

/** One domain on the fake network. */
export interface FakeDomain {
  discovery: Discovery;
  fetch: Outcome<{ readonly policy: StsPolicy }>;
  /** Holds every fetch until it resolves. */
  gate?: Promise<void> | undefined;
}

/** The network and what was asked of it. */
export interface FakeNetwork extends PolicyNetwork {
  readonly domains: Map<string, FakeDomain>;
  readonly looked: string[];
  /** Beside each of `looked`: was DNS to be asked past the cache? */
  readonly lookedFresh: boolean[];
  /** Holds every look-up of a record until it resolves. */
  gate?: Promise<void> | undefined;
  readonly fetched: string[];
  /** Publishes a record and a policy. */
  publish(domain: string, id: string, mode: StsMode, maxAge?: number, mx?: string[]): void;
  change(domain: string, change: Partial<FakeDomain>): void;
}

/** No domain publishes anything at first. */
export function fakeNetwork(): FakeNetwork {
  const domains = new Map<string, FakeDomain>();
  const looked: string[] = [];
  const lookedFresh: boolean[] = [];
  const fetched: string[] = [];
  const absent: Failure = { code: 'STS_RECORD_NONE', detail: 'no record' };
  const broken: Outcome<never> = { ok: false, failure: NO_FETCH };
  const network: FakeNetwork = {
    domains,
    looked,
    lookedFresh,
    fetched,
    publish(domain, id, mode, maxAge = 7 * 86_400, mx = ['mx1.d.test']) {
      const policy = policyOf(mode, maxAge, mx);
      domains.set(domain, { discovery: record(id), fetch: { ok: true, value: { policy } } });
    },
    change(domain, change) {
      const old = domains.get(domain) ?? {
        discovery: { kind: 'absent', failure: absent } as const,
        fetch: broken,
      };
      domains.set(domain, { ...old, ...change });
    },
    discover: async (domain, { fresh }) => {
      looked.push(domain);
      lookedFresh.push(fresh);
      await network.gate;
      return domains.get(domain)?.discovery ?? { kind: 'absent', failure: absent };
    },
    fetch: async (domain) => {
      fetched.push(domain);
      await domains.get(domain)?.gate;
      return domains.get(domain)?.fetch ?? broken;
    },
  };
  return network;
}

/** A policy cache on a fake network and a clock that stands still. */
export interface Rig {
  readonly policies: StsPolicies;
  readonly network: FakeNetwork;
  readonly clock: FakeClock;
  readonly events: StsEvent[];
  /** Closes the cache and starts another on the same network, clock and store. */
  again(): Promise<Rig>;
}

/** What a test may set. */
export interface RigOptions {
  readonly store?: Store;
  readonly settings?: Partial<Record<keyof typeof SETTINGS, number>>;
  readonly network?: FakeNetwork;
  readonly clock?: FakeClock;
  readonly owner?: string;
}

/** Sets one up; the caller closes it. */
export function rig(options: RigOptions = {}): Rig {
  const { network = fakeNetwork(), clock = new FakeClock(T0), store, owner = 'node' } = options;
  const events: StsEvent[] = [];
  const policies = createStsPolicies({
    resolver: { lookup: () => Promise.reject(new Error('not asked')) },
    fetcher: { fetch: () => Promise.reject(new Error('not asked')) },
    network,
    clock,
    log: silentLog,
    store,
    owner,
    settings: { ...SETTINGS, ...options.settings } as typeof SETTINGS,
    random: () => 0.5,
    onEvent: (event) => events.push(event),
  });
  return {
    policies,
    network,
    clock,
    events,
    again: async () => {
      await policies.close();
      const next = rig({ ...options, network, clock });
      next.policies.start();
      await settle();
      return next;
    },
  };
}

/** The kinds of the events, in order. */
export function kindsOf(events: readonly StsEvent[]): string[] {
  return events.map((event) => event.kind);
}
