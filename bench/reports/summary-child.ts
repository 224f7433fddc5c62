/**
 * Sums a large archive up, as a process that has just been started does it.
 *
 * Argument: the path of the database.
 *
 * @module
 */
import { FakeClock } from '../../src/clock.fixture.ts';
import { openStore } from '../../src/store/open-store.ts';
import { byMonth } from '../../src/reporting/summary/rollups.ts';
import { summarize } from '../../src/reporting/summary/summarize.ts';
import { serveOrders } from '../relay/children.ts';
import { costOf } from '../relay/processes.ts';

/** What to sum up. */
export interface SummaryOrder {
  readonly what: 'months' | 'all' | 'one-domain';
  readonly lastDay: number;
  readonly days: number;
  readonly domain: string;
}

/** What came of it. */
export interface Summed {
  readonly ms: number;
  /** That were summed up: speed counts only for the right sum. */
  readonly reports: number;
  /** Octets. */
  readonly rss: number;
}

const DAY_MS = 86_400_000;
const store = await openStore(`sqlite:${process.argv[2] ?? ''}`, { use: 'look' });

process.send?.({});
serveOrders(async (order: SummaryOrder): Promise<Summed> => {
  const start = performance.now();
  const reports = await sum(order);
  return { ms: performance.now() - start, reports, rss: costOf(process.pid).rss };
});

async function sum({ what, lastDay, days, domain }: SummaryOrder): Promise<number> {
  const clock = new FakeClock(lastDay * DAY_MS + 1);
  switch (what) {
    case 'months': {
      const months = await byMonth({ store, firstDay: lastDay - days + 1, lastDay });
      return months.reduce((so, { reports }) => so + reports, 0);
    }
    case 'all':
      return (await summarize({ store, clock, days })).total.reports;
    case 'one-domain':
      return (await summarize({ store, clock, days, domain })).total.reports;
  }
}
