/**
 * `smtp-sts report log`: each report with each of its places, and what came of them.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { unpackOwnReport } from '../reporting/send/stored-report.ts';
import type { Store } from '../store/types.ts';
import {
  readMakingState,
  readSendLog,
  readSentReport,
  readSubjects,
} from '../reporting/send/send-log.ts';
import { safeJson } from '../json.ts';
import { EXIT_NO_INPUT, EXIT_UNAVAILABLE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { onQueue } from './queue-store.ts';
import { daysBack, reportDomain } from './report-arguments.ts';
import type { SharedOptions } from './shared-options.ts';
import { widthOf } from './text/fit.ts';
import { relativeTime, shown, timeText } from './text/format.ts';
import { paintFor } from './text/paint.ts';
import { logLines, reportLogJson } from './text/report-send-text.ts';
import { dayOf } from '../reporting/day.ts';

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
      'Each report with each place that it goes to: state, attempts, last answer, next attempt. With the\n' +
        'id of a report: the very report that left. Places that are suppressed have not failed.\n\n' +
        'Exit code: 0 nothing failed, 1 a report or one of its places failed or waits for another try,\n' +
        '66 there is no report of that id, 69 there is no store, or it cannot be opened.',
    )
    .argument('[domain|id]', 'reports for this domain alone, or the report of this id')
    .option('--days <n>', 'the last days that were reported', '7')
    .option('--failed', 'only those with a place that did not take it, or not yet')
    .option('--all', 'also domains that got no report, and why')
    .addHelpText(
      'after',
      '\nExamples:\n  smtp-sts report log --days 2 --failed\n' +
        '  smtp-sts report log 2026-11-23_example.com_1@example.net',
    )
    .action(async (which: string | undefined, _options: object, leaf: Command) => {
      const options = leaf.optsWithGlobals<LogOptions>();
      // A domain has no @, and every id of ours has one.
      if (which?.includes('@') === true) done(await show(which, options, io));
      else done(await log(which === undefined ? undefined : reportDomain(which), options, io));
    });
}

async function show(reportId: string, options: LogOptions, io: Io): Promise<number> {
  const missing = (): number => {
    complain(
      io,
      `no report ${shown(reportId)}: \`report log\` names those of the last days, and 90 days are kept`,
    );
    return EXIT_NO_INPUT;
  };
  return await onQueue(
    { ...options, io },
    async (store) => {
      const packed = await readSentReport(store, reportId);
      if (packed === undefined) return missing();
      const json = unpackOwnReport(packed);
      const pretty = (): string => JSON.stringify(JSON.parse(json), undefined, 2);
      say(io, safeJson(options.json === true ? json : pretty()));
      return 0;
    },
    () => EXIT_UNAVAILABLE,
  );
}

async function log(domain: string | undefined, options: LogOptions, io: Io): Promise<number> {
  const now = systemClock.now();
  const fromDay = dayOf(now) - daysBack(options.days);
  const filter = {
    ...(domain === undefined ? {} : { domain }),
    ...(options.failed === undefined ? {} : { failed: options.failed }),
    fromDay,
    now,
  };
  return await onQueue(
    { ...options, io },
    async (store, config) => {
      const reports = await readSendLog(store, filter);
      // Who asks about one domain wants to know why there is nothing, too.
      const wantsAll = options.all === true || domain !== undefined;
      const others = wantsAll && options.failed !== true ? await readSubjects(store, filter) : [];
      const failed = await readSendLog(store, { ...filter, failed: true });
      if (options.json === true) {
        for (const each of reports) sayJson(io, reportLogJson(each));
        for (const each of others) sayJson(io, reportLogJson(each));
      } else if (reports.length + others.length === 0) {
        for (const line of await noneLines(store, {
          ...options,
          now,
          isOn: config.reporting.send.enabled,
        }))
          complain(io, line);
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
    () => EXIT_UNAVAILABLE,
  );
}

/** Why there is nothing to show. */
async function noneLines(
  store: Store,
  { days, all, now, isOn }: LogOptions & { readonly now: number; readonly isOn: boolean },
): Promise<readonly string[]> {
  const none = `No such report in the last ${days} days.`;
  const { hasMade, due, nextAt } = await readMakingState(store);
  if (nextAt !== undefined && all !== true) {
    const first = `${relativeTime(nextAt, now)} (${timeText(nextAt)})`;
    return [`${none} ${due} still to be made, the first ${first}: --all names them.`];
  }
  if (hasMade) return [none];
  if (!isOn) return [`${none} reporting.send.enabled is off: the service makes none.`];
  return [
    'No report was made yet: the first goes out after 00:00 UTC, about the day that is over then.',
    '`smtp-sts report preview` shows what was counted so far.',
  ];
}
