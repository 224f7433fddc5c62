/**
 * When a report is made, sent and sent again.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { UtcDay } from '../types.ts';
import { endOf } from '../day.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Reports are made until so long after their day (RFC 8460 §4.1: a report should be of use). */
export const MAKE_WITHIN_MS = 48 * HOUR;
/** A report so old is given up, whatever was tried. */
export const OLDEST_REPORT_MS = 72 * HOUR;
/** Other nodes may still have counts of the day in memory. */
const LATEST_COUNTS_MS = 2 * MINUTE;
/** What should have been made long ago is made within this time. */
const CATCH_UP_MS = 10 * MINUTE;

const FIRST_WAIT_MS = 5 * MINUTE;
const LONGEST_WAIT_MS = 4 * HOUR;
/** How long an endpoint may ask us to stay away. */
const LONGEST_RETRY_AFTER_MS = 6 * HOUR;

/** The first moment after a day at which a report may be made: never midnight sharp. */
export function earliestAfterDay(spreadMs: number): number {
  return Math.min(LATEST_COUNTS_MS, Math.max(SECOND, spreadMs / 4));
}

/**
 * How long after midnight the report of a domain leaves: at random among the domains and senders,
 * so that no receiver gets all reports at once, and the same every day (RFC 8460 §4.1).
 *
 * @returns whole milliseconds, from 1 s (2 min where the spread allows it) to the spread
 */
export function delayOf(domain: string, submitter: string, spreadMs: number): number {
  const from = earliestAfterDay(spreadMs);
  return Math.round(from + shareOf(`${submitter}\n${domain}`) * Math.max(0, spreadMs - from));
}

/** When the report of a domain for a day is due; soon, but not all at once, if that time is long over. */
export function dueAt(
  of: { readonly day: UtcDay; readonly domain: string },
  how: { readonly submitter: string; readonly spreadMs: number; readonly now: number },
): number {
  const { submitter, spreadMs, now } = how;
  const planned = endOf(of.day) + delayOf(of.domain, submitter, spreadMs);
  if (planned >= now - MINUTE) return planned;
  return now + delayOf(of.domain, submitter, Math.min(spreadMs, CATCH_UP_MS));
}

/** From 0 to 1, not included; the same for the same text. */
function shareOf(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6) / 2 ** 48;
}

/** What is known when an attempt has failed. */
export interface RetryFacts {
  /** Attempts so far, at least 1. */
  readonly attempts: number;
  readonly now: number;
  /** The end of the time for it. */
  readonly deadline: number;
  /** What the endpoint asked for. */
  readonly retryAfterMs?: number | undefined;
  /** From 0 to 1, not included. */
  readonly random: number;
}

/**
 * The time of the next attempt; undefined when the time for it is over. Waits double from 5 min to
 * 4 h, give or take a tenth (RFC 8460 §5.5); the last attempt is at the deadline.
 */
export function nextAttempt(facts: RetryFacts): number | undefined {
  const { attempts, now, deadline, retryAfterMs = 0, random } = facts;
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(20, attempts - 1));
  const asked = Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, retryAfterMs));
  if (now >= deadline || now + asked > deadline) return undefined;
  const jittered = wait * (0.9 + 0.2 * random);
  return Math.min(deadline, Math.round(now + Math.max(jittered, asked)));
}

/** When the time for a target is over: so long after its first attempt, and never beyond what is too old. */
export function deadlineOf(
  target: { readonly day: UtcDay; readonly firstAt: number },
  giveUpAfterMs: number,
): number {
  return Math.min(endOf(target.day) + OLDEST_REPORT_MS, target.firstAt + giveUpAfterMs);
}

/** When a look-up that got no answer is done again. */
export function nextLookUp(attempts: number, now: number): number {
  return now + Math.min(HOUR, FIRST_WAIT_MS * 2 ** Math.min(20, attempts - 1));
}
