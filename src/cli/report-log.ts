/**
 * `smtp-sts report log`: each report with each of its places, and what came of them.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { readSendLog, readSubjects } from '../reporting/send/send-log.ts';
import { dayOf } from '../reporting/send/send-time.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { numberFrom } from './queue-arguments.ts';
import { onQueue } from './queue-store.ts';
import { reportDomain } from './report-arguments.ts';
import type { SharedOptions } from './shared-options.ts';
import { widthOf } from './text/fit.ts';
import { paintFor } from './text/paint.ts';
import { logLines, reportLogJson } from './text/report-send-text.ts';

interface LogOptions extends SharedOptions {
  readonly days: string;
  readonly failed?: boolean;
  readonly all?: boolean;
}

/** Builds the command. */
export function reportLogCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('log')
    .summary('what was sent, where to, and what came of it')
    .description(
      'Each report with each place that it goes to: state, attempts, last answer, next attempt.\n\n' +
        'Exit code: 0 nothing failed, 1 a report or one of its places failed or waits for another try.',
    )
    .argument('[domain]', 'reports for this domain alone')
    .option('--days <n>', 'the last days that were reported', '7')
    .option('--failed', 'only those with a place that did not take it, or not yet')
    .option('--all', 'also domains that got no report, and why')
    .action(async (domain: string | undefined, _options: object, leaf: Command) => {
      const name = domain === undefined ? undefined : reportDomain(domain);
      done(await log(name, leaf.optsWithGlobals<LogOptions>(), io));
    });
}

async function log(domain: string | undefined, options: LogOptions, io: Io): Promise<number> {
  const now = systemClock.now();
  const fromDay = dayOf(now) - numberFrom('--days', options.days);
  const filter = {
    ...(domain === undefined ? {} : { domain }),
    ...(options.failed === undefined ? {} : { failed: options.failed }),
    fromDay,
    now,
  };
  return await onQueue(
    { ...options, io },
    async (store) => {
      const reports = await readSendLog(store, filter);
      // Who asks about one domain wants to know why there is nothing, too.
      const wantsAll = options.all === true || domain !== undefined;
      const others = wantsAll && options.failed !== true ? await readSubjects(store, filter) : [];
      const failed = await readSendLog(store, { ...filter, failed: true });
      if (options.json === true) {
        for (const each of reports) sayJson(io, reportLogJson(each));
        for (const each of others) sayJson(io, reportLogJson(each));
      } else if (reports.length + others.length === 0) {
        complain(io, `No such report in the last ${options.days} days.`);
      } else {
        for (const line of logLines(reports, others, {
          now,
          paint: paintFor(io.stdout),
          width: widthOf(io),
        })) {
          say(io, line);
        }
      }
      return failed.length > 0 ? 1 : 0;
    },
    () => 0,
  );
}
