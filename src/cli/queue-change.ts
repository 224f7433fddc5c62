/**
 * `smtp-sts queue retry|hold|release`: what an operator does with messages that stay queued.
 *
 * @module
 */
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { type Changed, changeJobs, type JobChange } from '../relay/operations/change-jobs.ts';
import type { QueueFilter } from '../relay/operations/filter.ts';
import { EXIT_NO_INPUT, EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { addFilters, type FilterOptions, filterFrom } from './queue-arguments.ts';
import { whoAsks } from './overrides-arguments.ts';
import { startAudit } from './queue-audit.ts';
import { missingIds, onQueue, sayWoken, wakeService, type Woken } from './queue-store.ts';
import { CommandStop } from './shared-options.ts';
import { counted } from './text/queue-text.ts';

/** Options of commands that change jobs. */
export interface ChoiceOptions extends FilterOptions {
  readonly all?: boolean;
}

type Verb = 'retry' | 'hold' | 'release';

const ABOUT: Readonly<Record<Verb, string>> = {
  retry: 'try now what waits; held messages only if their ids or --state held are given',
  hold: 'let messages lie: nobody tries them, and none is returned, until they are released',
  release: 'let held messages go on, now',
};

/** Builds one of the three commands. */
export function changeCommand(verb: Verb, io: Io, done: (exitCode: number) => void): Command {
  return addChoice(new Command(verb).description(ABOUT[verb])).action(
    async (ids: readonly string[], _options: object, leaf: Command) => {
      done(await change(verb, ids, { options: leaf.optsWithGlobals<ChoiceOptions>(), io }));
    },
  );
}

/** Adds ids, conditions and `--all`. */
export function addChoice(command: Command): Command {
  return addFilters(command.argument('[id...]', 'messages')).option('--all', 'the whole queue');
}

/** The filter; throws where neither ids nor conditions nor --all say what is meant. */
export function chosen(ids: readonly string[], options: ChoiceOptions, now: number): QueueFilter {
  const filter = filterFrom(ids, options, now);
  const isNarrow = Object.keys(filter).length > 0;
  if (isNarrow && options.all === true) {
    throw new CommandStop(
      '--all stands alone: leave it out, or the ids and conditions',
      EXIT_USAGE,
    );
  }
  if (!isNarrow && options.all !== true) {
    throw new CommandStop(
      'say which messages: ids, conditions like --destination example.com, or --all',
      EXIT_USAGE,
    );
  }
  return filter;
}

/** Some were left alone because a node works on them. */
export const EXIT_IN_DELIVERY = 1;

/** The exit code of a change. */
export function exitOf(missing: readonly string[], inDelivery: number): number {
  if (missing.length > 0) return EXIT_NO_INPUT;
  return inDelivery > 0 ? EXIT_IN_DELIVERY : 0;
}

async function change(
  verb: Verb,
  ids: readonly string[],
  { options, io }: { options: ChoiceOptions; io: Io },
): Promise<number> {
  const now = systemClock.now();
  const filter = chosen(ids, options, now);
  const nothing = { changed: 0, inDelivery: 0, unconcerned: 0, destinations: [] } as const;
  return await onQueue(
    { ...options, io },
    async (store, config) => {
      const missing = await missingIds(store, ids, io);
      const audit = startAudit(config, { how: verb, by: whoAsks() });
      const result = await changeJobs(store, {
        filter,
        change: changeOf(verb, filter),
        now,
        clock: systemClock,
        onChanged: async (jobs) =>
          await audit.onRemoved(jobs.map((job) => ({ ...job, recipients: 0, notifications: 0 }))),
      });
      const isDue = verb !== 'hold' && result.changed > 0;
      const service = isDue ? await wakeService(config, result.destinations, io) : undefined;
      report({ verb, result, missing, service }, options, io);
      return exitOf(missing, verb === 'retry' ? 0 : result.inDelivery);
    },
    () => {
      report({ verb, result: nothing, missing: ids, service: undefined }, options, io);
      return exitOf(ids, 0);
    },
  );
}

/** Held jobs are meant where they are named. */
function changeOf(verb: Verb, { ids, state }: QueueFilter): JobChange {
  if (verb !== 'retry') return verb;
  return ids !== undefined || state === 'held' ? 'retry-held' : 'retry';
}

interface Reported {
  readonly verb: Verb;
  readonly result: Changed;
  readonly missing: readonly string[];
  readonly service: Woken | undefined;
}

const DONE: Readonly<Record<Verb, string>> = {
  retry: 'due now',
  hold: 'held',
  release: 'released',
};

const UNCONCERNED: Readonly<Record<Verb, string>> = {
  retry: 'held, and not named: left alone',
  hold: 'held already',
  release: 'not held',
};

function report(
  { verb, result, missing, service }: Reported,
  options: ChoiceOptions,
  io: Io,
): void {
  const { changed, inDelivery, unconcerned, destinations } = result;
  if (options.json === true) {
    sayJson(io, {
      action: verb,
      changed,
      inDelivery,
      unconcerned,
      missing,
      ...(service === undefined ? {} : { service }),
    });
    return;
  }
  say(
    io,
    changed === 0
      ? 'Nothing to do.'
      : `${counted(changed, 'delivery').replace(/deliverys$/, 'deliveries')} ${DONE[verb]}.`,
  );
  if (unconcerned > 0) say(io, `${unconcerned.toLocaleString('en')} ${UNCONCERNED[verb]}.`);
  if (inDelivery > 0) complain(io, inDeliveryText(inDelivery));
  sayWoken(service, io, destinations);
}

/** Said of what is left alone. */
export function inDeliveryText(count: number): string {
  return `${count.toLocaleString('en')} in delivery at this moment: left alone. Try again when the attempt is over.`;
}
