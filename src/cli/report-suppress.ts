/**
 * `smtp-sts report suppress`: places that get no reports.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { readPlace } from '../reporting/send/place.ts';
import {
  addSuppression,
  dropSuppression,
  readSuppressions,
  type Suppression,
} from '../reporting/send/suppression.ts';
import { EXIT_UNAVAILABLE, EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { whoAsks } from './overrides-arguments.ts';
import { commandLog, openConfiguredStore } from './parts.ts';
import { onQueue } from './queue-store.ts';
import { CommandStop, configWithoutTrust, type SharedOptions } from './shared-options.ts';
import { widthOf } from './text/fit.ts';
import { shown } from './text/format.ts';
import { suppressionRows } from './text/report-send-text.ts';

interface AddOptions extends SharedOptions {
  readonly reason?: string;
}

const LONGEST_REASON = 200;

/** Builds the command and its sub-commands. */
export function reportSuppressCommand(io: Io, done: (exitCode: number) => void): Command {
  const command = new Command('suppress')
    .summary('places that get no reports: add, list, drop')
    .description(
      'Whoever does not want our reports is put on this list: a mail address, or a domain or host with\n' +
        'all below it. A running service and all others on the same store heed it at once.\n\n' +
        'Exit code: 0 done, also if there was nothing to do, 64 wrong usage, 69 there is no store to\n' +
        'look at, or it cannot be opened.',
    );
  command
    .command('add')
    .description('send no more reports there')
    .argument('<place>', 'reports@example.com, example.com, https://host/…')
    .option('--reason <text>', 'why (required)')
    .addHelpText(
      'after',
      '\nExample:\n  smtp-sts report suppress add example.com --reason "they asked, ticket 4711"',
    )
    .action(async (place: string, _options: object, leaf: Command) => {
      done(await add(place, leaf.optsWithGlobals<AddOptions>(), io));
    });
  command
    .command('list')
    .description('the list, with who put it there, when and why')
    .action(async (_options: object, leaf: Command) => {
      done(await list(leaf.optsWithGlobals<SharedOptions>(), io));
    });
  command
    .command('drop')
    .description('send reports there again; those that were suppressed stay unsent')
    .argument('<place>', 'as it stands in the list')
    .action(async (place: string, _options: object, leaf: Command) => {
      done(await drop(place, leaf.optsWithGlobals<SharedOptions>(), io));
    });
  return command;
}

async function add(text: string, options: AddOptions, io: Io): Promise<number> {
  const added: Suppression = {
    place: placeFrom(text),
    reason: reasonFrom(options.reason),
    addedAt: systemClock.now(),
    addedBy: whoAsks(),
  };
  const config = configWithoutTrust(options);
  const store = await openConfiguredStore(config, commandLog(config));
  try {
    const result = await addSuppression(store, added);
    if (options.json === true) {
      sayJson(io, { result, ...added });
      return 0;
    }
    const words = { added: 'Added.', changed: 'Changed.', unchanged: 'Nothing to do.' };
    say(io, `${words[result]} ${shown(added.place)} gets no reports: ${shown(added.reason)}`);
    return 0;
  } finally {
    await store.close();
  }
}

async function list(options: SharedOptions, io: Io): Promise<number> {
  return await onQueue(
    { ...options, io },
    async (store) => {
      const found = await readSuppressions(store);
      if (options.json === true) {
        for (const each of found) sayJson(io, each);
      } else if (found.length === 0) complain(io, 'No place is suppressed.');
      else for (const line of suppressionRows(found, widthOf(io))) say(io, line);
      return 0;
    },
    () => EXIT_UNAVAILABLE,
  );
}

async function drop(text: string, options: SharedOptions, io: Io): Promise<number> {
  const place = placeFrom(text);
  const nothing = (): number => {
    if (options.json === true) sayJson(io, { result: 'unchanged', place });
    else say(io, `Nothing to do. ${shown(place)} is not on the list`);
    return 0;
  };
  return await onQueue(
    { ...options, io },
    async (store) => {
      if (!(await dropSuppression(store, place))) return nothing();
      if (options.json === true) sayJson(io, { result: 'dropped', place });
      else say(io, `Dropped. ${shown(place)} gets reports again, from the next one on`);
      return 0;
    },
    () => EXIT_UNAVAILABLE,
  );
}

function placeFrom(text: string): string {
  const place = readPlace(text);
  if (place !== undefined) return place;
  throw new CommandStop(
    `${shown(text)}: write a mail address, a domain, a host or https://host/… (REPORT_SEND_SUPPRESSION_INVALID)`,
    EXIT_USAGE,
  );
}

function reasonFrom(reason: string | undefined): string {
  const text = reason?.trim() ?? '';
  if (text !== '' && text.length <= LONGEST_REASON && !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text)) {
    return text;
  }
  const what =
    text === ''
      ? 'say why, with --reason "…": nobody remembers in a year'
      : `--reason is one line of at most ${LONGEST_REASON} characters`;
  throw new CommandStop(`${what} (REPORT_SEND_SUPPRESSION_INVALID)`, EXIT_USAGE);
}
