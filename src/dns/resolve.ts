/**
 * One look-up: asks, follows the CNAME chain, and learns how far DNSSEC vouches for it.
 *
 * @module
 */
import type { Failure } from '../failure.ts';
import { findAnswer } from './answer.ts';
import type { Found, Hop } from './answer.ts';
import { answeredBy } from './ask.ts';
import type { Response } from './ask.ts';
import type { Answer, CnameLink, ExtendedError, RrType, Security } from './types.ts';

/** What a look-up needs. */
export interface ResolveDeps {
  /** Asks upstream, without a cache. */
  readonly ask: (name: string, type: RrType) => Promise<Response>;
  /** Gives the CNAME record of a name by itself; may come from a cache. */
  readonly cnameOf: (name: string) => Promise<Answer<'CNAME'>>;
  /** Whether any upstream's AD bit is believed: if none, no link needs to be asked about. */
  readonly anyTrusted: boolean;
  /** Seconds; longer TTLs are cut to it. */
  readonly maxTtl: number;
  readonly now: () => number;
}

/** What has been learned on the way. */
interface Progress {
  readonly chain: readonly CnameLink[];
  readonly secure: boolean;
  readonly ttl: number;
}

type Ended<T extends RrType> = Exclude<Found<T>, { kind: 'continues' | 'failure' }>;

/** Looks up a normalised name. Every part of the chain must be had, or the whole fails (RFC 7672 §2.1.3). */
export async function resolve<T extends RrType>(
  name: string,
  type: T,
  deps: ResolveDeps,
): Promise<Answer<T>> {
  let progress: Progress = { chain: [], secure: true, ttl: deps.maxTtl };
  let at = name;
  const failed = (failure: Failure, extendedErrors?: readonly ExtendedError[]): Answer<T> => ({
    kind: 'failure',
    name,
    type,
    failure,
    chain: progress.chain,
    receivedAt: deps.now(),
    ...withErrors(extendedErrors),
  });
  for (;;) {
    const response = await deps.ask(at, type);
    if (!response.ok) return failed(response.failure, response.extendedErrors);
    const passed = progress.chain.map((link) => link.from);
    const found = findAnswer(response.message, { name: at, type, passed });
    if (found.kind === 'failure') {
      progress = { ...progress, chain: [...progress.chain, ...found.hops.map(unproven)] };
      return failed(found.failure, response.extendedErrors);
    }
    const extended = await extend(progress, found.hops, response.authentic, deps);
    progress = extended.progress;
    if (extended.failure !== undefined) return failed(extended.failure);
    progress = { ...progress, ttl: Math.min(progress.ttl, found.ttl) };
    at = found.finalName;
    if (found.kind === 'continues') continue;
    // The bit vouches for the whole answer; links known by themselves do not vouch for its end.
    const secure = progress.secure && response.authentic;
    return finish(found, { name, type, response, progress, secure, now: deps.now() });
  }
}

interface Finish<T extends RrType> {
  readonly name: string;
  readonly type: T;
  readonly response: Response & { ok: true };
  readonly progress: Progress;
  readonly secure: boolean;
  readonly now: number;
}

function finish<T extends RrType>(found: Ended<T>, with_: Finish<T>): Answer<T> {
  const { name, type, response, progress } = with_;
  const base = {
    name,
    type,
    finalName: found.finalName,
    chain: progress.chain,
    security: securityOf(with_.secure),
    ttl: progress.ttl,
    receivedAt: with_.now,
    upstream: answeredBy(response),
    ...withErrors(response.extendedErrors),
  };
  if (found.kind === 'records') return { ...base, kind: 'records', records: found.records };
  return { ...base, kind: found.kind };
}

/**
 * Adds links to the chain. If the combined answer is secure, so is each link. If not, a signed zone
 * may still hold the first links, which only a question for each CNAME by itself tells; the first
 * insecure one makes all after it insecure (RFC 7672 §2.1.3).
 */
async function extend(
  before: Progress,
  hops: readonly Hop[],
  authentic: boolean,
  deps: ResolveDeps,
): Promise<{ readonly progress: Progress; readonly failure?: Failure }> {
  const chain = [...before.chain];
  let { secure, ttl } = before;
  for (const { from, to } of hops) {
    if (secure && !authentic) {
      const alone = await askAlone(from, deps);
      if (alone.failure !== undefined) {
        return { progress: { chain, secure: false, ttl }, failure: alone.failure };
      }
      secure = alone.secure;
      ttl = Math.min(ttl, alone.ttl);
    }
    chain.push({ from, to, security: securityOf(secure) });
  }
  return { progress: { chain, secure, ttl } };
}

interface Alone {
  readonly secure: boolean;
  readonly ttl: number;
  readonly failure?: Failure;
}

/**
 * Whether the zone of this CNAME is signed. Its target may differ from the one that was followed:
 * some servers rotate them, and the resolver has validated both.
 */
async function askAlone(name: string, deps: ResolveDeps): Promise<Alone> {
  const nothing = { secure: false, ttl: deps.maxTtl };
  if (!deps.anyTrusted) return nothing;
  const answer = await deps.cnameOf(name);
  switch (answer.kind) {
    case 'records':
      return { secure: answer.security === 'secure', ttl: answer.ttl };
    case 'failure':
      return { ...nothing, failure: answer.failure };
    case 'nodata':
    case 'nxdomain': {
      const detail = `${name}: its CNAME was in an answer, but is gone when asked for by itself`;
      return { ...nothing, failure: { code: 'DNS_CHAIN_CHANGED', detail } };
    }
    default:
      return answer satisfies never;
  }
}

/** A link of a chain that failed: nothing is built on it, so nobody asks how secure it was. */
function unproven(hop: Hop): CnameLink {
  return { ...hop, security: 'insecure' };
}

function securityOf(secure: boolean): Security {
  return secure ? 'secure' : 'insecure';
}

function withErrors(errors: readonly ExtendedError[] | undefined): {
  readonly extendedErrors?: readonly ExtendedError[];
} {
  return errors === undefined || errors.length === 0 ? {} : { extendedErrors: errors };
}
