/**
 * Takes the reports of senders that are not to be believed out of sums. The sums by domain and day
 * have all senders in them: what those say is read and taken away.
 *
 * @module
 */
import type { UtcDay } from '../types.ts';
import { byDayOf, type DomainMonth, type RollupRange } from './rollups.ts';
import type { Counts } from './summary-types.ts';
import { monthOf } from '../day.ts';

/** Sums without them. */
export interface Remaining {
  readonly months: readonly DomainMonth[];
  readonly days: readonly (Counts & { readonly day: UtcDay })[];
}

/** Subtracts. What is nothing then is left out. @param senders those that have reported; none: nothing is read */
export async function withoutIgnored(
  range: RollupRange,
  senders: readonly string[],
  { months, days }: Remaining,
): Promise<Remaining> {
  if (senders.length === 0) return { months, days };
  const ignored = await byDayOf(range, senders);
  const ofMonth = Map.groupBy(ignored, ({ domain, day }) => `${monthOf(day)} ${domain}`);
  const ofDay = Map.groupBy(ignored, ({ day }) => day);
  return {
    months: months
      .map((one) => ({ ...one, ...minus(one, ofMonth.get(`${one.month} ${one.domain}`)) }))
      .filter(isSomething),
    days: days.map((one) => ({ ...one, ...minus(one, ofDay.get(one.day)) })).filter(isSomething),
  };
}

function minus(all: Counts, less: readonly Counts[] = []): Counts {
  return less.reduce<Counts>(
    (so, one) => ({
      reports: so.reports - one.reports,
      successes: so.successes - one.successes,
      failures: so.failures - one.failures,
    }),
    { reports: all.reports, successes: all.successes, failures: all.failures },
  );
}

function isSomething({ reports, successes, failures }: Counts): boolean {
  return reports !== 0 || successes !== 0 || failures !== 0;
}
