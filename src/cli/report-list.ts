/**
 * `smtp-sts report list`: the reports that came in, the newest first.
 *
 * @module
 */
import { once } from 'node:events';
import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { jsonLine } from '../json.ts';
import {
  listReports,
  type ReportFilter,
  type StoredReport,
} from '../reporting/archive/read-archive.ts';
import { EXIT_UNAVAILABLE } from './exit-codes.ts';
import { complain, type Io } from './io.ts';
import { numberFrom } from './queue-arguments.ts';
import { onQueue } from './queue-store.ts';
import { daysBack, reportDomain } from './report-arguments.ts';
import type { SharedOptions } from './shared-options.ts';
import { receivedJson } from './text/received-report-text.ts';
import { widthOf } from './text/fit.ts';
import { receivedTable } from './text/received-rows.ts';
import { DAY_MS } from '../reporting/day.ts';

interface ListOptions extends SharedOptions {
  readonly domain?: string;
  readonly sender?: string;
  readonly days?: string;
  readonly state?: NonNullable<ReportFilter['state']>;
  readonly unproven?: boolean;
  readonly limit?: string;
}

/** Rows for a person, unless more are asked for. */
const DEFAULT_LIMIT = 100;
/** Rows by which the widths of the columns are found. */
const MEASURED = 500;

/** Builds the command. */
export function reportListCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('list')
    .summary('reports that came in')
    .description(
      'The reports that came in, the newest first. How a sender is proven, and when the report came\n' +
        '(UTC), are shown where there is room.',
    )
    .option('--domain <domain>', 'that speak of this policy domain')
    .option('--sender <name>', 'of this sender, as the list names it')
    .option('--days <n>', 'that came within so many days')
    .addOption(
      new Option('--state <state>', 'in this state').choices([
        'counted',
        'not-counted',
        'conflict',
        'replaced',
      ]),
    )
    .option('--unproven', 'whose sender is not proven by a signature')
    .option('--limit <n>', `rows at most; 0: all (default: ${DEFAULT_LIMIT}, with --json all)`)
    .addHelpText(
      'after',
      '\nExit code: 0 done, 64 wrong usage, 69 there is no store, or it cannot be opened.',
    )
    .action(async (_options: object, leaf: Command) => {
      done(await list(leaf.optsWithGlobals<ListOptions>(), io));
    });
}

async function list(options: ListOptions, io: Io): Promise<number> {
  const filter = filterFrom(options);
  return await onQueue(
    { ...options, io },
    async (store) => {
      const reports = listReports(store, filter);
      if (options.json === true) {
        for await (const report of reports) await writeLine(io, jsonLine(receivedJson(report)));
        return 0;
      }
      const count = await writeRows(reports, io);
      if (count === 0) complain(io, 'No such reports.');
      if (count === filter.limit) complain(io, `${count} rows shown; --limit 0 shows all.`);
      return 0;
    },
    () => EXIT_UNAVAILABLE,
  );
}

/** The first are held back until the widths of the columns are known. @returns how many */
async function writeRows(reports: AsyncIterable<StoredReport>, io: Io): Promise<number> {
  const isTerminal = io.stdout.isTTY === true;
  const width = widthOf(io);
  let count = 0;
  let first: StoredReport[] = [];
  let rowOf: ((report: StoredReport) => string) | undefined;
  const writeFirst = async (): Promise<void> => {
    const { head, row } = receivedTable(first, { width, isCut: isTerminal });
    rowOf = row;
    await writeLine(io, head);
    for (const each of first) await writeLine(io, row(each));
    first = [];
  };
  for await (const report of reports) {
    count += 1;
    if (rowOf !== undefined) await writeLine(io, rowOf(report));
    else if (first.push(report) === MEASURED) await writeFirst();
  }
  if (first.length > 0) await writeFirst();
  return count;
}

function filterFrom({
  domain,
  sender,
  days,
  state,
  unproven,
  limit,
  json,
}: ListOptions): ReportFilter {
  const most =
    limit === undefined ? (json === true ? 0 : DEFAULT_LIMIT) : numberFrom('--limit', limit);
  return {
    ...(domain === undefined ? {} : { domain: reportDomain(domain) }),
    ...(sender === undefined ? {} : { sender: sender.toLowerCase() }),
    ...(days === undefined ? {} : { since: systemClock.now() - daysBack(days) * DAY_MS }),
    ...(state === undefined ? {} : { state }),
    ...(unproven === true ? { isVerified: false } : {}),
    ...(most === 0 ? {} : { limit: most }),
  };
}

async function writeLine(io: Io, line: string): Promise<void> {
  if (!io.stdout.write(`${line}\n`)) await once(io.stdout, 'drain');
}
