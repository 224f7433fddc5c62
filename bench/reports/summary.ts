/**
 * Row `summary`: very many stored reports, summed up by domain and month on SQLite.
 *
 * @module
 */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Measurement } from '../figure.ts';
import { startChild } from '../relay/children.ts';
import type { Plan } from './plan.ts';
import { seedArchive } from './seed-archive.ts';
import type { Summed, SummaryOrder } from './summary-child.ts';

const MIB = 1_048_576;
const GOAL_MS = 1_000;
/** 2027-01-31, in days since 1970-01-01. */
const LAST_DAY = 20_849;

/** Fills an archive and sums it up several times; the first time, in a new process, is told too. */
export async function summaryFigures(
  { archive, rounds }: Plan,
  { folder, note }: { readonly folder: string; readonly note: (line: string) => void },
): Promise<readonly Measurement[]> {
  const path = join(folder, 'summary.db');
  const stored = await seedArchive(path, { ...archive, lastDay: LAST_DAY });
  note(`${stored} reports stored, ${Math.round(statSync(path).size / MIB)} MiB`);
  const { child } = await startChild<SummaryOrder>('../reports/summary-child.ts', { args: [path] });
  try {
    const timed = async (what: SummaryOrder['what'], expected: number): Promise<Times> => {
      const order = { what, lastDay: LAST_DAY, days: archive.days, domain: 'shop0000.test' };
      const all: Summed[] = [];
      for (let round = 0; round <= rounds; round += 1) all.push(await child.ask<Summed>(order));
      const wrong = all.find(({ reports }) => reports !== expected);
      if (wrong !== undefined) throw new Error(`${what}: ${wrong.reports} instead of ${expected}`);
      const times = all.map(({ ms }) => ms);
      note(`${what}: ${times.map((one) => one.toFixed(1)).join(', ')} ms`);
      return { best: Math.min(...times), rss: all.at(-1)!.rss };
    };
    const months = await timed('months', stored);
    const all = await timed('all', stored);
    const one = await timed('one-domain', stored / archive.domains);
    const of = `${stored.toLocaleString('en')} reports`;
    return [
      {
        figure: `${of} by domain and month`,
        unit: 'ms',
        ours: months.best,
        goal: { atMost: GOAL_MS },
      },
      {
        figure: `${of}: whole summary, all domains`,
        unit: 'ms',
        ours: all.best,
        goal: { atMost: GOAL_MS },
      },
      { figure: `${of}: whole summary, one domain`, unit: 'ms', ours: one.best },
      { figure: 'memory while summing up', unit: 'MiB', ours: one.rss / MIB },
    ];
  } finally {
    await child.kill();
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
  }
}

interface Times {
  readonly best: number;
  readonly rss: number;
}
