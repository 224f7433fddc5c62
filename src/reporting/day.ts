/**
 * UTC days: what reports are about, whatever the time zone of this machine.
 *
 * @module
 */
import type { UtcDay } from './types.ts';

/** A day in milliseconds. */
export const DAY_MS = 86_400_000;

/** The UTC day of a moment. */
export function dayOf(at: number): UtcDay {
  return Math.floor(at / DAY_MS);
}

/** The first moment of a day, milliseconds since the Unix epoch. */
export function startOf(day: UtcDay): number {
  return day * DAY_MS;
}

/** The first moment after a day. */
export function endOf(day: UtcDay): number {
  return startOf(day + 1);
}

/** `202612` for a day in December 2026. */
export function monthOf(day: UtcDay): number {
  const date = new Date(startOf(day));
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}

/** `2026-10-03`. */
export function dayText(day: UtcDay): string {
  return new Date(startOf(day)).toISOString().slice(0, 10);
}

/** The UTC day of a moment, `2026-10-03`; what no calendar holds is `an unreadable date`. */
export function dateText(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString().slice(0, 10) : 'an unreadable date';
}
