/**
 * `smtp-sts report reparse` and `report forget`: upkeep of the reports that came in.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { normalizeName } from '../dns/name.ts';
import type { Archive } from '../reporting/archive/types.ts';
import { createArchive } from '../reporting/archive/archive.ts';
import { EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { commandLog } from './parts.ts';
import { createProgress } from './progress.ts';
import { onQueue } from './queue-store.ts';
import { archiveSettings } from './report-domains.ts';
import type { SharedOptions } from './shared-options.ts';
import { shown } from './text/format.ts';

/** Builds the command. */
export function reportReparseCommand(io: Io, done: (exitCode: number) => void): Command {
  return new Command('reparse')
    .summary('read all stored reports again, and correct the sums')
    .description(
      'Read every stored report again from its octets, with the reader of this release and the\n' +
        'settings of now (domains, unauthenticated), and correct the daily sums by the difference.\n' +
        'Can be stopped and run again at any time. Exit code: 0 done, 69 the store cannot be opened.',
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
      say(io, `${read} reports read again, ${changed} of them understood otherwise than before.`);
      if (unreadable > 0) {
        say(io, `${unreadable} could not be understood any more and stay as they were.`);
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
    .requiredOption('--yes', 'really')
    .action(async (domain: string, _options: object, leaf: Command) => {
      done(await forget(domain, leaf.optsWithGlobals<SharedOptions>(), io));
    });
}

async function forget(domain: string, options: SharedOptions, io: Io): Promise<number> {
  const name = normalizeName(domain);
  if (!name.ok) {
    complain(io, `${shown(domain)}: ${name.failure.detail}`);
    return EXIT_USAGE;
  }
  return await onArchive(options, io, async (archive) => {
    const reports = await archive.forget(name.value);
    if (options.json === true) sayJson(io, { domain: name.value, reports });
    else say(io, `${reports} reports spoke of ${name.value}; nothing is known about it any more.`);
    return 0;
  });
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
    () => 0,
  );
}
