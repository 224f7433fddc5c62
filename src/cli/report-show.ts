/**
 * `smtp-sts report show`: one report, as it came and as it was understood.
 *
 * @module
 */
import { once } from 'node:events';
import { Command } from 'commander';
import { isReportId } from '../reporting/archive/report-ids.ts';
import { readRawReport, readStoredReport } from '../reporting/archive/read-archive.ts';
import type { Store } from '../store/types.ts';
import { unpackReport } from '../tlsrpt/unpack-report.ts';
import { EXIT_NO_INPUT, EXIT_UNAVAILABLE } from './exit-codes.ts';
import { type Io, say, sayJson } from './io.ts';
import { onQueue } from './queue-store.ts';
import { CommandStop, type SharedOptions } from './shared-options.ts';
import { widthOf } from './text/fit.ts';
import { shown } from './text/format.ts';
import { paintFor } from './text/paint.ts';
import { shownReportJson, shownReportText } from './text/received-report-text.ts';

interface ShowOptions extends SharedOptions {
  readonly raw?: boolean;
}

/** Builds the command. */
export function reportShowCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('show')
    .summary('one report: who sent it, what it says, what is odd about it')
    .description('One report: who sent it, what it says, what is odd about it and what that means.')
    .argument('<id>', 'as `report list` names it')
    .option('--raw', 'the report as it came; on a terminal its JSON, unpacked and made harmless')
    .addHelpText(
      'after',
      '\nExit code: 0 shown, 66 no such report, 69 there is no store, or it\ncannot be opened.',
    )
    .action(async (id: string, _options: object, leaf: Command) => {
      done(await show(id.toLowerCase(), leaf.optsWithGlobals<ShowOptions>(), io));
    });
}

async function show(id: string, options: ShowOptions, io: Io): Promise<number> {
  if (!isReportId(id)) return missing(id);
  return await onQueue(
    { ...options, io },
    async (store) => {
      if (options.raw === true) return await showRaw(store, id, io);
      const found = await readStoredReport(store, id);
      if (found === undefined) return missing(id);
      if (options.json === true) sayJson(io, shownReportJson(found));
      else {
        const page = { paint: paintFor(io.stdout), width: widthOf(io) };
        for (const line of shownReportText(found, page)) say(io, line);
      }
      return 0;
    },
    () => EXIT_UNAVAILABLE,
  );
}

async function showRaw(store: Store, id: string, io: Io): Promise<number> {
  const raw = await readRawReport(store, id);
  if (raw === undefined) return missing(id);
  if (io.stdout.isTTY !== true) {
    if (!io.stdout.write(raw)) await once(io.stdout, 'drain');
    return 0;
  }
  const unpacked = await unpackReport(raw, LIMITS);
  const text = Buffer.from(unpacked.ok ? unpacked.value.json : raw).toString('utf8');
  for (const line of text.split(/\r?\n/)) say(io, shown(line));
  return 0;
}

const LIMITS = { maxPackedBytes: 67_108_864, maxJsonBytes: 67_108_864 };

function missing(id: string): never {
  throw new CommandStop(
    `no report ${shown(id)} is kept: it was deleted because of its age, or never came (REPORT_ARCHIVE_NO_SUCH_REPORT)`,
    EXIT_NO_INPUT,
  );
}
