/**
 * A resolver made of plain maps, for unit tests: no sockets, no waiting.
 *
 * @module
 */
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import { isAtOrUnder, normalizeName } from './name.ts';
import type { Answer, CnameLink, LookupOptions, RecordOf, Resolver, RrType } from './types.ts';

/** The records of one name. A CNAME is followed as in DNS. */
export type RecordSets = { readonly [T in RrType]?: readonly RecordOf[T][] };

/** How a name fails. */
export type MapFailure = 'servfail' | 'bogus' | 'timeout';

/** What the world looks like. Every field may be changed between look-ups. */
export interface MapWorld {
  /** Name → type → records. `*.example.test` answers for names under it that do not exist. */
  records: Readonly<Record<string, RecordSets>>;
  /** Names that are secure with everything under them. The longest match of both lists wins. */
  secure?: readonly string[];
  /** Names that are insecure with everything under them: an unsigned zone in a signed one. */
  insecure?: readonly string[];
  /** `name` or `name/TYPE` → how the question fails. */
  failing?: Readonly<Record<string, MapFailure>>;
  /** Seconds; of every answer. */
  ttl?: number;
  clock?: Clock;
}

/** A {@link Resolver} that tells what it was asked. */
export interface MapResolver extends Resolver {
  readonly world: MapWorld;
  /** `name/TYPE` of each look-up, in order. */
  readonly asked: string[];
  /** How often `name/TYPE` was looked up. */
  count(name: string, type: RrType): number;
}

/** Makes a resolver that answers from `world`. Nothing is cached: each look-up is counted. */
export function mapResolver(world: MapWorld): MapResolver {
  const asked: string[] = [];
  return {
    world,
    asked,
    count: (name, type) => asked.filter((question) => question === `${name}/${type}`).length,
    async lookup<T extends RrType>(input: string, type: T, options: LookupOptions = {}) {
      const name = normalizeName(input);
      if (!name.ok) return failed<T>(world, { name: input, type }, name.failure);
      asked.push(`${name.value}/${type}`);
      if (options.signal?.aborted === true) {
        const failure: Failure = { code: 'DNS_ABORTED', detail: `${name.value} ${type}: aborted` };
        return failed<T>(world, { name: name.value, type }, failure);
      }
      return answer<T>(world, name.value, type);
    },
  };
}

function answer<T extends RrType>(world: MapWorld, name: string, type: T): Answer<T> {
  const chain: CnameLink[] = [];
  let at = name;
  let secure = true;
  for (;;) {
    const failure = failureAt(world, at, type);
    if (failure !== undefined) return failed<T>(world, { name, type, chain }, failure);
    secure &&= isSecure(world, at);
    const target = type === 'CNAME' ? undefined : recordsAt(world, at)?.CNAME?.[0];
    if (target === undefined) break;
    if (chain.some((link) => link.from === at)) {
      const loop: Failure = { code: 'DNS_CNAME_LOOP', detail: `${name}: CNAME loop at ${at}` };
      return failed<T>(world, { name, type, chain }, loop);
    }
    if (chain.length === 8) {
      const long: Failure = { code: 'DNS_CNAME_TOO_LONG', detail: `${name}: more than 8 CNAMEs` };
      return failed<T>(world, { name, type, chain }, long);
    }
    chain.push({ from: at, to: target, security: secure ? 'secure' : 'insecure' });
    at = target;
  }
  const records = recordsAt(world, at)?.[type];
  const base = {
    name,
    type,
    finalName: at,
    chain,
    security: secure ? 'secure' : 'insecure',
    ttl: world.ttl ?? 300,
    receivedAt: now(world),
    upstream: '127.0.0.1#53',
  } as const;
  if (records !== undefined && records.length > 0) return { ...base, kind: 'records', records };
  return { ...base, kind: recordsAt(world, at) === undefined ? 'nxdomain' : 'nodata' };
}

/** The sets of a name; an empty one where only names under it exist; undefined if it does not. */
function recordsAt(world: MapWorld, name: string): RecordSets | undefined {
  const exists = (at: string): boolean =>
    Object.keys(world.records).some((other) => isAtOrUnder(other, at));
  if (exists(name)) return world.records[name] ?? {};
  let parent = name;
  while (parent.includes('.')) {
    parent = parent.slice(parent.indexOf('.') + 1);
    // RFC 4592 §3.3.1: only the wildcard right under the closest existing name answers.
    if (exists(parent)) return world.records[`*.${parent}`];
  }
  return undefined;
}

function isSecure(world: MapWorld, name: string): boolean {
  const longest = (zones: readonly string[] = []): number =>
    Math.max(-1, ...zones.filter((zone) => isAtOrUnder(name, zone)).map((zone) => zone.length));
  return longest(world.secure) > longest(world.insecure);
}

function failureAt(world: MapWorld, name: string, type: RrType): Failure | undefined {
  const how = world.failing?.[`${name}/${type}`] ?? world.failing?.[name];
  switch (how) {
    case undefined:
      return undefined;
    case 'servfail':
      return { code: 'DNS_SERVFAIL', detail: `${name} ${type}: SERVFAIL` };
    case 'timeout':
      return { code: 'DNS_TIMEOUT', detail: `${name} ${type}: no answer` };
    case 'bogus':
      return {
        code: 'DNS_BOGUS',
        detail: `${name} ${type}: DNSSEC validation failed`,
        resultType: 'dnssec-invalid',
      };
    default:
      return how satisfies never;
  }
}

interface Asked<T extends RrType> {
  readonly name: string;
  readonly type: T;
  readonly chain?: readonly CnameLink[];
}

function failed<T extends RrType>(world: MapWorld, asked: Asked<T>, failure: Failure): Answer<T> {
  return { kind: 'failure', chain: [], ...asked, failure, receivedAt: now(world) };
}

function now(world: MapWorld): number {
  return (world.clock ?? systemClock).now();
}
