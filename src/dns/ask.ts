/**
 * Asks one question of the upstreams, in turn, until one answers.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import { isLoopback } from './address.ts';
import type { Exchanged, ExchangeOptions, Lifetime } from './exchange.ts';
import { failedExchange, whereText } from './exchange.ts';
import type { WireMessage } from './message.ts';
import { writeQuery } from './query.ts';
import type { QueryOptions } from './query.ts';
import { bogus, failureOf, mayDislikeEdns } from './reply.ts';
import { askTcp } from './tcp.ts';
import type { ExtendedError, RrType } from './types.ts';
import type { UdpLines } from './udp-lines.ts';
import { askUdp } from './udp.ts';
import type { OpenUdp } from './udp.ts';
import { upstreamText } from './upstream.ts';
import type { Upstream, UpstreamHealth } from './upstream.ts';

/** What asking needs. */
export interface AskDeps {
  readonly upstreams: readonly Upstream[];
  readonly health: UpstreamHealth;
  readonly timeoutMs: number;
  /** Rounds over all upstreams. */
  readonly attempts: number;
  readonly clock: Clock;
  readonly lifetime: Lifetime;
  readonly counters: AskCounters;
  readonly openUdp?: OpenUdp;
  /** For upstreams on loopback; without it each question has a socket of its own there too. */
  readonly udpLines?: UdpLines;
  /** Told when an upstream that is not believed sets AD. */
  readonly onUntrustedAd?: (upstream: Upstream) => void;
}

/** What was sent. */
export interface AskCounters {
  udp: number;
  tcp: number;
  timeouts: number;
}

/** A question, and until when an answer is of use. */
export interface Asked {
  readonly name: string;
  readonly type: RrType;
  /** Milliseconds since the Unix epoch. */
  readonly deadline: number;
}

/** An answer from an upstream, or why there is none. */
export type Response =
  | {
      readonly ok: true;
      readonly message: WireMessage;
      /** AD, from an upstream that is believed. */
      readonly authentic: boolean;
      readonly upstream: Upstream;
      readonly extendedErrors: readonly ExtendedError[];
    }
  | {
      readonly ok: false;
      readonly failure: Failure;
      readonly extendedErrors?: readonly ExtendedError[];
    };

type Failed = Response & { ok: false };

/** How long to wait for a socket to become free. */
const SOCKET_WAIT_MS = 50;

/**
 * Asks the upstreams in order, in `attempts` rounds. One that answers with an error code is not
 * asked again; one that is silent or unreachable is remembered as down. A validation failure ends
 * the search: another upstream that lets the answer pass must not be found by going on.
 */
export async function ask(asked: Asked, deps: AskDeps): Promise<Response> {
  const done = new Set<Upstream>();
  let worst: Failed | undefined;
  for (let round = 0; round < deps.attempts; round += 1) {
    for (const upstream of deps.health.order(deps.upstreams, deps.clock.now())) {
      if (done.has(upstream)) continue;
      const response = await askUpstream(upstream, asked, deps);
      if (response.ok || isFinal(response.failure)) return response;
      if (rankOf(response.failure) === ANSWERED) done.add(upstream);
      // At once: the next upstream may be one that does not validate.
      const mayBeBogus = upstream.trusted && response.failure.code === 'DNS_SERVFAIL';
      const bogusness = mayBeBogus ? await checkBogus(upstream, asked, deps) : undefined;
      if (bogusness !== undefined) return bogusness;
      worst = graver(worst, response);
    }
  }
  return worst ?? noUpstream(asked);
}

async function askUpstream(upstream: Upstream, asked: Asked, deps: AskDeps): Promise<Response> {
  const exchanged = await exchangeWithin(upstream, asked, deps, {});
  if (!exchanged.ok) {
    noteHealth(upstream, exchanged.failure, deps);
    return exchanged;
  }
  deps.health.worked(upstream);
  const { reply } = exchanged;
  if (reply.kind === 'truncated') throw new Error('a truncated reply was not asked for over TCP');
  const { extendedErrors, message } = reply;
  const failure = failureOf(reply, whereText({ query: asked, upstream }));
  if (failure !== undefined) return { ok: false, failure, extendedErrors };
  const { authentic } = message.header;
  if (authentic && !upstream.trusted) deps.onUntrustedAd?.(upstream);
  return { ok: true, message, upstream, extendedErrors, authentic: authentic && upstream.trusted };
}

