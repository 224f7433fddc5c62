/**
 * `smtp-sts queue list`: what waits, for whom, since when and why; oldest first.
 *
 * @module
 */
import { once } from 'node:events';
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { type ListedJob, listJobs, totals } from '../relay/operations/list-jobs.ts';
import type { JobKey } from '../relay/queue/types.ts';
import { jsonLine } from '../json.ts';
import { complain, type Io } from './io.ts';
import { addFilters, type FilterOptions, filterFrom, numberFrom } from './queue-arguments.ts';
import { onQueue } from './queue-store.ts';
import { listHead, listRow, totalsLine } from './text/queue-text.ts';

/** Rows for a person, unless more are asked for. */
const DEFAULT_LIMIT = 100;

interface ListCommandOptions extends FilterOptions {
  readonly limit?: string;
  readonly after?: string;
}

/** Builds the command. */
export function listCommand(io: Io, done: (exitCode: number) => void): Command {
  const command = new Command('list')
    .description('what waits, oldest first: id, age, size, from, to, tries, next try, last answer')
    .argument('[id...]', 'messages; default: all that fit');
  return addFilters(command)
    .option('--limit <n>', `rows at most; 0: all (default: ${DEFAULT_LIMIT}, with --json all)`)
    .option('--after <id/destination>', 'go on behind this row, as the line below a list says')
    .action(async (ids: readonly string[], _options: object, leaf: Command) => {
      done(await list(ids, leaf.optsWithGlobals<ListCommandOptions>(), io));
    });
}

async function list(ids: readonly string[], options: ListCommandOptions, io: Io): Promise<number> {
  const now = systemClock.now();
  const filter = filterFrom(ids, options, now);
  const asJson = options.json === true;
  const limit = limitFrom(options);
  const width = io.stdout.isTTY === true ? io.stdout.columns : undefined;
  return await onQueue(
    { ...options, io },
    async (store) => {
      const after = afterFrom(options.after);
      const more = { ...(after === undefined ? {} : { after }), ...(limit === 0 ? {} : { limit }) };
      let count = 0;
      let last: JobKey | undefined;
      for await (const job of listJobs(store, { filter, ...more })) {
        if (asJson) await writeLine(io, jsonLine(withTimes(job)));
        else {
          if (count === 0) await writeLine(io, listHead(width));
          for (const line of listRow(job, now, width)) await writeLine(io, line);
        }
        count += 1;
        last = job;
      }
      if (asJson) return 0;
      const all = await totals(store, filter);
      if (count === 0) complain(io, all.jobs === 0 ? 'Nothing waits.' : 'Nothing more.');
      else await writeLine(io, '');
      if (all.jobs > 0) await writeLine(io, totalsLine(all, now));
      if (limit > 0 && count === limit && last !== undefined && count < all.jobs) {
        complain(io, `${count} rows shown. Go on: --after ${last.messageId}/${last.destination}`);
      }
      return 0;
    },
    () => {
      if (!asJson) complain(io, 'Nothing waits.');
      return 0;
    },
  );
}

function limitFrom({ limit, json }: ListCommandOptions): number {
  if (limit === undefined) return json === true ? 0 : DEFAULT_LIMIT;
  return numberFrom('--limit', limit);
}

/** Behind a message alone: behind all its destinations. */
function afterFrom(text: string | undefined): JobKey | undefined {
  if (text === undefined) return undefined;
  const slash = text.indexOf('/');
  if (slash === -1) return { messageId: text.toLowerCase(), destination: '\u{10FFFF}' };
  return { messageId: text.slice(0, slash).toLowerCase(), destination: text.slice(slash + 1) };
}

/** Times that a person or a tool can read as well. */
function withTimes(job: ListedJob): object {
  const { acceptedAt, nextAt, lastAt } = job;
  return {
    ...job,
    acceptedTime: isoTime(acceptedAt),
    nextTime: isoTime(nextAt),
    ...(lastAt === 0 ? {} : { lastTime: isoTime(lastAt) }),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Waits where the reader is slower than the store. */
async function writeLine(io: Io, line: string): Promise<void> {
  if (!io.stdout.write(`${line}\n`)) await once(io.stdout, 'drain');
}
