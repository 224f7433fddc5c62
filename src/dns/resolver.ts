/**
 * The resolver: cache, single flight, a bounded number of questions at once, upstreams that follow
 * the settings or `/etc/resolv.conf`.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import { systemClock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import type { Log } from '../log/log.ts';
import { silentLog } from '../log/log.ts';
import { ask } from './ask.ts';
import type { AskCounters, AskDeps } from './ask.ts';
import { AnswerCache } from './cache.ts';
import { Lifetime } from './exchange.ts';
import { Limiter } from './limiter.ts';
import { normalizeName } from './name.ts';
import { followResolvConf } from './resolv-conf.ts';
import type { ResolvConf } from './resolv-conf.ts';
import { resolve } from './resolve.ts';
import type { Answer, LookupOptions, Resolver, RrType } from './types.ts';
import { UdpLines } from './udp-lines.ts';
import type { OpenUdp } from './udp.ts';
import { UpstreamHealth, parseUpstream, upstreamText, usableUpstreams } from './upstream.ts';
import type { Upstream } from './upstream.ts';

/** How to make a resolver. The first seven are the settings under `dns:`. */
export interface ResolverOptions {
  /** `address`, `address:port`, `[v6]:port`. Empty or absent: follow `resolvConfPath`. */
  readonly resolvers?: readonly string[];
  /** Believe the AD bit of upstreams that are not on loopback. Default: false. */
  readonly trusted?: boolean;
  /** For one try, in milliseconds. Default: 3000. `options timeout:` in resolv.conf wins. */
  readonly timeoutMs?: number;
  /** Rounds over all upstreams. Default: 2. `options attempts:` in resolv.conf wins. */
  readonly attempts?: number;
  /** Look-ups under way at once. Default: 200. */
  readonly concurrency?: number;
  /** Answers kept at most. Default: 20,000. */
  readonly cacheEntries?: number;
  /** Seconds; longer TTLs are cut to it. Default: one day. */
  readonly maxTtl?: number;
  /** For one look-up with its whole chain, in milliseconds from its turn on. Default: 15,000. */
  readonly totalMs?: number;
  /** Look-ups that may wait for their turn. Default: 10,000. */
  readonly maxWaiting?: number;
  /** Default: `/etc/resolv.conf`. */
  readonly resolvConfPath?: string;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Opens UDP sockets; for tests. */
  readonly openUdp?: OpenUdp;
}

/** An upstream as it stands. */
export interface UpstreamState extends Upstream {
  /** It did not answer a short while ago. */
  readonly down: boolean;
  /** False where it is left out because others are trusted and it is not. */
  readonly used: boolean;
}

