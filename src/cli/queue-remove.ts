/**
 * `smtp-sts queue drop|bounce`: messages that an operator takes out of the queue, for good.
 *
 * @module
 */
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { Command } from 'commander';
import { systemClock } from '../clock.ts';
import type { QueueFilter } from '../relay/operations/filter.ts';
import { totals, type Totals } from '../relay/operations/list-jobs.ts';
import { type Removed, removeJobs } from '../relay/operations/remove-jobs.ts';
import type { Told } from './control.ts';
import { EXIT_USAGE } from './exit-codes.ts';
import { complain, type Io, say, sayJson } from './io.ts';
import { whoAsks } from './overrides-arguments.ts';
import { startAudit } from './queue-audit.ts';
import { addChoice, chosen, type ChoiceOptions, exitOf, inDeliveryText } from './queue-change.ts';
import { missingIds, onQueue, sayWoken, wakeService, type Woken } from './queue-store.ts';
import { CommandStop } from './shared-options.ts';
import { shown } from './text/format.ts';
import { counted, totalsLine } from './text/queue-text.ts';

interface RemoveCommandOptions extends ChoiceOptions {
  readonly yes?: boolean;
}

type Verb = 'drop' | 'bounce';

const ABOUT: Readonly<Record<Verb, string>> = {
  drop: 'delete messages; nobody is told, neither author nor recipient',
  bounce: 'give up now: return messages to their authors, with the reason of the last attempt',
};

/** Builds one of the two commands. */
export function removeCommand(verb: Verb, io: Io, done: (exitCode: number) => void): Command {
  return addChoice(new Command(verb).description(ABOUT[verb]))
    .option('-y, --yes', 'do not ask')
    .action(async (ids: readonly string[], _options: object, leaf: Command) => {
      done(await remove(verb, ids, { options: leaf.optsWithGlobals<RemoveCommandOptions>(), io }));
    });
}

async function remove(
  verb: Verb,
  ids: readonly string[],
  { options, io }: { options: RemoveCommandOptions; io: Io },
): Promise<number> {
  const now = systemClock.now();
  const asked = chosen(ids, options, now);
  // What comes in while somebody makes up his mind is not meant.
  const filter = { ...asked, acceptedUntil: Math.min(now, asked.acceptedUntil ?? now) };
  return await onQueue(
    { ...options, io },
    async (store, config) => {
      const missing = await missingIds(store, ids, io);
      const found = await totals(store, filter);
      if (!(await isSure(verb, found, { options, io, filter }))) {
        complain(io, 'Nothing was done.');
        return exitOf(missing, 0);
      }
      const by = whoAsks();
      const audit = startAudit(config, { how: verb, by });
      const removed = await removeJobs(store, {
        filter,
        how: verb,
        by,
        onRemoved: audit.onRemoved,
        reportingMta: config.smtp.heloName,
        clock: systemClock,
      });
      const { notifications } = removed;
      const service = notifications > 0 ? await wakeService(config, 'all', io) : undefined;
      report(verb, removed, { missing, options, io, logged: audit.logged(), service });
      audit.close(io);
      return exitOf(missing, removed.inDelivery);
    },
    () => {
      report(verb, NOTHING, { missing: ids, options, io });
      return exitOf(ids, 0);
    },
  );
}

const NOTHING: Removed = { jobs: 0, recipients: 0, inDelivery: 0, notifications: 0, untold: [] };

async function isSure(
  verb: Verb,
  found: Totals,
  { options, io, filter }: { options: RemoveCommandOptions; io: Io; filter: QueueFilter },
): Promise<boolean> {
  if (options.yes === true || found.jobs === found.delivering) return true;
  // Who names one message to return it has said it all.
  if (verb === 'bounce' && filter.ids !== undefined) return true;
  const what = totalsLine(found, systemClock.now());
  const stdin = io.stdin as Readable & { readonly isTTY?: boolean };
  if (stdin.isTTY !== true) {
    throw new CommandStop(`${verb}: ${what}. Say --yes if that is meant`, EXIT_USAGE);
  }
  const question = createInterface({ input: io.stdin, output: io.stderr });
  try {
    const answer = await question.question(`${QUESTIONS[verb]} ${what}. Sure? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    question.close();
  }
}

const QUESTIONS: Readonly<Record<Verb, string>> = {
  drop: 'Deletes for good, and tells nobody:',
  bounce: 'Returns to the authors:',
};

interface Circumstances {
  readonly missing: readonly string[];
  readonly options: RemoveCommandOptions;
  readonly io: Io;
  /** Whether a service wrote it to its log; absent where nothing was removed. */
  readonly logged?: Told | undefined;
  /** Whether one was woken for the notifications; absent where there are none. */
  readonly service?: Woken | undefined;
}

function report(verb: Verb, removed: Removed, circumstances: Circumstances): void {
  const { missing, options, io, logged, service } = circumstances;
  const { recipients, inDelivery, notifications, untold } = removed;
  if (options.json === true) {
    sayJson(io, {
      action: verb,
      ...removed,
      missing,
      ...(logged === undefined ? {} : { logged }),
      ...(service === undefined ? {} : { service }),
    });
    return;
  }
  if (recipients === 0) say(io, 'Nothing to do.');
  else if (verb === 'drop')
    say(io, `Dropped for ${counted(recipients, 'recipient')}. Nobody is told.`);
  else {
    say(
      io,
      `Given up for ${counted(recipients, 'recipient')}; ${counted(notifications, 'notification')} queued for the authors.`,
    );
  }
  for (const { recipient, why } of untold)
    say(io, `  nobody is told of ${shown(recipient)}: ${why}`);
  if (inDelivery > 0) complain(io, inDeliveryText(inDelivery));
  sayWoken(service, io);
}