/** Over UDP, then TCP if it is truncated; with EDNS, then without if the upstream dislikes it. */
async function exchangeWithin(
  upstream: Upstream,
  asked: Asked,
  deps: AskDeps,
  options: QueryOptions,
): Promise<Exchanged> {
  const query = writeQuery(asked.name, asked.type, options);
  const base = { upstream, query, clock: deps.clock, lifetime: deps.lifetime };
  const exchange = (): ExchangeOptions => ({
    ...base,
    timeoutMs: Math.max(0, Math.min(deps.timeoutMs, asked.deadline - deps.clock.now())),
  });
  let result = await udpWhenPossible(exchange, asked, deps);
  if (result.ok && result.reply.kind === 'truncated') {
    const now = exchange();
    if (now.timeoutMs === 0) return failedExchange(now, 'DNS_TIMEOUT', 'no time left');
    deps.counters.tcp += 1;
    result = await askTcp(now);
  }
  if (!result.ok) return result;
  const { reply } = result;
  if (reply.kind === 'message' && mayDislikeEdns(reply.rcode) && options.plain !== true) {
    return exchangeWithin(upstream, asked, deps, { ...options, plain: true });
  }
  return result;
}

/** Too many open files pass by: wait for one, but not longer than the question may take. */
async function udpWhenPossible(
  exchange: () => ExchangeOptions,
  asked: Asked,
  deps: AskDeps,
): Promise<Exchanged> {
  for (;;) {
    const options = exchange();
    if (deps.lifetime.closed) return failedExchange(options, 'DNS_CLOSED', 'the resolver closes');
    if (options.timeoutMs === 0) return failedExchange(options, 'DNS_TIMEOUT', 'no time left');
    deps.counters.udp += 1;
    const result = await askOverUdp(options, deps);
    if (result.ok || result.failure.code !== 'DNS_SOCKETS') return result;
    if (asked.deadline - deps.clock.now() <= SOCKET_WAIT_MS) return result;
    await deps.clock.sleep(SOCKET_WAIT_MS);
  }
}

function askOverUdp(options: ExchangeOptions, deps: AskDeps): Promise<Exchanged> {
  const shared = isLoopback(options.upstream.address) ? deps.udpLines : undefined;
  return shared === undefined ? askUdp(options, deps.openUdp) : shared.ask(options);
}

/**
 * Many validating resolvers say plain SERVFAIL for a bogus answer. With checking off (CD, RFC 4035
 * §3.2.2) such a resolver has an answer; what is in it is not looked at.
 */
async function checkBogus(
  upstream: Upstream,
  asked: Asked,
  deps: AskDeps,
): Promise<Failed | undefined> {
  const exchanged = await exchangeWithin(upstream, asked, deps, { checkingDisabled: true });
  if (!exchanged.ok || exchanged.reply.kind !== 'message') return undefined;
  const { message, rcode } = exchanged.reply;
  if (rcode !== message.header.rcode || (rcode !== 0 && rcode !== 3)) return undefined;
  const where = whereText({ query: asked, upstream });
  return {
    ok: false,
    failure: bogus(`${where}: DNSSEC validation failed (there is an answer with checking off)`),
  };
}

const ANSWERED = 3;

/** How much a failure tells: of several the most telling is reported. Codes not named tell least. */
const RANKS: { readonly [C in Failure['code']]?: number } = {
  DNS_SERVFAIL: ANSWERED,
  DNS_REFUSED: ANSWERED,
  DNS_NOTIMP: ANSWERED,
  DNS_FORMERR: ANSWERED,
  DNS_RCODE: ANSWERED,
  DNS_ANSWER_MALFORMED: 2,
  DNS_ANSWER_MISMATCH: 2,
  DNS_ANSWER_TRUNCATED: 2,
  DNS_TCP_CLOSED: 2,
  DNS_TIMEOUT: 1,
};

function rankOf(failure: Failure): number {
  return RANKS[failure.code] ?? 0;
}

function graver(before: Failed | undefined, next: Failed): Failed {
  return before !== undefined && rankOf(before.failure) >= rankOf(next.failure) ? before : next;
}

function isFinal(failure: Failure): boolean {
  return failure.code === 'DNS_BOGUS' || failure.code === 'DNS_CLOSED';
}

function noteHealth(upstream: Upstream, failure: Failure, deps: AskDeps): void {
  if (failure.code === 'DNS_TIMEOUT') deps.counters.timeouts += 1;
  if (failure.code === 'DNS_TIMEOUT' || failure.code === 'DNS_UNREACHABLE') {
    deps.health.failed(upstream, deps.clock.now());
  }
}

function noUpstream(asked: Asked): Failed {
  const detail = `${asked.name} ${asked.type}: there is no resolver to ask`;
  return { ok: false, failure: { code: 'DNS_UNREACHABLE', detail } };
}

/** The name of an upstream in an answer. */
export function answeredBy(response: Response & { ok: true }): string {
  return upstreamText(response.upstream);
}