/** Numbers for metrics; they only grow, but for the last four. */
export interface ResolverStats {
  readonly lookups: number;
  readonly cacheHits: number;
  /** Look-ups that waited for one that was under way already. */
  readonly shared: number;
  /** Look-ups that failed, by error code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly udpSent: number;
  readonly tcpSent: number;
  readonly timeouts: number;
  readonly running: number;
  readonly waiting: number;
  readonly cached: number;
  readonly upstreams: number;
}

/** The real {@link Resolver}. */
export interface DnsResolver extends Resolver {
  /** Who is asked now. */
  readonly upstreams: readonly UpstreamState[];
  stats(): ResolverStats;
  /** Ends every look-up under way with `DNS_CLOSED`. */
  close(): void;
}

/**
 * Makes a resolver.
 *
 * @throws {RangeError} if one of `resolvers` is not an address
 */
export function createResolver(options: ResolverOptions = {}): DnsResolver {
  return new StubResolver(options);
}

const DEFAULTS = {
  timeoutMs: 3000,
  attempts: 2,
  concurrency: 200,
  cacheEntries: 20_000,
  maxTtl: 86_400,
  totalMs: 15_000,
  maxWaiting: 10_000,
} as const;

class StubResolver implements DnsResolver {
  readonly #options: ResolverOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #conf: () => ResolvConf;
  readonly #cache: AnswerCache;
  readonly #limiter: Limiter;
  readonly #udpLines: UdpLines;
  readonly #health = new UpstreamHealth();
  readonly #lifetime = new Lifetime();
  readonly #flights = new Map<string, Promise<Answer<RrType>>>();
  readonly #counters: AskCounters = { udp: 0, tcp: 0, timeouts: 0 };
  readonly #counts = { lookups: 0, cacheHits: 0, shared: 0 };
  readonly #failures: Record<string, number> = {};
  readonly #warned = new Set<string>();

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    this.#cache = new AnswerCache(options.cacheEntries ?? DEFAULTS.cacheEntries);
    this.#limiter = new Limiter(
      options.concurrency ?? DEFAULTS.concurrency,
      options.maxWaiting ?? DEFAULTS.maxWaiting,
    );
    this.#udpLines = new UdpLines({
      clock: this.#clock,
      lifetime: this.#lifetime,
      ...(options.openUdp === undefined ? {} : { open: options.openUdp }),
    });
    this.#conf = this.#upstreamSource();
    this.#warnOfUntrusted(this.#conf());
  }

  get upstreams(): readonly UpstreamState[] {
    const { upstreams } = this.#conf();
    const used = usableUpstreams(upstreams);
    const now = this.#clock.now();
    return upstreams.map((upstream) => ({
      ...upstream,
      down: this.#health.isDown(upstream, now),
      used: used.includes(upstream),
    }));
  }

  stats(): ResolverStats {
    return {
      ...this.#counts,
      failures: { ...this.#failures },
      udpSent: this.#counters.udp,
      tcpSent: this.#counters.tcp,
      timeouts: this.#counters.timeouts,
      running: this.#limiter.running,
      waiting: this.#limiter.waiting,
      cached: this.#cache.size,
      upstreams: this.#conf().upstreams.length,
    };
  }

  close(): void {
    this.#lifetime.close();
  }

  async lookup<T extends RrType>(
    input: string,
    type: T,
    options: LookupOptions = {},
  ): Promise<Answer<T>> {
    this.#counts.lookups += 1;
    const answer = await this.#lookup(input, type, options);
    if (answer.kind === 'failure') {
      const { code } = answer.failure;
      this.#failures[code] = (this.#failures[code] ?? 0) + 1;
    }
    return answer;
  }

  async #lookup<T extends RrType>(
    input: string,
    type: T,
    { fresh = false, signal }: LookupOptions,
  ): Promise<Answer<T>> {
    const normal = normalizeName(input);
    if (!normal.ok) return this.#failed(input, type, normal.failure);
    const name = normal.value;
    if (signal?.aborted === true) return this.#aborted(name, type);
    const cached = fresh ? undefined : this.#cache.get(name, type, this.#clock.now());
    if (cached !== undefined) {
      this.#counts.cacheHits += 1;
      return cached;
    }
    const flight = this.#fly(name, type, fresh);
    if (signal === undefined) return flight;
    return untilAborted(flight, signal, () => this.#aborted(name, type));
  }

  /** Equal questions at the same time are one question. */
  #fly<T extends RrType>(name: string, type: T, fresh: boolean): Promise<Answer<T>> {
    const key = `${name}/${type}`;
    const under = this.#flights.get(key);
    if (under !== undefined) {
      this.#counts.shared += 1;
      return under as Promise<Answer<T>>;
    }
    const flight = this.#limiter.run(() => this.#resolve(name, type, fresh));
    if (flight === undefined) {
      const detail = `${name} ${type}: ${this.#limiter.waiting} look-ups wait already`;
      return Promise.resolve(this.#failed(name, type, { code: 'DNS_OVERLOADED', detail }));
    }
    const kept = flight.finally(() => this.#flights.delete(key));
    this.#flights.set(key, kept);
    return kept;
  }

  async #resolve<T extends RrType>(name: string, type: T, fresh: boolean): Promise<Answer<T>> {
    if (this.#lifetime.closed) {
      const detail = `${name} ${type}: the resolver is closed`;
      return this.#failed(name, type, { code: 'DNS_CLOSED', detail });
    }
    const deadline = this.#clock.now() + (this.#options.totalMs ?? DEFAULTS.totalMs);
    const deps = this.#askDeps();
    const resolveDeps = {
      ask: (at: string, of: RrType) => ask({ name: at, type: of, deadline }, deps),
      cnameOf: async (at: string) => {
        const cached = fresh ? undefined : this.#cache.get(at, 'CNAME', this.#clock.now());
        if (cached !== undefined) return aged(cached, this.#clock.now());
        const answer = await resolve(at, 'CNAME', resolveDeps);
        this.#cache.put(answer);
        return answer;
      },
      anyTrusted: deps.upstreams.some((upstream) => upstream.trusted),
      maxTtl: this.#options.maxTtl ?? DEFAULTS.maxTtl,
      now: () => this.#clock.now(),
    };
    const answer = await resolve(name, type, resolveDeps);
    this.#cache.put(answer);
    return answer;
  }

  #askDeps(): AskDeps {
    const conf = this.#conf();
    return {
      upstreams: usableUpstreams(conf.upstreams),
      health: this.#health,
      timeoutMs: conf.timeoutMs ?? this.#options.timeoutMs ?? DEFAULTS.timeoutMs,
      attempts: conf.attempts ?? this.#options.attempts ?? DEFAULTS.attempts,
      clock: this.#clock,
      lifetime: this.#lifetime,
      udpLines: this.#udpLines,
      counters: this.#counters,
      onUntrustedAd: (upstream) => this.#warnOfAd(upstream),
      ...(this.#options.openUdp === undefined ? {} : { openUdp: this.#options.openUdp }),
    };
  }

  #upstreamSource(): () => ResolvConf {
    const { resolvers = [], trusted = false } = this.#options;
    if (resolvers.length === 0) {
      return followResolvConf({
        path: this.#options.resolvConfPath ?? '/etc/resolv.conf',
        trusted,
        clock: this.#clock,
        onChange: (conf) => this.#onNewUpstreams(conf),
      });
    }
    const upstreams = resolvers.map((text) => {
      const upstream = parseUpstream(text, trusted);
      if (!upstream.ok) throw new RangeError(upstream.failure.detail);
      return upstream.value;
    });
    return () => ({ upstreams });
  }

  #onNewUpstreams(conf: ResolvConf): void {
    this.#health.keepOnly(conf.upstreams);
    this.#log.info({ upstreams: conf.upstreams.map(upstreamText) }, 'DNS resolvers changed');
    this.#warnOfUntrusted(conf);
  }

  #warnOfUntrusted(conf: ResolvConf): void {
    const used = usableUpstreams(conf.upstreams);
    for (const upstream of conf.upstreams) {
      if (upstream.trusted) continue;
      const left = used.includes(upstream);
      this.#warnOnce(
        `untrusted ${upstreamText(upstream)}`,
        left
          ? `DNS resolver ${upstreamText(upstream)} is not on this machine and not declared trusted: its answers count as insecure, so DANE is off`
          : `DNS resolver ${upstreamText(upstream)} is not asked: others are trusted and it is not`,
      );
    }
  }

  #warnOfAd(upstream: Upstream): void {
    this.#warnOnce(
      `ad ${upstreamText(upstream)}`,
      `DNS resolver ${upstreamText(upstream)} says that it validates (AD), but is not trusted: the path to it could be forged`,
    );
  }

  #warnOnce(key: string, message: string): void {
    if (this.#warned.has(key) || this.#warned.size > 100) return;
    this.#warned.add(key);
    this.#log.warn({ code: 'DNS_UNTRUSTED_RESOLVER' }, message);
  }

  #aborted<T extends RrType>(name: string, type: T): Answer<T> {
    const detail = `${name} ${type}: whoever asked stopped waiting`;
    return this.#failed(name, type, { code: 'DNS_ABORTED', detail });
  }

  #failed<T extends RrType>(name: string, type: T, failure: Failure): Answer<T> {
    return { kind: 'failure', name, type, failure, chain: [], receivedAt: this.#clock.now() };
  }
}

/** A cached answer with the rest of its TTL, counted from now. */
function aged<T extends RrType>(answer: Answer<T>, now: number): Answer<T> {
  if (answer.kind === 'failure') return answer;
  const age = Math.floor((now - answer.receivedAt) / 1000);
  return { ...answer, ttl: Math.max(0, answer.ttl - age), receivedAt: now };
}

async function untilAborted<T>(
  flight: Promise<T>,
  signal: AbortSignal,
  onAbort: () => T,
): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const abort = (): void => resolve(onAbort());
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([flight, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
