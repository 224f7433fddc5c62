/**
 * Attempts to learn of a policy: the record, then perhaps the fetch. One under way for each domain;
 * whoever asks meanwhile shares it.
 *
 * @module
 */
import type { Failure, Outcome } from '../failure.ts';
import { fail } from '../failure.ts';
import type { DomainLife } from './domain-life.ts';
import { fetchGroup } from './fetch-group.ts';
import type { FetchSlots } from './fetch-slots.ts';
import type { Effect, Held, Purpose } from './life-cycle-types.ts';
import { freshPolicy } from './shared-policy.ts';
import type { Discovery, StsPolicy } from './types.ts';

/** The network, as attempts need it. */
export interface PolicyNetwork {
  discover(
    policyDomain: string,
    options: { readonly fresh: boolean; readonly signal: AbortSignal },
  ): Promise<Discovery>;
  fetch(
    policyDomain: string,
    options: { readonly signal: AbortSignal },
  ): Promise<Outcome<{ readonly policy: StsPolicy }>>;
}

/** What attempts stand on. */
export interface AttemptsOptions {
  readonly network: PolicyNetwork;
  readonly life: DomainLife;
  readonly slots: FetchSlots;
  /** Looks in the table before the network is asked, unless memory has a policy in force. */
  readonly consultTable: (domain: string) => Promise<TableAnswer>;
  /** The domain has no policy, but the table was not there to say otherwise. */
  readonly markUncertain: (domain: string, failure: Failure) => void;
}

/** What the table knew of a domain. */
export type TableAnswer =
  /** `served` is set where memory has no room for it. */
  | { readonly kind: 'in-force'; readonly served?: Held }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'no-answer'; readonly failure: Failure };

/** Attempts, one at a time for each domain. */
export interface Attempts {
  /** Resolves at the end with the policy that was fetched, if one was. Rejects only for a bug. */
  run(domain: string, purpose: Purpose): Promise<Held | undefined>;
  isUnderWay(domain: string): boolean;
  /** Why the attempt under way cannot rule out that the table has a policy; undefined where it can. */
  doubt(domain: string): Failure | undefined;
  readonly underWay: number;
  /** Breaks off what is under way and waits for its end. */
  close(): Promise<void>;
}

/** What an attempt has found out so far. */
interface Knows {
  /** Undefined until the table has answered. */
  table: TableAnswer | undefined;
}

interface Flight {
  readonly purpose: Purpose;
  readonly knows: Knows;
  readonly ended: Promise<Held | undefined>;
}

/** The attempts of one cache. */
export function createAttempts(options: AttemptsOptions): Attempts {
  const flights = new Map<string, Flight>();
  const closing = new AbortController();

  const launch = async (
    domain: string,
    purpose: Purpose,
    knows: Knows,
  ): Promise<Held | undefined> => {
    try {
      return await attempt(options, { domain, purpose, knows, signal: closing.signal });
    } catch (error) {
      if (closing.signal.aborted) return undefined;
      throw error;
    } finally {
      flights.delete(domain);
    }
  };

  return {
    async run(domain, purpose) {
      for (;;) {
        if (closing.signal.aborted) return undefined;
        const flight = flights.get(domain);
        if (flight === undefined) {
          const knows: Knows = { table: undefined };
          const ended = launch(domain, purpose, knows);
          flights.set(domain, { purpose, knows, ended });
          return await ended;
        }
        if (answers(flight.purpose, purpose)) return await flight.ended;
        await flight.ended.catch(() => undefined);
      }
    },
    isUnderWay: (domain) => flights.has(domain),
    doubt(domain) {
      const flight = flights.get(domain);
      if (flight === undefined) return undefined;
      const { table } = flight.knows;
      if (table?.kind === 'no-answer') return table.failure;
      if (table !== undefined) return undefined;
      return { code: 'STORE_UNAVAILABLE', detail: 'the database has not answered yet' };
    },
    get underWay() {
      return flights.size;
    },
    async close() {
      closing.abort(new Error('the policy cache is closing'));
      await Promise.allSettled([...flights.values()].map(async (flight) => await flight.ended));
    },
  };
}

/** Is the attempt under way as good as the one that is wanted? */
function answers(underWay: Purpose, wanted: Purpose): boolean {
  if (underWay === wanted || underWay === 'forced') return true;
  return wanted === 'first-contact' || wanted === 'id-check';
}

interface AttemptOf {
  readonly domain: string;
  readonly purpose: Purpose;
  readonly signal: AbortSignal;
  readonly knows: Knows;
}

async function attempt(options: AttemptsOptions, of: AttemptOf): Promise<Held | undefined> {
  const { domain, purpose, signal, knows } = of;
  const { network, life } = options;
  const table = await options.consultTable(domain);
  knows.table = table;
  if (table.kind === 'in-force' && purpose === 'first-contact') return table.served;
  if (signal.aborted) return undefined;
  const discovery = await network.discover(domain, { fresh: purpose !== 'first-contact', signal });
  if (signal.aborted) return undefined;
  const found = life.apply(domain, { kind: 'discovered', purpose, discovery });
  const id = fetchedId(found.effects);
  if (id !== undefined) return await fetchPolicy(options, { ...of, id });
  doubt(options, of);
  return undefined;
}

/** Before anyone can read that the domain has no policy: the table may have one. */
function doubt(options: AttemptsOptions, { domain, knows }: AttemptOf): void {
  if (knows.table?.kind === 'no-answer') options.markUncertain(domain, knows.table.failure);
}

async function fetchPolicy(
  options: AttemptsOptions,
  of: AttemptOf & { readonly id: string },
): Promise<Held | undefined> {
  const { domain, purpose, signal, id } = of;
  const { network, life, slots } = options;
  const urgency = purpose === 'refresh' || purpose === 'id-check' ? 'background' : 'waited-for';
  const ended = await slots.run({ urgency, group: fetchGroup(domain), signal }, async (cut) =>
    cut.aborted ? undefined : await network.fetch(domain, { signal: cut }),
  );
  if (signal.aborted) return undefined;
  if (ended.kind === 'no-slot') {
    const detail = `${domain}: too many policies are being fetched; it will be tried again soon`;
    const failure = { code: 'STS_FIRST_CONTACT_PENDING', detail } as const;
    life.apply(domain, { kind: 'put-off', failure });
    doubt(options, of);
    return undefined;
  }
  const outcome = ended.kind === 'cut' ? tooSlow(domain) : ended.value;
  if (outcome === undefined) return undefined;
  const { effects } = life.apply(
    domain,
    outcome.ok
      ? {
          kind: 'fetched',
          id,
          policy: freshPolicy(outcome.value.policy),
          maxAge: outcome.value.policy.maxAge,
        }
      : { kind: 'fetch-failed', id, failure: outcome.failure },
  );
  if (!outcome.ok) doubt(options, of);
  for (const effect of effects) {
    if (effect.kind === 'serve') return effect.held;
  }
  return undefined;
}

/** A real try, whose host was slow at a time when many were: it is held back like any that failed. */
function tooSlow(domain: string): Outcome<never> {
  return fail(
    'HTTP_TIMEOUT',
    `mta-sts.${domain}: slow, and called off because too many other policy hosts are slow as well`,
    { resultType: 'sts-policy-fetch-error' },
  );
}

function fetchedId(effects: readonly Effect[]): string | undefined {
  return effects.find((effect) => effect.kind === 'fetch')?.id;
}
