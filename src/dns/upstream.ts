/**
 * Resolvers that are asked: how they are written, which are believed, which are down.
 *
 * @module
 */
import { isIP, isIPv4 } from 'node:net';
import { fail, ok } from '../failure.ts';
import type { Outcome } from '../failure.ts';
import { isLoopback } from './address.ts';

/** A resolver that is asked. */
export interface Upstream {
  /** May carry a scope: `fe80::1%eth0`. */
  readonly address: string;
  readonly port: number;
  /** Whether its AD bit is believed: on loopback, or declared so (RFC 7672 §2.1.1). */
  readonly trusted: boolean;
}

/**
 * Reads `address`, `address:port`, `[v6]` or `[v6]:port`.
 *
 * @param trusted believe the AD bit although the address is not on loopback
 * @returns `DNS_NAME_INVALID` if it is no address: a resolver is never found by name
 */
export function parseUpstream(text: string, trusted: boolean): Outcome<Upstream> {
  const match =
    /^\[(?<inner>[^\]]+)\](?::(?<port>\d{1,5}))?$/.exec(text) ??
    /^(?<inner>\d+\.\d+\.\d+\.\d+)(?::(?<port>\d{1,5}))?$/.exec(text);
  const address = match?.groups?.['inner'] ?? text;
  const port = Number(match?.groups?.['port'] ?? 53);
  if (isIP(address) === 0 || port === 0 || port > 65_535) {
    return fail(
      'DNS_NAME_INVALID',
      `${JSON.stringify(text)} is not the address of a resolver: write address, address:port or [v6]:port`,
    );
  }
  return ok({ address, port, trusted: trusted || isLoopback(address) });
}

/** `address#port`, as other tools write it. */
export function upstreamText(upstream: Upstream): string {
  return `${upstream.address}#${upstream.port}`;
}

/** Whether the socket has to be an IPv4 one. */
export function isV4(upstream: Upstream): boolean {
  return isIPv4(upstream.address);
}

/**
 * The upstreams that are used at all. Where one is believed, the others are left out: if it were
 * enough to silence the believed one to get unvouched answers, DANE would be easy to turn off.
 */
export function usableUpstreams(all: readonly Upstream[]): readonly Upstream[] {
  const trusted = all.filter((upstream) => upstream.trusted);
  return trusted.length > 0 ? trusted : all;
}

/** How long a dead upstream is asked only after the others. */
const DOWN_MS = 30_000;

/** Remembers which upstreams did not answer. */
export class UpstreamHealth {
  readonly #downSince = new Map<string, number>();

  /** Those that answer first, in the order given; dead ones last, for they may have come back. */
  order(upstreams: readonly Upstream[], now: number): readonly Upstream[] {
    if (this.#downSince.size === 0) return upstreams;
    const down = upstreams.filter((upstream) => this.isDown(upstream, now));
    if (down.length === 0) return upstreams;
    return [...upstreams.filter((upstream) => !down.includes(upstream)), ...down];
  }

  /** Whether it failed to answer a short while ago. */
  isDown(upstream: Upstream, now: number): boolean {
    const since = this.#downSince.get(upstreamText(upstream));
    return since !== undefined && Math.abs(now - since) < DOWN_MS;
  }

  /** It did not answer. */
  failed(upstream: Upstream, now: number): void {
    this.#downSince.set(upstreamText(upstream), now);
  }

  /** It answered. */
  worked(upstream: Upstream): void {
    if (this.#downSince.size > 0) this.#downSince.delete(upstreamText(upstream));
  }

  /** Forgets every upstream that is not in `current`, so that the memory stays small. */
  keepOnly(current: readonly Upstream[]): void {
    const names = new Set(current.map(upstreamText));
    for (const name of this.#downSince.keys()) if (!names.has(name)) this.#downSince.delete(name);
  }
}
