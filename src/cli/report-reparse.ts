/**
 * `smtp-sts report reparse` and `report forget`: upkeep of the reports that came in.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { normalizeName } from '../dns/name.ts';
import type { Archive } from '../reporting/archive/types.ts';
import { type KnownOfDomain, knownOfDomain } from '../reporting/archive/forget.ts';
import { createArchive } from '../reporting/archive/archive.ts';
import { dayText } from '../reporting/day.ts';
import { EXIT_UNAVAILABLE, EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { commandLog } from './parts.ts';
import { createProgress } from './progress.ts';
import { onQueue } from './queue-store.ts';
import { archiveSettings } from './report-domains.ts';
import type { SharedOptions } from './shared-options.ts';
import { shown } from './text/format.ts';
import { counted } from './text/queue-text.ts';

/** Builds the command. */
export function reportReparseCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('reparse')
    .summary('read all stored reports again, and correct the sums')
    .description(
      'Read every stored report again from its octets, with the reader of this release and the\n' +
        'settings of now (domains, unauthenticated), and correct the daily sums by the difference.\n' +
        'Can be stopped and run again at any time. Exit code: 0 done, 69 there is no store, or\nit cannot be opened.',
    )
    .action(async (_options: object, leaf: Command) => {
      done(await reparse(leaf.optsWithGlobals<SharedOptions>(), io));
    });
}

async function reparse(options: SharedOptions, io: Io): Promise<number> {
  const progress = createProgress(io, systemClock);
  return await onArchive(options, io, async (archive) => {
    const numbers = await archive.reparse((read, total) => progress.show(read, total, 'reports'));
    progress.end();
    if (options.json === true) sayJson(io, numbers);
    else {
      const { read, changed, unreadable } = numbers;
      say(
        io,
        `${counted(read, 'report')} read again, ${changed} of them understood otherwise than before.`,
      );
      if (unreadable > 0) {
        const stay = unreadable === 1 ? 'stays as it was' : 'stay as they were';
        say(io, `${unreadable} could not be understood any more and ${stay}.`);
      }
    }
    return 0;
  });
}

/** Builds the command. */
export function reportForgetCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('forget')
    .summary('delete all that is known about a policy domain')
    .description(
      'Delete every report about a policy domain, what it says, and the sums. A report that speaks of\n' +
        'other domains too stays as far as it is about them. There is no way back.',
    )
    .argument('<domain>', 'the policy domain')
    .option('--yes', 'really; without it, what would be deleted is said')
    .addHelpText(
      'after',
      '\nExit code: 0 done, 64 without --yes, where there is something to delete, or for what is no\n' +
        'domain, 69 there is no store, or it cannot be opened.',
    )
    .action(async (domain: string, _options: object, leaf: Command) => {
      done(await forget(domain, leaf.optsWithGlobals<ForgetOptions>(), io));
    });
}

interface ForgetOptions extends SharedOptions {
  readonly yes?: boolean;
}

async function forget(domain: string, options: ForgetOptions, io: Io): Promise<number> {
  const name = normalizeName(domain);
  if (!name.ok) {
    complain(io, `${shown(domain)}: ${name.failure.detail}`);
    return EXIT_USAGE;
  }
  if (options.yes !== true) return await sayKnown(name.value, options, io);
  return await onArchive(options, io, async (archive) => {
    const reports = await archive.forget(name.value);
    if (options.json === true) sayJson(io, { domain: name.value, reports });
    else
      say(
        io,
        `${counted(reports, 'report')} spoke of ${name.value}; nothing is known about it any more.`,
      );
    return 0;
  });
}

async function sayKnown(domain: string, options: SharedOptions, io: Io): Promise<number> {
  return await onQueue(
    { ...options, io },
    async (store) => {
      const known = await knownOfDomain(store, domain);
      const { reports, days } = known;
      if (options.json === true) {
        const range =
          known.from === undefined ? {} : { from: dayText(known.from), to: dayText(known.to!) };
        sayJson(io, { domain, deleted: false, reports, days, ...range });
      }
      if (reports + days === 0) {
        complain(io, `Nothing is known about ${domain}.`);
        return 0;
      }
      complain(
        io,
        `Would be deleted: ${counted(reports, 'report')} about ${domain}, and its sums of ${daysText(known)}.`,
      );
      complain(io, 'There is no way back: with --yes it is done.');
      return EXIT_USAGE;
    },
    () => EXIT_UNAVAILABLE,
  );
}

function daysText({ days, from, to }: KnownOfDomain): string {
  if (from === undefined) return 'no day';
  const range = from === to ? dayText(from) : `${dayText(from)} to ${dayText(to!)}`;
  return `${counted(days, 'day')}, ${range}`;
}

async function onArchive(
  options: SharedOptions,
  io: Io,
  task: (archive: Archive) => Promise<number>,
): Promise<number> {
  return await onQueue(
    { ...options, io },
    async (store, config) =>
      await task(
        createArchive({
          store,
          clock: systemClock,
          log: commandLog(config),
          settings: () => archiveSettings(config, undefined),
        }),
      ),
    () => EXIT_UNAVAILABLE,
  );
}
