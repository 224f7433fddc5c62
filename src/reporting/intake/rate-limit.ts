/**
 * How many reports one client, and all together, may hand over within a minute (RFC 8460 §7).
 *
 * @module
 */
import type { Clock } from '../../clock.ts';

const MINUTE_MS = 60_000;
/** Clients that are remembered at once: whoever comes, the memory stays bounded. */
const MAX_CLIENTS = 10_000;
/** All clients together may hand over so many times what one may. */
const ALL_TOGETHER = 20;

/** What limits it. */
export interface RateLimitOptions {
  readonly clock: Clock;
  /** Of one client; asked each time, for settings change. */
  readonly perMinute: () => number;
}

/** Counts what is handed over. */
export interface RateLimit {
  /**
   * May the client hand over one more? A yes counts.
   *
   * @returns 0, or after how many milliseconds it is worth trying again
   */
  take(client: string): number;
  /** How many clients are remembered. */
  readonly size: number;
}

interface Bucket {
  /** What may be handed over now; refilled with time. */
  tokens: number;
  at: number;
}

/** A limit that forgives steadily: who was refused may send a little right after. */
export function createRateLimit({ clock, perMinute }: RateLimitOptions): RateLimit {
  const clients = new Map<string, Bucket>();
  const together: Bucket = { tokens: Infinity, at: clock.now() };
  return {
    get size() {
      return clients.size;
    },
    take(client) {
      const [now, limit] = [clock.now(), perMinute()];
      const bucket = clients.get(client) ?? { tokens: Infinity, at: now };
      refill(bucket, limit, now);
      refill(together, limit * ALL_TOGETHER, now);
      // Last in the map is who came last.
      clients.delete(client);
      clients.set(client, bucket);
      if (clients.size > MAX_CLIENTS) forgetOldest(clients);
      const wait = Math.max(waitOf(bucket, limit), waitOf(together, limit * ALL_TOGETHER));
      if (wait > 0) return wait;
      bucket.tokens -= 1;
      together.tokens -= 1;
      return 0;
    },
  };
}

/** A clock that was set back refills nothing, and one that was set forward no more than is full. */
function refill(bucket: Bucket, limit: number, now: number): void {
  const gained = (Math.max(0, now - bucket.at) / MINUTE_MS) * limit;
  bucket.tokens = Math.min(limit, bucket.tokens + gained);
  bucket.at = now;
}

function waitOf({ tokens }: Bucket, limit: number): number {
  return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / limit) * MINUTE_MS);
}

function forgetOldest(clients: Map<string, Bucket>): void {
  const [oldest] = clients.keys();
  if (oldest !== undefined) clients.delete(oldest);
}
