/**
 * What one exchange with one upstream needs and gives, whatever the transport.
 *
 * @module
 */
import type { Clock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import type { Query } from './query.ts';
import type { Reply } from './reply.ts';
import { upstreamText } from './upstream.ts';
import type { Upstream } from './upstream.ts';

/** One question to one upstream. */
export interface ExchangeOptions {
  readonly upstream: Upstream;
  readonly query: Query;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Ends every open exchange when the resolver is closed. */
  readonly lifetime: Lifetime;
}

/** What came of it. `mismatch` and `malformed` have become failures. */
export type Exchanged =
  | { readonly ok: true; readonly reply: Reply & { kind: 'message' | 'truncated' } }
  | { readonly ok: false; readonly failure: Failure };

/** The things to stop when the resolver is closed. */
export class Lifetime {
  readonly #stops = new Set<() => void>();
  #closed = false;

  /** Whether {@link close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Calls `stop` on close. */
  add(stop: () => void): void {
    this.#stops.add(stop);
  }

  /** Forgets `stop`. */
  remove(stop: () => void): void {
    this.#stops.delete(stop);
  }

  /** Stops everything, once. */
  close(): void {
    this.#closed = true;
    const stops = Array.from(this.#stops);
    this.#stops.clear();
    for (const stop of stops) stop();
  }
}

/** `name TYPE from address#port`: how details begin. */
export function whereText(options: {
  readonly query: Pick<Query, 'name' | 'type'>;
  readonly upstream: Upstream;
}): string {
  const { query, upstream } = options;
  return `${query.name} ${query.type} from ${upstreamText(upstream)}`;
}

/** An unsuccessful exchange. */
export function failedExchange(
  options: ExchangeOptions,
  code: Failure['code'],
  what: string,
): Exchanged {
  return { ok: false, failure: { code, detail: `${whereText(options)}: ${what}` } };
}

/** The failure behind a socket error. */
export function socketFailure(options: ExchangeOptions, error: NodeJS.ErrnoException): Exchanged {
  const noSockets = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRINUSE', 'EAGAIN'];
  const code = noSockets.includes(error.code ?? '') ? 'DNS_SOCKETS' : 'DNS_UNREACHABLE';
  return failedExchange(options, code, error.code ?? error.message);
}
