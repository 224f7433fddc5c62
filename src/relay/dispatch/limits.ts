/**
 * Limits that follow from the settings. Pure.
 *
 * @module
 */
import type { PoolSettings } from '../session-pool/types.ts';
import type { PaceSettings } from './hop-pace.ts';
import type { TableSettings } from './hop-table.ts';
import type { DispatchConfig, DispatcherOptions } from './types.ts';

/** A hop is left alone for so long at first, and at longest. Milliseconds. */
const FIRST_BACKOFF_MS = 30_000;
const LONGEST_BACKOFF_MS = 300_000;
/** Jobs in memory, as a multiple of the deliveries at once: so that no slot ever waits for the database. */
const AHEAD = 4;

/** Of all next hops. */
export function tableSettings(
  { relay, smtp }: DispatchConfig,
  routes: DispatcherOptions['routes'],
): TableSettings {
  return { pace: paceSettings(relay), share: relay.concurrency * AHEAD, port: smtp.port, routes };
}

/** Never longer than the waits of a message: an operator who wants quick tries gets them. */
function paceSettings(relay: DispatchConfig['relay']): PaceSettings {
  return {
    most: relay.concurrencyPerHop,
    perMinute: relay.messagesPerMinutePerHop,
    firstBackoffMs: Math.min(FIRST_BACKOFF_MS, relay.retryWaitsMs[0] ?? FIRST_BACKOFF_MS),
    longestBackoffMs: Math.min(LONGEST_BACKOFF_MS, Math.max(...relay.retryWaitsMs)),
  };
}

/** Of the sessions. */
export function poolSettings({ relay }: DispatchConfig): PoolSettings {
  return {
    idleMs: relay.sessionIdleMs,
    messagesPerSession: relay.messagesPerSession,
    maxIdle: relay.concurrency,
    perHost: { most: relay.concurrencyPerHost, perMinute: relay.messagesPerMinutePerHost },
  };
}

/** Jobs in memory of all hops that stand in line together: half of what there may be. */
export function lineJobs({ relay }: DispatchConfig): number {
  return (relay.concurrency * AHEAD) / 2;
}
