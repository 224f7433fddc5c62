/**
 * When a message is tried again, when its author hears of the delay, and when it is given up. Pure.
 *
 * @module
 */
import type { RelaySettings } from '../config/types.ts';

/** Every number may be changed (RFC 5321 §4.5.4.1). Milliseconds. */
export interface RetrySchedule {
  /** Waits after the 1st, 2nd, … failed attempt; the last one repeats. Never empty. */
  readonly waits: readonly number[];
  /** The author is told after this; undefined: never. */
  readonly delayNoticeAfter: number | undefined;
  /** Given up after this, counted from the acceptance of the message. */
  readonly giveUpAfter: number;
}

/** Where a queued message stands. Times in milliseconds since the Unix epoch. */
export interface QueueState {
  readonly acceptedAt: number;
  /** Attempts that failed so far. */
  readonly failedAttempts: number;
  readonly delayNoticeSent: boolean;
  /** End of the newest attempt. */
  readonly now: number;
}

/** What to do after a failed attempt. */
export type NextStep =
  | { readonly kind: 'retry'; readonly at: number; readonly sendDelayNotice: boolean }
  /** Look for a newer policy first (RFC 8461 §5.1 step 3), then return the message. */
  | { readonly kind: 'give-up' };

/**
 * What follows a failed attempt. The last attempt falls on the very end of the message's time, so
 * that none of it is wasted; after it the message is given up.
 */
export function nextStep(state: QueueState, schedule: RetrySchedule): NextStep {
  const { acceptedAt, failedAttempts, delayNoticeSent, now } = state;
  const end = acceptedAt + schedule.giveUpAfter;
  if (now >= end) return { kind: 'give-up' };
  const counted = Math.min(failedAttempts, attemptsBy(now - acceptedAt, schedule));
  const index = Math.min(Math.max(counted, 1), schedule.waits.length) - 1;
  const at = Math.min(now + (schedule.waits[index] ?? schedule.giveUpAfter), end);
  const noticeDue =
    schedule.delayNoticeAfter !== undefined && now - acceptedAt >= schedule.delayNoticeAfter;
  return { kind: 'retry', at, sendDelayNotice: noticeDue && !delayNoticeSent };
}

/**
 * Attempts that the schedule itself makes in such a time: those that an operator asked for between
 * them make no wait longer.
 */
function attemptsBy(age: number, { waits }: RetrySchedule): number {
  let at = 0;
  let count = 1;
  for (const wait of waits) {
    at += wait;
    if (age < at) return count;
    count += 1;
  }
  return count;
}

/**
 * The schedule that the settings say for a message with this reverse-path; '' is a bounce, about
 * whose delay nobody is told (RFC 5321 §4.5.5).
 */
export function scheduleBy(settings: ScheduleSettings, reversePath: string): RetrySchedule {
  const isBounce = reversePath === '';
  const { delayNoticeAfterMs } = settings;
  return {
    waits: settings.retryWaitsMs,
    delayNoticeAfter: isBounce || delayNoticeAfterMs === 0 ? undefined : delayNoticeAfterMs,
    giveUpAfter: isBounce ? settings.bounceGiveUpAfterMs : settings.giveUpAfterMs,
  };
}

/** The settings of it. */
export type ScheduleSettings = Pick<
  RelaySettings,
  'retryWaitsMs' | 'delayNoticeAfterMs' | 'giveUpAfterMs' | 'bounceGiveUpAfterMs'
>;
