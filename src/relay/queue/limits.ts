/**
 * What the settings say of the queue; they may change while it runs.
 *
 * @module
 */
import type { RelaySettings } from '../../config/types.ts';

/** Limits of a queue. */
export interface QueueLimits {
  /** So much of the disk new mail leaves free, octets. */
  readonly minFreeOctets: number;
  /** The longest wait between two attempts, milliseconds. */
  readonly longestWaitMs: number;
  /** A message is returned so long after it was accepted, milliseconds. */
  readonly giveUpAfterMs: number;
}

const DAY_MS = 24 * 60 * 60_000;

/** The longest that settings may say, and their preset floor. */
export const DEFAULT_LIMITS: QueueLimits = {
  minFreeOctets: 64 * 1_048_576,
  longestWaitMs: 7 * DAY_MS,
  giveUpAfterMs: 30 * DAY_MS,
};

/** Limits of these settings. */
export function limitsOf(settings: RelaySettings): QueueLimits {
  return {
    minFreeOctets: settings.minFreeOctets,
    longestWaitMs: Math.max(...settings.retryWaitsMs),
    giveUpAfterMs: Math.max(settings.giveUpAfterMs, settings.bounceGiveUpAfterMs),
  };
}
