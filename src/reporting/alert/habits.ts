/**
 * Which senders report again and again: what they say goes before what a stranger says.
 *
 * @module
 */
import type { SenderDay } from './recent.ts';

/** Days on which a sender has reported before it is known. */
const HABIT_FROM = 3;

/** What is known of senders. */
export interface Habits {
  /** Has it reported on several of the last days, whatever the domain? */
  readonly hasHabit: (sender: string) => boolean;
  /** Is there one day alone that it has reported? */
  readonly isFirst: (sender: string) => boolean;
}

/** From the last weeks, all domains together. */
export function habitsOf(senders: readonly SenderDay[]): Habits {
  const days = new Map<string, Set<number>>();
  for (const { sender, day } of senders) {
    const known = days.get(sender);
    if (known === undefined) days.set(sender, new Set([day]));
    else known.add(day);
  }
  const countOf = (sender: string): number => days.get(sender)?.size ?? 0;
  return {
    hasHabit: (sender) => countOf(sender) >= HABIT_FROM,
    isFirst: (sender) => countOf(sender) === 1,
  };
}
