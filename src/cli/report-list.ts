/**
 * `smtp-sts report list`: the reports that came in, the newest first.
 *
 * @module
 */
import { once } from 'node:events';
import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { normalizeName } from '../dns/name.ts';
import { jsonLine } from '../json.ts';
import { listReports, type ReportFilter } from '../reporting/archive/read-archive.ts';
import { complain, type Io } from './io.ts';
import { numberFrom } from './queue-arguments.ts';
import { onQueue } from './queue-store.ts';
import type { SharedOptions } from './shared-options.ts';
import { receivedHead, receivedJson, receivedRow } from './text/received-report-text.ts';

interface ListOptions extends SharedOptions {
  readonly domain?: string;
  readonly sender?: string;
  readonly days?: string;
  readonly state?: NonNullable<ReportFilter['state']>;
  readonly limit?: string;
}

/** Rows for a person, unless more are asked for. */
const DEFAULT_LIMIT = 100;
const DAY_MS = 86_400_000;

/** Builds the command. */
export function reportListCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('list')
    .summary('reports that came in')
    .description('The reports that came in, the newest first.')
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
    .option('--limit <n>', `rows at most; 0: all (default: ${DEFAULT_LIMIT}, with --json all)`)
    .action(async (_options: object, leaf: Command) => {
      done(await list(leaf.optsWithGlobals<ListOptions>(), io));
    });
}

async function list(options: ListOptions, io: Io): Promise<number> {
  const filter = filterFrom(options);
  return await onQueue(
    { ...options, io },
    async (store) => {
      let count = 0;
      for await (const report of listReports(store, filter)) {
        if (options.json === true) await writeLine(io, jsonLine(receivedJson(report)));
        else {
          if (count === 0) await writeLine(io, receivedHead());
          await writeLine(io, receivedRow(report));
        }
        count += 1;
      }
      if (options.json === true) return 0;
      if (count === 0) complain(io, 'No such reports.');
      if (count === filter.limit) complain(io, `${count} rows shown; --limit 0 shows all.`);
      return 0;
    },
    () => 0,
  );
}

function filterFrom({ domain, sender, days, state, limit, json }: ListOptions): ReportFilter {
  const most =
    limit === undefined ? (json === true ? 0 : DEFAULT_LIMIT) : numberFrom('--limit', limit);
  const name = domain === undefined ? undefined : normalizeName(domain);
  return {
    ...(name === undefined ? {} : { domain: name.ok ? name.value : domain! }),
    ...(sender === undefined ? {} : { sender: sender.toLowerCase() }),
    ...(days === undefined
      ? {}
      : { since: systemClock.now() - numberFrom('--days', days) * DAY_MS }),
    ...(state === undefined ? {} : { state }),
    ...(most === 0 ? {} : { limit: most }),
  };
}

async function writeLine(io: Io, line: string): Promise<void> {
  if (!io.stdout.write(`${line}\n`)) await once(io.stdout, 'drain');
}
