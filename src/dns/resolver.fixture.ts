/**
 * What the tests of the resolver have in common.
 *
 * @module
 */
import type { Answer as WireAnswer } from 'dns-packet';
import { FakeClock } from '../clock.fixture.ts';
import { startFakeDns } from './fake-dns.fixture.ts';
import type { Handler, Reaction, SeenQuery } from './fake-dns.fixture.ts';
import { createResolver } from './resolver.ts';
import type { DnsResolver, ResolverOptions } from './resolver.ts';
import type { Answer, RrType } from './types.ts';

/** An answer, and the `name/TYPE` of each question it took. */
export interface Looked<T extends RrType> {
  readonly answer: Answer<T>;
  readonly asked: readonly string[];
}

/** Looks one name up at a server that answers as told; no time passes. */
export async function lookUp<T extends RrType>(
  handler: Handler,
  name: string,
  type: T,
  options: ResolverOptions = {},
): Promise<Looked<T>> {
  await using fake = await startFakeDns(handler);
  const resolver = resolverFor([fake.address], options);
  const answer = await resolver.lookup(name, type);
  resolver.close();
  return { answer, asked: fake.asked() };
}

/** A resolver with a clock that stands still, and one round. */
export function resolverFor(resolvers: readonly string[], more: ResolverOptions = {}): DnsResolver {
  return createResolver({ clock: new FakeClock(), attempts: 1, resolvers, ...more });
}

/** The code of a failure, or the kind of an answer. */
export function codeOf(answer: Answer<RrType>): string {
  return answer.kind === 'failure' ? answer.failure.code : answer.kind;
}

/** A CNAME record. */
export function cname(name: string, data: string, ttl = 300): WireAnswer {
  return { type: 'CNAME', name, ttl, data };
}

/** An A record. */
export function a(name: string, ttl = 300): WireAnswer {
  return { type: 'A', name, ttl, data: '192.0.2.1' };
}

/** A secure A record for whatever is asked. */
export function good(query: SeenQuery): Reaction {
  return { ad: true, answers: [a(query.name)] };
}

/** An address where nobody listens: it was ours a moment ago. */
export async function deadAddress(): Promise<string> {
  const fake = await startFakeDns(() => 'silence');
  await fake.close();
  return fake.address;
}
